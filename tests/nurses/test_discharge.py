"""What keeps a nurse with the patient, and what a discharge sets going."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings, strategies as st

from booking.models import Notice, Status
from booking.notices import messages
from config.core.clock import now
from config.core.models import Role
from nurses import rules
from nurses.models import Event
from nurses.visits import STEPS
from tests.factories import make_user
from tests.nurses.conftest import tell_a_visit
from tests.nurses.story import NOW, Visit, after, codes

IN_ORDER = [
    "infusion_not_ended",
    "observation_too_short",
    "scores_too_low",
    "escort_absent",
    "warning_unacknowledged",
    "doses_unbalanced",
]


def test_it_runs_from_the_door_to_the_discharge_hours_later(visit: Visit) -> None:
    visit.is_discharged()
    stands = visit.now_stands()
    assert stands.status == Status.DISCHARGED
    assert stands.departed_at == after(-30)
    assert stands.dosed_at == after(35)
    assert stands.discharged_at == after(190)
    assert stands.drive_after == after(190) + timedelta(hours=24)
    warnings = Notice.objects.filter(appointment=stands, kind="driving_warning")
    assert {row.channel for row in warnings} == {"email", "sms"}
    assert all(row.not_after == stands.drive_after for row in warnings)


def test_it_lists_everything_that_is_missing_in_order(visit: Visit) -> None:
    visit.starts()
    answer = visit.event("discharge", 40)
    assert (answer.status_code, codes(answer)) == (409, IN_ORDER)
    assert visit.now_stands().status == Status.INFUSING


@pytest.mark.parametrize("missing", IN_ORDER[2:])
def test_it_names_the_one_thing_that_is_missing(visit: Visit, missing: str) -> None:
    visit.ends()
    for code, step in visit.farewells().items():
        if code != missing:
            step()
    assert codes(visit.event("discharge", 190)) == [missing]
    visit.farewells()[missing]()
    assert visit.event("discharge", 190).status_code == 201


def test_it_never_shortens_the_observation(visit: Visit) -> None:
    visit.ends()
    for step in visit.farewells().values():
        step()
    assert codes(visit.event("discharge", 189.9)) == ["observation_too_short"]
    assert visit.event("discharge", 190).status_code == 201


@pytest.mark.parametrize(
    ("scores", "is_enough"),
    [
        ([9, 9], True),
        ([10, 9], True),
        ([8, 9, 10], True),
        ([9], False),
        ([9, 8], False),
        ([9, 10, 8], False),
        ([8, 9], False),
    ],
)
def test_it_wants_the_last_two_scores(visit: Visit, scores: list[int], is_enough: bool) -> None:
    visit.ends()
    for code, step in visit.farewells().items():
        if code != "scores_too_low":
            step()
    for number, score in enumerate(scores):
        visit.vitals(100 + 5 * number, discharge_score=score)
        visit.vitals(101 + 5 * number)  # vitals without a score do not count as one
    answer = visit.event("discharge", 190)
    assert (answer.status_code == 201) == is_enough


@pytest.mark.parametrize(
    ("scores", "is_enough"),
    [
        ({100: 9, 100.5: 9}, False),
        ({100: 9, 100.9: 10}, False),
        ({100: 9, 101: 9}, True),
        ({100: 9, 100.5: 9, 101: 9}, True),
        ({100: 9, 100.5: 8, 101: 9}, False),
        ({99: 8, 100: 9, 100.5: 9, 101: 9}, True),
        ({99.5: 8, 100: 9, 100.5: 9}, False),
    ],
)
def test_it_counts_two_scores_only_when_they_are_a_minute_apart(
    visit: Visit, scores: dict[float, int], is_enough: bool
) -> None:
    visit.ends()
    for code, step in visit.farewells().items():
        if code != "scores_too_low":
            step()
    for minutes, score in scores.items():
        visit.vitals(minutes, discharge_score=score)
    answer = visit.event("discharge", 190)
    assert (answer.status_code == 201) == is_enough


def test_it_tells_on_call_in_words_what_was_against_the_rules(visit: Visit) -> None:
    visit.ends()
    for step in visit.farewells().values():
        step()
    visit.event("discharge", 189, happened=True)
    message = messages.render(visit.appointment.notices.get(kind="adverse_event", occurrence=0))
    said = "Recorded against the rules: discharged with the observation too short, for A"
    assert said in message.text
    assert "Recorded by Cleo." in message.text
    assert said in message.html.replace("<strong>", "")
    staff = Client()
    staff.force_login(make_user(role=Role.CLINICIAN, name="Erin Cole"))
    card = staff.get(reverse("on-call")).content.decode()
    assert "discharged with the observation too short" in card
    assert "recorded by Cleo" in card


def test_it_has_neutral_words_for_every_step_and_reason() -> None:
    words = " ".join([*STEPS.values(), *rules.SPOKEN.values()]).lower()
    assert set(STEPS) == set(Event.Name)
    assert set(IN_ORDER) <= set(rules.SPOKEN)
    assert not any(word in words for word in ("infusion", "dose", "ketamin", "_", " mg"))


def test_it_counts_no_score_taken_during_the_infusion(visit: Visit) -> None:
    visit.starts()
    for minutes in (50, 60):
        visit.vitals(minutes, discharge_score=10)
    visit.event("end_infusion", 70)
    for code, step in visit.farewells().items():
        if code != "scores_too_low":
            step()
    assert codes(visit.event("discharge", 190)) == ["scores_too_low"]


def test_it_wants_the_adult_seen_after_the_infusion(visit: Visit) -> None:
    visit.ends()
    for step in visit.farewells().values():
        step()
    visit.check("escort_present", 188, False)
    assert codes(visit.event("discharge", 190)) == ["escort_absent"]


def test_it_records_a_discharge_that_happened_against_the_rules(visit: Visit) -> None:
    visit.starts()
    answer = visit.event("discharge", 90, happened=True)
    assert answer.status_code == 201
    assert answer.json()["deviations"] == IN_ORDER
    stands = visit.now_stands()
    assert (stands.status, stands.discharged_at) == (Status.DISCHARGED, after(90))
    assert visit.record()["next"] is None


def test_it_forbids_driving_for_longer_when_the_visit_runs_late(visit: Visit) -> None:
    visit.starts()
    visit.dose()
    visit.event("end_infusion", 130)
    assert visit.now_stands().drive_after == after(250) + timedelta(hours=24)


@pytest.mark.parametrize(("ends", "minutes"), [("abort", 300 + 120), ("transfer", 300)])
def test_it_forbids_driving_for_long_enough_when_the_dose_is_told_last(
    visit: Visit, ends: str, minutes: int
) -> None:
    visit.starts()
    visit.event(ends, 300)
    visit.dose()
    stands = visit.now_stands()
    assert stands.dosed_at == after(35)
    assert stands.drive_after == after(minutes) + timedelta(hours=24)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.integers(30, 330), min_size=1, max_size=4), dosed=st.booleans())
def test_it_moves_the_end_of_the_driving_ban_only_later(
    db: None, steps: list[int], dosed: bool
) -> None:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        visit = tell_a_visit()
        seen: list[datetime | None] = [visit.now_stands().drive_after]
        visit.event("start_infusion", 30, happened=True)
        if dosed:
            visit.dose(31)
        for name, minutes in zip(
            ("end_infusion", "discharge", "transfer", "discharge"), steps, strict=False
        ):
            assert visit.event(name, minutes, happened=True).status_code == 201
            seen.append(visit.now_stands().drive_after)
        assert seen == sorted(seen, key=lambda at: at or now())
        transaction.set_rollback(True)
