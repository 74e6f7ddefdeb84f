"""A copy of the product in a path with a space, and processes that never outlive a test."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.launch import engines
from config.launch.state import ROOT

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "a path with a space" / "state"
    folder.mkdir(parents=True)
    yield folder
    engines.stop_left_behind(state=folder)


@pytest.fixture
def python() -> Iterator[Start]:
    """Start Python with these arguments; it is killed at the test's end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a second checkout of what is being tested; only the installed packages are shared."""
    copy = tmp_path_factory.mktemp("clones") / "a second checkout"
    # What is compiled comes along, save what another process is about to write.
    unwanted = shutil.ignore_patterns(".git", ".venv", "var", "*.pyc.*", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=unwanted)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy
