"""bin/demo: the whole house on this machine, until SIGINT or SIGTERM."""

import argparse
import errno
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from typing import NoReturn

from config.launch import engines, processes, state as states, walk
from config.launch.signals import Stopped, raise_stopped
from config.launch.supervisor import Died, Supervisor

HOST = "127.0.0.1"
SECONDS_TO_READY = 600  # a busy machine takes its time; a process that ends is told at once
PASSWORD = "stillwater-demo"  # noqa: S105 -- of made-up people, printed below
LOGINS = {
    "patient@example.com": "a patient who can book: every gate is open",
    "new@example.com": "a patient who has not filled in the intake",
    "waiting@example.com": "a patient whose answers wait for a clinician",
    "nurse@example.com": "a nurse, her route and a passed visit to record",
    "dispatcher@example.com": "visits, rosters, messages and tasks; days fill as patients book",
    "clinician@example.com": "intakes to review, orders to write",
    "admin@example.com": "everything",
}
PLACES = {
    "Site and sign-in": "/",
    "Admin": "/admin/",
    "API, to try out": "/api/docs/",
    "Messages sent": "/staff/messages/",
}


class CannotServe(Exception):
    """The demo cannot start; the message says why."""


def main() -> int:
    """Start, serve or walk, stop; gives the exit code."""
    options = _options()
    raise_stopped()
    try:
        with states.held(states.DEMO):
            return _demo(options)
    except states.InUse:
        return _refuse("The demo already runs from this folder; stop that one first.")
    except (CannotServe, engines.CannotStart, Died) as error:
        return _refuse(str(error))
    except Stopped:
        return 0


def _demo(options: argparse.Namespace) -> int:
    engines.stop_left_behind(state=states.DEMO)
    port = _port(options)
    if options.fresh:
        engines.remove_data(state=states.DEMO)
        shutil.rmtree(states.OUTBOX, ignore_errors=True)
    url = f"http://{HOST}:{port}"
    _say("Starting PostgreSQL and Valkey ...")
    with engines.running(state=states.DEMO, durable=True) as running:
        states.note_addresses(state=states.DEMO, addresses=running.environment())
        supervisor = Supervisor(state=states.DEMO, environment=_environment(running, url))
        try:
            _start(supervisor, port)
            _wait_until_ready(supervisor, url)
            if options.exit:
                return walk.main(base_url=url, outbox_dir=states.OUTBOX)
            _say(_table(url))
            _serve(supervisor)
        finally:
            _say("Stopping ...")
            supervisor.stop()


def _start(supervisor: Supervisor, port: int) -> None:
    _say("Preparing the database ...")
    supervisor.run(name="migrate", command=processes.MIGRATE)
    supervisor.run(name="seed", command=processes.SEED)
    _say("Starting web, workers, beat and watch ...")
    schedule = str(states.DEMO / "beat-schedule")
    serving = processes.serving(bind=f"{HOST}:{port}", beat_schedule=schedule)
    for name, command in serving.items():
        supervisor.start(name=name, command=command)


def _wait_until_ready(supervisor: Supervisor, url: str) -> None:
    ends = time.monotonic() + SECONDS_TO_READY
    answer = "nothing"
    while time.monotonic() < ends:
        supervisor.require_all()
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 -- our own
                return
        except urllib.error.HTTPError as error:
            answer = error.read().decode(errors="replace")
        except OSError as error:
            answer = str(error)
        time.sleep(0.2)
    told = f"Not ready after {SECONDS_TO_READY} s; /readyz last answered: {answer.strip()}"
    raise CannotServe(f"{told}\nWhat the processes said stands in {states.DEMO / 'log'}/.")


def _serve(supervisor: Supervisor) -> NoReturn:
    """Until a signal raises `Stopped`."""
    while True:
        for line in supervisor.restart_dead():
            _say(line)
        time.sleep(0.5)


def _environment(running: engines.Engines, url: str) -> dict[str, str]:
    return {
        **running.environment(),
        "STILLWATER_ENV": "demo",
        "SITE_URL": url,
        "OUTBOX_DIR": str(states.OUTBOX),
        "SIGN_INS_PER_MINUTE": "600",
        "PYTHONUNBUFFERED": "1",
    }


def _port(options: argparse.Namespace) -> int:
    """The port to serve on: the one asked for, or any free one for a walk."""
    wanted = options.port or (0 if options.exit else 8000)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error}"
            raise CannotServe(f"Port {wanted} {reason}; choose another with --port.") from None
        return int(probe.getsockname()[1])


def _table(url: str) -> str:
    outbox, logs = states.OUTBOX, states.DEMO / "log"
    rows = [*((name, url + path) for name, path in PLACES.items())]
    rows += [("Messages as files", str(outbox)), ("Logs", str(logs)), ("", "")]
    rows += list(LOGINS.items())
    lines = [f"  {left:<24}{right}".rstrip() for left, right in rows]
    password = f"  {'Password of each':<24}{PASSWORD}"
    return "\n".join(["", "Stillwater is running.", "", *lines, password, "", "Ctrl-C stops it."])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description="Run Stillwater on this machine.")
    parser.add_argument("--port", type=_port_number, help="where to serve (default: 8000)")
    parser.add_argument("--fresh", action="store_true", help="forget the last demo's data first")
    parser.add_argument("--exit", action="store_true", help="walk the main job once, then stop")
    return parser.parse_args()


def _port_number(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text} is not a port between 1 and 65535")
    return int(text)


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
