"""The processes of a running instance: what the demo starts and docker-compose.yml repeats."""

from collections.abc import Mapping, Sequence

Command = Sequence[str]

MIGRATE: Command = ("manage.py", "migrate", "--no-input")
SEED: Command = ("manage.py", "seed_demo")


def serving(*, bind: str, beat_schedule: str) -> Mapping[str, Command]:
    """What Python is started with for each long-running process, by name."""
    return {
        "web": web(bind=bind),
        "worker": WORKER,
        "notices": NOTICES,
        "dispatch": DISPATCH,
        "beat": beat(schedule=beat_schedule),
        "watch": WATCH,
    }


def web(*, bind: str) -> Command:
    """The site and the API."""
    # The control socket would be one file in the home folder for every instance.
    options = ("--no-control-socket", "--workers", "4", "--threads", "2", "--timeout", "60")
    stopping = ("--graceful-timeout", "6")
    worker = ("--worker-class", "config.serving.Worker")
    served = ("config.wsgi:application", "--bind", bind)
    return ("-m", "gunicorn", *served, *worker, *options, *stopping)


_WORKER = ("-m", "celery", "-A", "config.celery:app", "worker", "--pool", "prefork")
_QUIET = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
WORKER: Command = (*_WORKER, "--concurrency", "2", *_QUIET)
# Sends messages: a provider that hangs keeps nothing else waiting.
NOTICES: Command = (
    *(*_WORKER, "--concurrency", "2", *_QUIET),
    *("--queues", "notices", "--hostname", "notices@%h"),
)
# Plans days, one at a time: a search that takes minutes keeps no message waiting.
DISPATCH: Command = (
    *(*_WORKER, "--concurrency", "1", *_QUIET),
    *("--queues", "dispatch", "--hostname", "dispatch@%h"),
)

# Needs neither Redis nor a worker: it calls staff when those no longer send messages.
WATCH: Command = ("manage.py", "watch")


def beat(*, schedule: str) -> Command:
    """The doorbell; `schedule` is the file in which it remembers when it last rang."""
    options = ("--schedule", schedule, "--pidfile", "", "--loglevel", "INFO")
    return ("-m", "celery", "-A", "config.celery:app", "beat", *options)
