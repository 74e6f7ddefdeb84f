"""The waiting list: whose turn it is, what is offered, and what becomes of an offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connection
from hypothesis import given, strategies as st
from pytest_django import Settings

from booking import acceptance, appointments, offer_links, offering, search, waiting
from booking.delivery import sending
from booking.models import Appointment, Notice, Offer, StaffTask, Status, WaitingEntry
from config.core.clock import now
from config.core.errors import Malformed, constraint_of
from patients import accounts
from patients.models import Patient
from scheduling.models import Closure, Shift, ShiftException
from tests import factories
from tests.booking.notice_help import BOOKED_AT, texts
from tests.booking.wait_help import (
    ZONE,
    day,
    fill,
    make_nurse,
    offered_to,
    waits,
    who_is_asked,
)
from tests.racing import race

pytestmark = pytest.mark.django_db
Part, State = WaitingEntry.Part, Offer.State


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BOOKED_AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Count how often somebody's times are looked for."""
    asked: list[Any] = []
    feasible = search.feasible

    def counted(**given: Any) -> Any:
        asked.append(given)
        return feasible(**given)

    monkeypatch.setattr(search, "feasible", counted)
    return asked


# -- the list ------------------------------------------------------------------------------------


def test_whoever_joins_again_keeps_the_place_and_waits_for_the_new_days(
    clock: time_machine.Traveller,
) -> None:
    entry = waits()
    clock.shift(60)
    again = waits(patient=entry.patient, first=5, last=9, weekdays=(0, 2), part=Part.MORNING)
    assert (again.pk, again.in_line_since) == (entry.pk, entry.in_line_since)
    assert (again.first_day, again.weekdays) == (day(5), [0, 2])
    assert waiting.of(entry.patient) == [entry]


@pytest.mark.parametrize(
    ("first", "last", "weekdays"), [(5, 3, ()), (-9, -2, ()), (90, 99, ()), (3, 3, (6,))]
)
def test_it_refuses_days_that_cannot_be_had(first: int, last: int, weekdays: Any) -> None:
    with pytest.raises(Malformed):
        waits(first=first, last=last, weekdays=weekdays)


def test_a_place_is_among_those_who_wait_for_the_same_times(
    clock: time_machine.Traveller,
) -> None:
    def later(name: str, **wishes: Any) -> WaitingEntry:
        clock.shift(1)
        return waits(name, **wishes)

    later("Ben Osei", first=3, last=5)
    later("Eve Lund", first=8, last=9)
    later("Gus Hall", first=3, last=3, part=Part.AFTERNOON)
    last = later("Ada Byrne", first=3, last=3, part=Part.MORNING)
    assert waiting.place(last) == waiting.Place(number=2, total=2)
    waiting.leave(entry=WaitingEntry.objects.get(patient__user__name="Ben Osei"))
    assert waiting.place(last).number == 1


# -- offering ------------------------------------------------------------------------------------


def test_a_time_that_comes_free_is_offered_to_the_first_in_line_only(
    clock: time_machine.Traveller, outbox: Any
) -> None:
    make_nurse()
    held = fill(3)
    ada = waits("Ada Byrne")
    clock.shift(1)
    waits("Ben Osei")
    assert offering.sweep() == 0
    appointments.cancel(appointment=held)
    assert offering.sweep() == 1
    assert who_is_asked() == ["Ada"]
    offer = offered_to(ada)
    assert offer is not None
    assert offer.starts_at.astimezone(ZONE).date() == day(3)
    assert offer.expires_at == now() + timedelta(minutes=120)
    assert offering.sweep() == 0
    sending.send_due()
    (said,) = [one for one in texts(outbox) if "a time is free" in one]
    assert offer_links.url(offer) in said
    told = Notice.objects.filter(kind="offer")
    assert {(one.channel, one.status) for one in told} == {("email", "sent"), ("sms", "sent")}


def test_it_goes_to_the_next_when_it_runs_out_and_the_first_waits_behind_them(
    clock: time_machine.Traveller,
) -> None:
    make_nurse()
    ada = waits("Ada Byrne")
    clock.shift(1)
    ben = waits("Ben Osei")
    offering.sweep()
    assert who_is_asked() == ["Ada"]
    clock.shift(timedelta(hours=2))
    offering.sweep()
    assert who_is_asked() == ["Ben"]
    ada.refresh_from_db()
    assert waiting.place(ada).number == 2
    assert ada.offers.get().state == State.LAPSED
    waiting.leave(entry=ben)
    offering.sweep()
    again = offered_to(ada)
    assert again is None or again.starts_at != ada.offers.get(state=State.LAPSED).starts_at


