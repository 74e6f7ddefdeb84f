"""The engines take over what is theirs and touch nothing else."""

import os
import shutil
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from config.launch import engines, owned, postgres
from tests.launch.conftest import Start

# A launcher that serves until it is killed.
SERVE = """
import sys, time
from functools import partial
from pathlib import Path
from config.launch import engines, owned
if sys.argv[2] == "outlived":
    owned.ends_with_parent = lambda *, by: None
with engines.running(state=Path(sys.argv[1]), durable=False) as running:
    print(running.database_url, flush=True)
    time.sleep(600)
"""


def _kill_a_launcher(python: Start, state: Path, how: str) -> list[int]:
    """Start engines, SIGKILL their launcher, and give the servers' ids."""
    launcher = python("-c", SERVE, str(state), how)
    assert launcher.stdout is not None
    database = launcher.stdout.readline().strip()
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE kept (name text)")
        connection.execute("INSERT INTO kept VALUES ('Ada')")
    servers = [_postmaster(state), *owned.left_behind(state=state)]
    launcher.kill()
    launcher.wait()
    return servers


def _postmaster(state: Path) -> int:
    file = postgres.find_home(state=state).data / "postmaster.pid"
    return int(file.read_text().split()[0])


def test_it_takes_over_the_servers_and_the_data_of_a_killed_launcher(
    python: Start, state: Path
) -> None:
    servers = _kill_a_launcher(python, state, "outlived")
    assert len(servers) == 2
    assert not owned.gone(servers, within=0.2)
    with engines.running(state=state, durable=False) as running:
        assert owned.gone(servers, within=0)
        with psycopg.connect(running.database_url) as connection:
            assert connection.execute("SELECT name FROM kept").fetchall() == [("Ada",)]


def test_the_kernel_ends_the_servers_of_a_killed_launcher(python: Start, state: Path) -> None:
    servers = _kill_a_launcher(python, state, "watched")
    assert owned.gone(servers, within=10)


def test_it_leaves_nothing_running_and_no_socket_behind(state: Path) -> None:
    with engines.running(state=state, durable=False) as running:
        servers = [_postmaster(state), *owned.left_behind(state=state)]
        sockets = Path(running.redis_url.removeprefix("unix://")).parent
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert redis.Redis.from_url(running.redis_url).ping()
    assert owned.gone(servers, within=0)
    assert not sockets.exists()


def test_it_does_not_touch_a_process_that_was_given_the_old_servers_id(state: Path) -> None:
    with engines.running(state=state, durable=False):
        lines = (state / "pg" / "postmaster.pid").read_text().splitlines()
    # Like a server's in every way but being one.
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        (state / "pg" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))
        with engines.running(state=state, durable=False):
            assert stranger.poll() is None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_it_does_not_touch_what_another_folder_started(state: Path, tmp_path: Path) -> None:
    theirs = {owned.MARK: str(tmp_path / "a path with a space" / "state of somebody else")}
    stranger = subprocess.Popen(["sleep", "600"], env={**os.environ, **theirs})
    try:
        engines.stop_left_behind(state=state)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_it_keeps_no_half_made_cluster(state: Path) -> None:
    (state / "pg-in-the-making").mkdir()
    (state / "pg-in-the-making" / "PG_VERSION").write_text("18")
    with engines.running(state=state, durable=False) as running:
        psycopg.connect(running.database_url).close()


def test_it_does_not_listen_on_the_network(state: Path) -> None:
    with engines.running(state=state, durable=False) as running:
        with psycopg.connect(running.database_url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        settings = redis.Redis.from_url(running.redis_url).config_get("port")
        assert settings == {"port": "0"}


def test_a_demo_keeps_its_data_through_a_power_cut_and_the_tests_need_not(state: Path) -> None:
    for durable, expected in ((True, "on"), (False, "off")):
        with (
            engines.running(state=state, durable=durable) as running,
            psycopg.connect(running.database_url) as connection,
        ):
            assert connection.execute("SHOW fsync").fetchone() == (expected,)


def test_it_starts_only_the_engine_whose_address_is_not_given(state: Path) -> None:
    given = "postgresql://somewhere.example.com/else"
    with engines.running(state=state, durable=False, database_url=given) as running:
        assert running.database_url == given
        assert redis.Redis.from_url(running.redis_url).ping()
    assert not (state / "pg").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as nobody")
def test_root_without_user_namespaces_serves_as_nobody_from_a_copy(
    state: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    outside = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    outside.chmod(0o755)
    request.addfinalizer(partial(shutil.rmtree, outside))
    monkeypatch.setattr(postgres, "AS_NOBODY_HERE", ("no-such-program",))
    monkeypatch.setattr(postgres, "outside_folder", lambda *, state: outside)  # noqa: ARG005
    with engines.running(state=state, durable=False) as running:
        psycopg.connect(running.database_url).close()
        assert Path(f"/proc/{_postmaster(state)}").stat().st_uid == postgres.NOBODY
    assert not (state / "pg").exists()


def test_it_says_what_postgres_said_when_it_does_not_start(state: Path) -> None:
    with engines.running(state=state, durable=False):
        pass
    (state / "pg" / "postgresql.conf").write_text("max_connections = 'many'\nport = 'x'\n")
    with (
        pytest.raises(engines.CannotStart, match="invalid value for parameter"),
        engines.running(state=state, durable=False),
    ):
        pass


def test_a_process_that_ignores_sigterm_is_killed_all_the_same() -> None:
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()
    owned.stop([deaf.pid], within=0.3)
    assert deaf.wait() == -signal.SIGKILL
    deaf.stdout.close()
