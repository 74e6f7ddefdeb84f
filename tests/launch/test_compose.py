"""docker-compose.yml is valid and runs what the launcher runs."""

import subprocess
import sys
from typing import Any

import yaml

from config.launch import processes
from config.launch.state import ROOT

FILE = ROOT / "docker-compose.yml"


def _services() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text())["services"])


def test_it_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_its_commands_are_the_launchers() -> None:
    services = _services()
    serving = processes.serving(bind="0.0.0.0:8000", beat_schedule="/tmp/beat-schedule")
    for name, command in {**serving, "migrate": processes.MIGRATE}.items():
        assert services[name]["command"] == ["python", *command]


def test_it_waits_for_engines_that_answer_and_for_the_migrations() -> None:
    services = _services()
    for name in ("web", "worker", "notices", "dispatch", "beat", "watch"):
        waits = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        assert waits == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    assert all("healthcheck" in service for name, service in services.items() if name != "migrate")
