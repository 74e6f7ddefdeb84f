"""The walk: its own arithmetic, and that it says clearly what did not hold."""

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from config.launch import walk
from config.launch.state import ROOT
from config.launch.walk import admission, booking, figures, outbox, visit
from config.launch.walk.ground import Failed

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")


def local(text: str, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "start", "hours", "said"),
    [
        ("America/New_York", "2027-03-14 08:00", -6, "Sun 14 Mar, 1:00 AM EST"),
        ("America/New_York", "2026-11-01 07:30", -6, "Sun 1 Nov, 1:30 AM EST"),
        ("America/New_York", "2027-03-13 15:30", 24, "Sun 14 Mar, 4:30 PM EDT"),
        ("America/New_York", "2027-11-06 20:00", 6, "Sun 7 Nov, 1:00 AM EST"),
        ("America/St_Johns", "2027-03-14 08:00", -6, "Sun 14 Mar, 1:00 AM NST"),
        ("America/Phoenix", "2027-03-14 08:00", -6, "Sun 14 Mar, 2:00 AM MST"),
    ],
)
def test_it_counts_elapsed_hours_where_clocks_change(
    zone: str, start: str, hours: int, said: str
) -> None:
    there = ZoneInfo(zone)
    assert figures.said(figures.shift(local(start, there), hours=hours), there) == said


def test_it_forbids_driving_for_a_day_and_until_eight() -> None:
    before_the_clocks_go_forward = local("2027-03-13 15:30", NEW_YORK)
    until = figures.drive_after(before_the_clocks_go_forward, NEW_YORK)
    assert until == local("2027-03-14 16:30", NEW_YORK)
    assert figures.drive_after(local("2026-11-20 00:30"), CHICAGO) == local("2026-11-21 08:00")


@pytest.mark.parametrize(
    ("ideal", "earlier", "later"),
    [
        ("2026-11-20 20:59", "2026-11-20 20:59", "2026-11-20 20:59"),
        ("2026-11-20 21:00", "2026-11-20 20:30", "2026-11-21 08:00"),
        ("2026-11-20 07:59", "2026-11-19 20:30", "2026-11-20 08:00"),
        ("2026-11-20 08:00", "2026-11-20 08:00", "2026-11-20 08:00"),
    ],
)
def test_it_moves_preparation_earlier_and_follow_up_later_out_of_quiet_hours(
    ideal: str, earlier: str, later: str
) -> None:
    instant = local(ideal)
    assert figures.out_of_quiet(instant, CHICAGO, earlier=True) == local(earlier)
    assert figures.out_of_quiet(instant, CHICAGO, earlier=False) == local(later)


def test_it_expects_no_text_before_seven_on_the_day() -> None:
    told_at = local("2026-11-01 12:00")
    kinds = {
        hour: [
            row.kind
            for row in figures.notices(
                start=local(f"2026-11-20 {hour}"), told_at=told_at, zone=CHICAGO
            )
        ]
        for hour in ("09:45", "10:00")
    }
    assert "today" not in kinds["09:45"]
    assert kinds["10:00"].count("today") == 1


def test_it_answers_only_the_questions_that_are_shown() -> None:
    def question(id_: str, kind: str, **more: object) -> dict[str, object]:
        plain = {"required": True, "choices": [], "minimum": None, "show_if": None}
        return {"id": id_, "type": kind, **plain, **more}

    questions = [
        question("subject", "choice", choices=[{"value": "person"}, {"value": "animal"}]),
        question("seizures", "boolean", show_if={"question": "subject", "any_of": ["person"]}),
        question("when", "date", show_if={"question": "seizures", "any_of": [True]}),
        question("pulse", "integer", minimum=20, required=False),
        question("medicines", "multi_choice", choices=[{"value": "opioids"}]),
    ]
    answers = {"subject": "person", "seizures": False, "medicines": ["lamotrigine"]}
    assert admission.answered(questions) == answers


@pytest.mark.parametrize(
    "line", ["DTSTART:20261124T160000Z", "DTSTART;TZID=America/Chicago:20261124T100000"]
)
def test_it_reads_a_calendars_start(line: str) -> None:
    assert booking._calendar_instant(["BEGIN:VEVENT", line], "DTSTART") == local("2026-11-24 10:00")


def test_a_start_without_a_zone_is_a_failure() -> None:
    with pytest.raises(Failed, match="DTSTART"):
        booking._calendar_instant(["DTSTART:20261124T160000"], "DTSTART")


def test_it_hears_what_a_message_must_not_say() -> None:
    record = {
        "line1": "12 Maple Ave",
        "line2": "",
        "city": "Oak Park",
        "postal_code": "60302",
        "therapy": "mood-40",
    }
    neutral = "After your visit: no driving until Sun 22 Nov, 5:25 PM CST. Drive gently."
    assert list(visit._spoken(neutral, record)) == []
    spoken = list(visit._spoken("Your Ketamine IV at 12 Maple Ave", record))
    assert spoken == ["Ketamine", "IV", "12 Maple Ave"]


def test_it_finds_the_newest_message_since_an_instant(tmp_path: Path) -> None:
    began = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for minutes, channel in ((-1, "email"), (1, "email"), (2, "email"), (3, "sms")):
        stamp = (began + timedelta(minutes=minutes)).strftime(outbox.STAMP)
        path = tmp_path / f"{stamp}-{channel}-ada@example.com.txt"
        path.write_text(f"To: ada@example.com\nSubject: number {minutes}\n\nHello\n")
    found = outbox.wait_for(tmp_path, since=began, is_it=lambda letter: bool(letter.to), seconds=0)
    assert found is not None
    assert (found.subject, found.written_at) == ("number 2", began + timedelta(minutes=2))
    assert outbox.wait_for(tmp_path, since=began, is_it=lambda _: False, seconds=0) is None


class _NotReady(BaseHTTPRequestHandler):
    """Alive, but not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()
        self.wfile.write(b"no worker")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def not_ready() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _NotReady) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_it_names_the_step_that_failed(
    not_ready: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert walk.main(base_url=not_ready, outbox_dir=tmp_path) == 1
    said = capsys.readouterr().out
    assert "FAILED: expected 200, but GET /readyz gave 503: no worker" in said
    assert "stopped at step 1" in said


def test_it_says_so_where_nobody_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert walk.main(base_url="http://127.0.0.1:1", outbox_dir=tmp_path) == 1
    assert "FAILED: no answer" in capsys.readouterr().out


def test_it_imports_nothing_of_the_product() -> None:
    allowed = {*sys.stdlib_module_names, "httpx"}
    for path in sorted((ROOT / "config" / "launch" / "walk").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                own = name == "config.launch.walk" or name.startswith("config.launch.walk.")
                assert own or name.split(".")[0] in allowed, f"{path.name} imports {name}"
