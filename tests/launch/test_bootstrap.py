"""Two commands on a fresh machine: what set-up says when the machine lacks something."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pip

WITHOUT = """
import runpy, sys
sys.modules["ensurepip"] = None  # as on Debian without python3-venv
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _fresh(checkout: Path, tmp_path: Path) -> Path:
    """Give a checkout in which nothing was set up yet."""
    fresh = tmp_path / "a fresh checkout"
    (fresh / "config").mkdir(parents=True)
    for name in ("bin", "config/launch"):
        shutil.copytree(checkout / name, fresh / name)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        shutil.copy(checkout / lock, fresh)
    return fresh


def test_a_missing_venv_module_is_one_line_that_names_the_package(
    checkout: Path, tmp_path: Path
) -> None:
    bootstrap = _fresh(checkout, tmp_path) / "config" / "launch" / "bootstrap.py"
    command = [sys.executable, "-c", WITHOUT, str(bootstrap), "requirements.lock", "this"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in done.stderr


def test_a_missing_python_is_one_line(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for needed in ("sh", "dirname"):
        (programs / needed).symlink_to(str(shutil.which(needed)))
    old = programs / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [str(_fresh(checkout, tmp_path) / "bin" / "demo")],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr


def _make_empty_venv(folder: Path) -> None:
    """Make one whose pip is ours: copying pip into it would take most of the test's time."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "pip").symlink_to(Path(pip.__file__).parent)


def _bootstrap(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "config/launch/bootstrap.py", "requirements.lock", "platform"]
    return subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_compiled_once_is_kept_for_the_next_process(checkout: Path, tmp_path: Path) -> None:
    fresh = _fresh(checkout, tmp_path)
    _make_empty_venv(fresh / ".venv")
    (fresh / "requirements.lock").write_text("# nothing yet\n")
    (fresh / "pond.py").write_text("import duck\n")
    (fresh / "duck.py").write_text("print('quack')\n")
    command = [sys.executable, "config/launch/bootstrap.py", "requirements.lock", "pond"]
    never = {**os.environ, "PIP_NO_INDEX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=fresh, env=never, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("quack\n")
    assert list(fresh.glob("__pycache__/duck.*.pyc"))


def test_it_installs_again_only_for_another_lock(checkout: Path, tmp_path: Path) -> None:
    fresh = _fresh(checkout, tmp_path)
    _make_empty_venv(fresh / ".venv")
    lock = fresh / "requirements.lock"

    lock.write_text("# nothing yet\n")
    first = _bootstrap(fresh)
    assert first.returncode == 0, first.stderr
    assert "Installing requirements.lock" in first.stdout
    assert "Installing" not in _bootstrap(fresh).stdout

    lock.write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    offline = _bootstrap(fresh)
    assert offline.returncode == 1
    assert "Could not install requirements.lock" in offline.stderr
    # What could not be installed is tried again.
    assert "Installing" in _bootstrap(fresh).stdout