def test_whoever_says_no_keeps_the_place_and_is_not_asked_about_that_time_again(
    clock: time_machine.Traveller,
) -> None:
    make_nurse()
    ada = waits("Ada Byrne", last=4)
    first = _offer_of(ada)
    acceptance.decline(offer=first)
    acceptance.decline(offer=first)
    assert waiting.place(ada).number == 1
    second = _offer_of(ada)
    assert second.starts_at != first.starts_at
    with pytest.raises(acceptance.OfferIsOver):
        acceptance.take(offer=first)


def _offer_of(entry: WaitingEntry) -> Offer:
    offering.sweep()
    offer = offered_to(entry)
    assert offer is not None
    return offer


def test_yes_is_a_booking_under_every_rule_and_twice_is_one_visit() -> None:
    make_nurse()
    ada = waits()
    offer = _offer_of(ada)
    visits = {acceptance.take(offer=offer).pk for _ in range(3)}
    assert list(Appointment.objects.values_list("pk", flat=True)) == list(visits)
    ada.refresh_from_db()
    offer.refresh_from_db()
    assert (ada.ending, offer.state) == ("taken", State.TAKEN)
    assert Notice.objects.filter(kind="booked").exists()
    with pytest.raises(acceptance.OfferIsOver):
        acceptance.decline(offer=offer)


def test_a_time_that_is_gone_at_the_click_costs_nobody_the_place() -> None:
    make_nurse()
    ada = waits()
    offer = _offer_of(ada)
    quicker = fill(3)
    with pytest.raises(acceptance.TimeIsGone):
        acceptance.take(offer=offer)
    offer.refresh_from_db()
    assert offer.state == State.WITHDRAWN
    assert waiting.place(ada).number == 1
    appointments.cancel(appointment=quicker)
    assert _offer_of(ada).starts_at == offer.starts_at


def test_an_offer_whose_time_was_booked_is_taken_back_before_anybody_clicks() -> None:
    make_nurse()
    ada = waits()
    offer = _offer_of(ada)
    fill(3)
    offering.sweep()
    offer.refresh_from_db()
    assert offer.state == State.WITHDRAWN
    pending = Notice.objects.filter(kind="offer")
    sending.send_due()
    assert {one.status for one in pending.all()} == {"superseded"}


def test_what_booking_would_refuse_is_not_offered_until_it_would_not() -> None:
    make_nurse()
    ada = waits()
    Patient.objects.filter(pk=ada.patient_id).update(escort_name="")
    assert offering.sweep() == 0
    accounts.update(patient=ada.patient, profile={"escort_name": "Sam Ortiz"})
    assert offering.sweep() == 1


def test_a_gate_that_closes_after_the_offer_says_so_and_the_offer_stands() -> None:
    make_nurse()
    ada = waits()
    offer = _offer_of(ada)
    Patient.objects.filter(pk=ada.patient_id).update(escort_name="")
    with pytest.raises(appointments.GateClosed):
        acceptance.take(offer=offer)
    offer.refresh_from_db()
    assert offer.state == State.OFFERED
    Patient.objects.filter(pk=ada.patient_id).update(escort_name="Sam Ortiz")
    assert acceptance.take(offer=offer).status == Status.BOOKED


def test_only_times_that_suit_are_offered() -> None:
    factories.make_nurse()
    ada = waits(first=2, last=9, weekdays=(5,), part=Part.AFTERNOON)
    start = _offer_of(ada).starts_at.astimezone(ZONE)
    assert (start.weekday(), start.hour >= 12) == (5, True)


def test_of_two_nurses_two_people_are_asked_at_once(clock: time_machine.Traveller) -> None:
    make_nurse()
    make_nurse()
    for name in ("Ada Byrne", "Ben Osei", "Eve Lund"):
        waits(name)
        clock.shift(1)
    offering.sweep()
    assert who_is_asked() == ["Ada", "Ben"]
    assert len(set(Offer.objects.values_list("nurse", flat=True))) == 2


def test_whoever_has_closed_the_account_is_asked_nothing() -> None:
    make_nurse()
    user = waits().patient.user
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert offering.sweep() == 0


# -- looking -------------------------------------------------------------------------------------


