"""The real OSRM and Valhalla say what is recorded of them, to our own clients.

Skipped where their wheels are not in `var/` (see `real`). To record anew, as after a change of
the questions or of a pinned version: `RECORD_ROUTING_SERVERS=1`.
"""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.scheduling.engines import real
from tests.scheduling.engines.questions import QUESTIONS, TOO_MANY, ask, asking
from tests.scheduling.engines.recorded import DATA, Recorded, serving

Starter = Callable[[Path], AbstractContextManager[str]]


@pytest.mark.parametrize(
    ("kind", "start"), [("osrm", real.osrm), ("valhalla", real.valhalla)], ids=["osrm", "valhalla"]
)
def test_it_is_told_by_a_real_server_what_is_recorded(
    kind: str, start: Starter, tmp_path: Path
) -> None:
    heard = Recorded(kind)
    with start(tmp_path) as url:

        def forward(path: str, body: bytes) -> tuple[int, bytes]:
            answer = httpx.request("POST" if body else "GET", url + path, content=body)
            heard.exchanges.append(
                {
                    "path": path,
                    "body": json.loads(body) if body else None,
                    "status": answer.status_code,
                    "answer": answer.json(),
                }
            )
            return answer.status_code, answer.content

        with serving(forward) as between, asking(f"{kind}+{between.url}") as server:
            for question in (*QUESTIONS.values(), TOO_MANY[kind]):
                ask(server, question)
            if kind == "valhalla":  # the form of a server that knows no "verbose"
                asked = next(row["body"] for row in heard.exchanges)
                httpx.post(f"{between.url}/sources_to_targets", json=asked | {"verbose": True})

    if os.environ.get("RECORD_ROUTING_SERVERS") == "1":
        text = json.dumps(heard.exchanges, indent=1, ensure_ascii=False)
        (DATA / f"{kind}.json").write_text(text + "\n")
    assert heard == Recorded.load(kind)
