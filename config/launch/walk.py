"""The main job, walked over HTTP like any client would; it imports nothing of the product."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx


class Failed(Exception):
    """A step did not hold; the message says what came back."""


@dataclass
class Walk:
    """What the steps share."""

    client: httpx.Client
    outbox: Path


def main(*, base_url: str, outbox_dir: Path) -> int:
    """Walk every step, printing what came back; gives 0 only if all held."""
    with httpx.Client(base_url=base_url, timeout=30) as client:
        walk = Walk(client=client, outbox=outbox_dir)
        for number, step in enumerate(STEPS, start=1):
            title = (step.__doc__ or "").rstrip(".")
            try:
                print(f"{number}. {title}: {step(walk)}", flush=True)
            except (Failed, httpx.HTTPError) as error:
                print(f"{number}. {title}: FAILED, {error}", flush=True)
                return 1
    return 0


def is_ready(walk: Walk) -> str:
    """The service says it is ready."""
    return _get(walk, "/readyz").text.strip()


def has_a_contract(walk: Walk) -> str:
    """The API describes itself."""
    schema = _get(walk, "/api/schema/?format=json").json()
    return f"{len(schema['paths'])} addresses, OpenAPI {schema['openapi']}"


def _get(walk: Walk, path: str) -> httpx.Response:
    answer = walk.client.get(path)
    if answer.status_code != 200:
        raise Failed(f"GET {path} gave {answer.status_code}: {answer.text[:300]}")
    return answer


STEPS: list[Callable[[Walk], str]] = [is_ready, has_a_contract]