def test_where_nothing_changed_nobody_is_searched_for(
    searched: list[Any], clock: time_machine.Traveller
) -> None:
    make_nurse()
    held = fill(3)
    for name in ("Ada Byrne", "Ben Osei"):
        waits(name)
    waits("Eve Lund", first=20, last=25, weekdays=(6,), part=Part.AFTERNOON)
    offering.sweep()
    clock.shift(60)
    offering.sweep()
    searched.clear()
    for _ in range(5):
        clock.shift(20)
        offering.sweep()
    assert not searched
    appointments.cancel(appointment=held)
    offering.sweep()
    assert len(searched) == 2  # those who wait for that day, and not Eve


def _new_shift() -> Any:
    nurse = factories.make_nurse()
    Shift.objects.filter(nurse=nurse).delete()
    return lambda: ShiftException.objects.create(
        nurse=nurse, day=day(3), effect="extra", kind="field", starts=time(8), ends=time(13)
    )


def _closure_lifted() -> Any:
    make_nurse()
    closure = Closure.objects.create(
        name="a storm", first_day=day(3), last_day=day(3), cancels_visits=False
    )
    return lambda: Closure.objects.filter(pk=closure.pk).update(taken_back_at=now())


def _rescheduled() -> Any:
    make_nurse()
    held = fill(3)
    starts = held.starts_at + timedelta(days=2)
    return lambda: appointments.reschedule(appointment=held, starts_at=starts)


@pytest.mark.parametrize("change", [_new_shift, _closure_lifted, _rescheduled])
def test_whatever_frees_a_time_it_is_seen(change: Callable[[], Any]) -> None:
    frees = change()
    waits()
    assert offering.sweep() == 0
    frees()
    assert offering.sweep() == 1


def test_nobody_is_disturbed_at_night(clock: time_machine.Traveller) -> None:
    make_nurse()
    clock.move_to(BOOKED_AT.replace(hour=3))  # 9 PM the day before
    waits(first=4, last=4)
    assert offering.sweep() == 0
    clock.move_to(BOOKED_AT.replace(hour=13, minute=59))
    assert offering.sweep() == 0
    clock.move_to(BOOKED_AT.replace(hour=14))
    assert offering.sweep() == 1


def test_an_offer_runs_out_while_there_is_time_to_book_or_is_not_made(
    clock: time_machine.Traveller,
) -> None:
    make_nurse()
    entry = waits(first=1, last=1)
    offering.sweep()
    offer = offered_to(entry)
    assert offer is None or offer.expires_at <= offer.starts_at - timedelta(hours=24)


UTC_DAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "ends"),
    [(15, 0, (16, 17, 0)), (1, 30, (16, 2, 30 + 30)), (2, 0, (16, 15, 0)), (5, 0, (16, 16, 0))],
)
def test_the_clock_of_an_offer_stops_overnight(
    hour: int, minute: int, ends: tuple[int, int, int]
) -> None:
    """In Chicago: 9 AM; 7:30 PM, half an hour is left for the morning; 8 PM; 11 PM."""
    offered_at = UTC_DAY.replace(hour=hour, minute=minute)
    found = offering.runs_out(offered_at, minutes=120, zone=ZONE)
    if (hour, minute) == (1, 30):
        assert found == UTC_DAY.replace(hour=14, minute=30)
    else:
        assert (found.day, found.hour, found.minute) == ends


@given(
    hours=st.integers(0, 24 * 400),
    minutes=st.integers(1, 3000),
    zone=st.sampled_from(["America/Chicago", "America/St_Johns", "Asia/Kathmandu"]),
)
def test_it_runs_out_by_day_and_never_sooner(hours: int, minutes: int, zone: str) -> None:
    offered_at = UTC_DAY + timedelta(hours=hours)
    ends = offering.runs_out(offered_at, minutes=minutes, zone=ZoneInfo(zone))
    local = ends.astimezone(ZoneInfo(zone)).time()
    assert ends - offered_at >= timedelta(minutes=minutes)
    assert time(8) < local <= time(21)


# -- who waits no more ---------------------------------------------------------------------------


def test_whoever_found_a_time_waits_no_more_and_their_offer_goes_on(
    clock: time_machine.Traveller,
) -> None:
    make_nurse()
    ada = waits("Ada Byrne", first=3, last=5)
    clock.shift(1)
    waits("Ben Osei", first=3, last=3)
    offer = _offer_of(ada)
    other = offer.starts_at + timedelta(days=2)
    appointments.book(
        patient=ada.patient, therapy=factories.therapy(), starts_at=other, by=ada.patient.user
    )
    offering.sweep()
    ada.refresh_from_db()
    assert ada.ending == "booked"
    assert who_is_asked() == ["Ben"]


