"""The pieces of bin/bench, small: what it compares with is right, and its clinic can be booked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.launch.bench import clinic, instances, loops, page, record
from config.launch.bench.report import Bar, Section, table
from config.launch.bench.rivals import day as days, greedy

SMALL = instances.made_up(nurses=5, visits=18, seed=1)


@pytest.mark.parametrize(
    ("name", "nearest", "insertion"),
    [
        ("metro20", (0, 1776.6), (4, 1627.4)),
        ("metro20-slack15", (3, 1568.1), (3, 1290.1)),
        ("metro20-oversubscribed", (24, 1289.1), (24, 1309.8)),
    ],
)
def test_it_dispatches_simply_and_drives_again_as_published(
    name: str, nearest: tuple[int, float], insertion: tuple[int, float]
) -> None:
    day = days.read(instances.PUBLIC / f"{name}.json")
    for way, (unassigned, km) in ((greedy.nearest, nearest), (greedy.insertion, insertion)):
        judged = days.judge(day, way(day))
        assert judged.unassigned == unassigned
        assert judged.metres / 1000 == pytest.approx(km, abs=0.1)


@pytest.mark.parametrize("wrong", ["twice", "unknown", "without the skill", "too late"])
def test_it_believes_no_answer_that_cannot_be_driven(wrong: str) -> None:
    day = days.from_json(SMALL)
    soonest = sorted(day.visits, key=lambda visit: visit.start)
    able = day.nurses[day.able(soonest[0])[0]]
    unable = next((v, n) for v in day.visits for n in day.nurses if v.skill not in n.skills)
    routes: dict[str, days.Routes] = {
        "twice": {able.id: [soonest[0].id, soonest[0].id]},
        "unknown": {"nobody": []},
        "without the skill": {unable[1].id: [unable[0].id]},
        "too late": {able.id: [soonest[-1].id, soonest[0].id]},
    }
    with pytest.raises(days.Wrong):
        days.judge(day, routes[wrong])


def test_it_counts_the_same_starts_in_c_as_in_python(tmp_path: Path) -> None:
    compiled = loops.compiled(tmp_path)
    if compiled is None:
        pytest.skip("there is no C compiler here")
    rows, asked = loops.made_up(nurses=3, days=4)
    plain = loops.plain(rows, asked)
    assert plain.any()
    np.testing.assert_array_equal(compiled(rows, asked)(), plain)


@pytest.mark.django_db
def test_it_records_how_patients_of_its_clinic_book() -> None:
    grown = clinic.grow(nurses=6, patients=2, share=0.3)
    again = clinic.grow(nurses=6, patients=2, share=0.3)
    assert grown["nurses"] == again["nurses"] == 6
    assert grown["visits"] == again["visits"] > 0
    booked = list(record.record(grown["tokens"]))
    assert {one["token"] for one in booked} == set(grown["tokens"])
    for one in booked:
        text = " ".join(text for text, _, _ in one["statements"])
        assert "INSERT INTO booking_appointment" in text.replace('"', "")
        assert "pg_advisory_xact_lock" in text
        assert "SAVEPOINT" in text
        whole = " ".join(text for text, values, _ in one["statements"] if values is None)
        assert "%s" not in whole
        assert "$1" not in text


def test_it_keeps_each_part_of_the_page_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    bars = (Bar("fast", "1 ms", met=True), Bar("faster", "1 ms", met=False))
    for figure in ("old", "new"):
        for name in ("slots", "booking"):
            columns = table(("Round", "ms"), [(figure, "1")])
            page.keep(Section(name, name.title(), "How.", (columns,), bars), where="here")
    text = page.PAGE.read_text()
    assert text.count("## Slots") == text.count("## Booking") == 1
    assert "| new" in text
    assert "| old" not in text
    assert "**missed**" in text
