"""What the real servers were asked, once, and the recorded ones are asked in each test."""

from collections.abc import Iterator
from contextlib import contextmanager

from scheduling.engines.servers import Block, NotThese, Server, connect
from scheduling.travel import Place

HELSINKI = [
    Place(60.17143, 24.94421),
    Place(60.16488, 24.95279),
    Place(60.17372, 24.93854),
    Place(60.16996, 24.94287),
    Place(60.16588, 24.94567),
    Place(60.17469, 24.95319),
    Place(60.16950, 24.93540),
]
# On the map's edge but 9 km from its nearest street; and on another continent.
SUBURB = Place(60.20000, 25.10000)
CHICAGO = Place(41.87860, -87.62510)

Question = tuple[list[Place], list[Place]]


def grid(rows: int, columns: int) -> list[Place]:
    """Places a few metres apart, more than a server takes at once."""
    return [
        Place(round(60.168 + row * 1e-5, 5), round(24.940 + column * 1e-5, 5))
        for row in range(rows)
        for column in range(columns)
    ]


QUESTIONS: dict[str, Question] = {
    "downtown": (HELSINKI[:4], HELSINKI[3:]),
    "the other way": (HELSINKI[3:], HELSINKI[:4]),
    "one drive": (HELSINKI[1:2], HELSINKI[4:5]),
    "a suburb off the map": (HELSINKI[3:], [HELSINKI[0], SUBURB]),
    "another continent": (HELSINKI[3:], [HELSINKI[0], CHICAGO]),
}
TOO_MANY: dict[str, Question] = {
    "osrm": (grid(10, 10), grid(1, 101)),
    "valhalla": (grid(3, 17), grid(5, 10)),
}


@contextmanager
def asking(address: str) -> Iterator[Server]:
    """Give a client of ours for an address such as `osrm+http://127.0.0.1:5000`."""
    server = connect(address)
    try:
        yield server
    finally:
        server.close()


def ask(server: Server, question: Question) -> Block | None:
    """Ask a question; None is a server's refusal."""
    try:
        return server.block(*question, seconds=5)
    except NotThese:
        return None
