"""Our clients against what real servers answered, and against servers that misbehave."""

import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from scheduling.engines.servers import NotThese, Server, Unanswered, named
from scheduling.travel import Place
from tests.scheduling.engines.questions import HELSINKI, QUESTIONS, TOO_MANY, asking
from tests.scheduling.engines.recorded import Recorded, serving

KINDS = ("osrm", "valhalla")
NAN = math.nan


@pytest.fixture
def osrm() -> Iterator[Server]:
    with serving(Recorded.load("osrm")) as server, asking(f"osrm+{server.url}") as client:
        yield client


@pytest.fixture
def valhalla() -> Iterator[Server]:
    with serving(Recorded.load("valhalla")) as server, asking(f"valhalla+{server.url}") as client:
        yield client


def test_it_reads_osrm_s_table_and_rounds_up(osrm: Server) -> None:
    block = osrm.block(*QUESTIONS["downtown"], seconds=5)

    # OSRM said 51.4 s and 268.4 m for the first; the third place has a road in, none out.
    expected = [[52, 240, 187, 128], [255, 105, 242, 317], [NAN] * 4, [0, 204, 150, 117]]
    np.testing.assert_array_equal(block.seconds, expected)
    assert block.metres[0].tolist() == [269, 1328, 1080, 646]
    assert np.isnan(block.metres[2]).all()


def test_it_reads_valhalla_s_matrix_in_metres(valhalla: Server) -> None:
    block = valhalla.block(*QUESTIONS["the other way"], seconds=5)

    expected = [[NAN, NAN, NAN, 0], [166, 89, 259, NAN], [103, 177, 256, NAN], [110, 218, 263, NAN]]
    np.testing.assert_array_equal(block.seconds, expected)
    assert block.metres[1, :3].tolist() == [1248, 566, 1679]
    assert block.metres[0, 3] == 0


@pytest.mark.parametrize("question", ["a suburb off the map", "another continent"])
def test_it_does_not_take_the_nearest_street_of_the_map_for_a_place_far_from_it(
    osrm: Server, question: str
) -> None:
    # OSRM said 250.6 s from Helsinki to Chicago, and that it had moved Chicago by 8155 km.
    block = osrm.block(*QUESTIONS[question], seconds=5)

    np.testing.assert_array_equal(block.seconds, [[74, NAN], [217, NAN], [131, NAN], [164, NAN]])
    assert np.isnan(block.metres[:, 1]).all()


def test_it_leaves_out_a_place_osrm_moved_eight_hundred_metres_although_it_gave_a_time() -> None:
    answer = osrm_answer(durations=[[60]], distances=[[500]], moved=800)

    with serving(lambda *_: (200, answer)) as server, asking(f"osrm+{server.url}") as client:
        block = client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)

    assert np.isnan(block.seconds).all()


def test_it_takes_osrm_s_rare_drive_of_less_than_nothing_for_nothing() -> None:
    answer = osrm_answer(durations=[[0.1]], distances=[[-0.1]], moved=1)

    with serving(lambda *_: (200, answer)) as server, asking(f"osrm+{server.url}") as client:
        block = client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)

    assert (block.seconds[0, 0], block.metres[0, 0]) == (1, 0)


def test_it_reads_valhalla_s_longer_form_of_the_same_answer(valhalla: Server) -> None:
    recorded = Recorded.load("valhalla")

    def at_length(path: str, body: bytes) -> tuple[int, bytes]:
        return recorded(path, json.dumps(json.loads(body) | {"verbose": True}).encode())

    short = valhalla.block(*QUESTIONS["downtown"], seconds=5)
    with serving(at_length) as server, asking(f"valhalla+{server.url}") as client:
        long = client.block(*QUESTIONS["downtown"], seconds=5)

    np.testing.assert_array_equal(long.seconds, short.seconds)
    np.testing.assert_array_equal(long.metres, short.metres)


@pytest.mark.parametrize("question", ["a suburb off the map", "another continent"])
def test_it_is_told_when_valhalla_refuses_a_block_for_one_place(
    valhalla: Server, question: str
) -> None:
    with pytest.raises(NotThese):
        valhalla.block(*QUESTIONS[question], seconds=5)


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_below_what_a_server_takes_at_once(kind: str) -> None:
    with serving(Recorded.load(kind)) as server, asking(f"{kind}+{server.url}") as client:
        sources, destinations = TOO_MANY[kind]
        assert client.columns(len(sources)) < len(destinations)
        with pytest.raises(NotThese):
            client.block(sources, destinations, seconds=5)


def test_it_tells_osrm_no_address_longer_than_proxies_take() -> None:
    empty = osrm_answer(durations=[], distances=[], moved=0)
    with serving(lambda *_: (200, empty)) as server, asking(f"osrm+{server.url}") as client:
        rows = [Place(-60.0 - step / 1e5, -100.0) for step in range(299)]
        with pytest.raises(Unanswered):
            client.block(rows, HELSINKI[: client.columns(299)], seconds=5)
        assert len(server.asked[0][0]) < 8000


def osrm_answer(*, durations: object, distances: object, moved: object) -> bytes:
    return json.dumps(
        {
            "code": "Ok",
            "durations": durations,
            "distances": distances,
            "sources": [{"distance": moved}],
            "destinations": [{"distance": moved}],
        }
    ).encode()