def test_whoever_s_days_have_passed_waits_no_more(clock: time_machine.Traveller) -> None:
    ada = waits(first=1, last=1)
    clock.shift(timedelta(days=2))
    offering.sweep()
    ada.refresh_from_db()
    assert ada.ending == "over"


def test_whoever_takes_no_messages_is_called() -> None:
    make_nurse()
    ada = waits()
    Patient.objects.filter(pk=ada.patient_id).update(channels=[])
    offering.sweep()
    assert StaffTask.objects.get().kind == "offer_untold"


# -- links ---------------------------------------------------------------------------------------


def test_a_link_opens_its_own_offer_and_nothing_else(settings: Settings) -> None:
    make_nurse()
    make_nurse()
    ada, ben = waits("Ada Byrne"), waits("Ben Osei")
    mine, other = _offer_of(ada), _offer_of(ben)
    token = offer_links.token(mine)
    assert offer_links.read(token) == mine
    _, code = token.split("-")
    for wrong in (f"{other.pk}-{code}", token[:-1], token.upper(), "", "1-", f"0{token}"):
        with pytest.raises(offer_links.NoSuchOffer):
            offer_links.read(wrong)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert offer_links.read(token) == mine


# -- at the same moment, and broken off ----------------------------------------------------------


def test_broken_off_while_booking_nothing_is_booked_and_the_offer_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_nurse()
    ada = waits()
    offer = _offer_of(ada)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting, "end", killed)
    with pytest.raises(KeyboardInterrupt):
        acceptance.take(offer=offer)
    monkeypatch.undo()
    assert not Appointment.objects.exists()
    assert acceptance.take(offer=offer).status == Status.BOOKED


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_visit_is_booked() -> None:
    make_nurse()
    offer = _offer_of(waits())
    said = race([lambda: acceptance.take(offer=offer).pk] * 6)
    assert len(set(said)) == 1
    assert Appointment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_ask_one_person_about_a_time() -> None:
    make_nurse()
    for name in ("Ada Byrne", "Ben Osei", "Eve Lund"):
        waits(name)
    race([offering.sweep] * 4)
    assert Offer.objects.open().count() == 1
    assert Counter(Notice.objects.values_list("kind", "channel")) == {
        ("offer", "email"): 1,
        ("offer", "sms"): 1,
    }


def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a sweep see nothing of what is offered to others."""
    monkeypatch.setattr(offering, "_somebody", lambda nurses, **_: next(iter(nurses), None))


def test_postgres_refuses_a_time_that_is_offered_to_somebody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_nurse()
    ada, ben = waits("Ada Byrne"), waits("Ben Osei")
    _blind(monkeypatch)
    offering.sweep()
    assert Offer.objects.open().count() == 1
    twin = Offer.objects.get()
    twin.pk, twin.entry = None, ben if twin.entry_id == ada.pk else ada
    with pytest.raises(IntegrityError) as refused:
        twin.save()
    assert constraint_of(refused.value) == "offer_of_a_nurses_time_is_to_one_at_a_time"


def test_two_are_asked_about_one_time_once_look_and_constraint_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control; the table has its constraint again when the test is rolled back."""
    make_nurse()
    for name in ("Ada Byrne", "Ben Osei"):
        waits(name)
    _blind(monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE booking_offer DROP CONSTRAINT offer_of_a_nurses_time_is_to_one_at_a_time"
        )
    offering.sweep()
    assert len(set(Offer.objects.open().values_list("starts_at", flat=True))) == 1
    assert Offer.objects.open().count() == 2


def test_one_place_in_line_that_cannot_be_ended_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.make_area()
    first, second = waits(last=4), waits("Ben Ortiz")
    looked_over = waiting._tidy

    def stumble(entry: WaitingEntry, *, at: datetime) -> bool:
        if entry.pk == second.pk:
            raise LookupError
        return looked_over(entry, at=at)

    monkeypatch.setattr(waiting, "_tidy", stumble)
    assert waiting.tidy(at=now() + timedelta(days=9)) == 1
    assert list(WaitingEntry.objects.open()) == [second]
    first.refresh_from_db()
    assert first.ending == "over"