GOOD = {"durations": [[60]], "distances": [[500]], "moved": 1}
WRONG: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html>It works!</html>",
    "half an answer": osrm_answer(**GOOD)[:-9],
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "null": b"null",
    "another object": b"{}",
    "a table too small": osrm_answer(**GOOD | {"durations": [[]]}),
    "a table too tall": osrm_answer(**GOOD | {"durations": [[60], [60]]}),
    "no table": osrm_answer(**GOOD | {"distances": None}),
    "a row that is no list": osrm_answer(**GOOD | {"durations": [60]}),
    "words": osrm_answer(**GOOD | {"durations": [["60"]]}),
    "a yes": osrm_answer(**GOOD | {"durations": [[True]]}),
    "time running backwards": osrm_answer(**GOOD | {"durations": [[-60]]}),
    "no number": osrm_answer(**GOOD | {"durations": [[NAN]]}),
    "no end": osrm_answer(**GOOD | {"durations": [[math.inf]]}),
    "a drive of a year": osrm_answer(**GOOD | {"durations": [[31_536_000]]}),
    "no word of the street": osrm_answer(**GOOD | {"moved": None}),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_nonsense_for_no_answer(kind: str, content: bytes) -> None:
    with (
        serving(lambda *_: (200, content)) as server,
        asking(f"{kind}+{server.url}") as client,
        pytest.raises(Unanswered),
    ):
        client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)


def test_it_takes_miles_for_no_answer() -> None:
    table = {"durations": [[60]], "distances": [[1]]}
    answer = json.dumps({"sources_to_targets": table, "units": "miles"}).encode()

    with (
        serving(lambda *_: (200, answer)) as server,
        asking(f"valhalla+{server.url}") as client,
        pytest.raises(Unanswered),
    ):
        client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)


@pytest.mark.parametrize("status", [204, 301, 401, 403, 404, 405, 429, 500, 502, 503])
@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_an_error_for_no_answer(kind: str, status: int) -> None:
    with (
        serving(lambda *_: (status, b"")) as server,
        asking(f"{kind}+{server.url}") as client,
        pytest.raises(Unanswered),
    ):
        client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)


@pytest.mark.parametrize("status", [400, 413, 414])
@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_a_refusal_of_the_question_for_one(kind: str, status: int) -> None:
    with (
        serving(lambda *_: (status, b"?")) as server,
        asking(f"{kind}+{server.url}") as client,
        pytest.raises(NotThese),
    ):
        client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)


@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_a_closed_door_for_no_answer(kind: str) -> None:
    with socket.socket() as nobody:  # bound, not listening
        nobody.bind(("127.0.0.1", 0))
        url = f"{kind}+http://127.0.0.1:{nobody.getsockname()[1]}"
        with asking(url) as client, pytest.raises(Unanswered):
            client.block(HELSINKI[:1], HELSINKI[1:2], seconds=5)


def silent(connection: socket.socket, _: threading.Event) -> None:
    """Take the question and say nothing."""


def dripping(connection: socket.socket, stop: threading.Event) -> None:
    """Send a byte now and then: each one is in time, the answer never is."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.02):
        connection.sendall(b" ")


@pytest.mark.parametrize("manner", [silent, dripping])
def test_it_does_not_wait_for_a_server_that_hangs(
    manner: Callable[[socket.socket, threading.Event], None],
) -> None:
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            manner(connection, stop)
            stop.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        began = time.monotonic()
        try:
            url = f"osrm+http://127.0.0.1:{listener.getsockname()[1]}"
            with asking(url) as client, pytest.raises(Unanswered):
                client.block(HELSINKI[:1], HELSINKI[1:2], seconds=0.2)
            assert time.monotonic() - began < 5
        finally:
            stop.set()
            thread.join()


def test_it_keeps_one_connection_for_many_questions(osrm: Server) -> None:
    ports: set[int] = set()
    recorded = Recorded.load("osrm")
    with serving(recorded) as server, asking(f"osrm+{server.url}") as client:
        accept = server.get_request

        def counted() -> tuple[socket.socket, tuple[str, int]]:
            connection, address = accept()
            ports.add(address[1])
            return connection, address

        server.get_request = counted  # type: ignore[method-assign]
        for _ in range(3):
            client.block(*QUESTIONS["downtown"], seconds=5)
        assert len(ports) == 1


@pytest.mark.parametrize(
    "url",
    [
        "osrm+http://host:5000",
        "osrm+https://host",
        "valhalla+http://[::1]:8002/prefix",
        "osrm+http://user:secret@host:5000",
    ],
)
def test_it_understands_an_address(url: str) -> None:
    assert named(url)[1] == url.partition("+")[2]


@pytest.mark.parametrize(
    "url",
    [
        "http://host:5000",
        "osrm",
        "osrm+",
        "osrm+host:5000",
        "osrm+ftp://host",
        "osrm+http://",
        "osrm+http://:5000",
        "osrm+http://host:0",
        "osrm+http://host:99999",
        "osrm+http://host:port",
        "osrm+http://host/?token=1",
        "google+http://host",
    ],
)
def test_it_refuses_an_address_it_cannot_use(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        named(url)
