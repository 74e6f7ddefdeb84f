"""Pages as few see them: refused, expired, lost, empty, wrongly filled in, with money owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from allauth.core.internal.ratelimit import respond_429
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from booking import appointments, offer_links
from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Appointment, Notice, Offer, Payment, Refund
from booking.notices import ledger
from config.core.clock import now
from config.core.models import Role
from config.demo.answers import eligible_answers
from config.urls import urlpatterns as ours
from patients import check_ins, data_rights, intake
from patients.instruments import PHQ9_IDS
from patients.models import Patient
from tests import factories, site
from tests.e2e import doors
from tests.e2e.stage import starts, time_page
from tests.e2e.state import WRONG, State

FAULTS = {400: BadRequest, 403: PermissionDenied, 500: ZeroDivisionError}


def fail(request: HttpRequest, status: int) -> HttpResponse:
    """Go wrong as pages do."""
    if status == 429:
        answer: HttpResponse = respond_429(request)
        return answer
    raise FAULTS[status]("as asked")


urlpatterns = [*ours, path("faults/<int:status>/", fail)]
handler500 = "config.frame.server_error"


def states(people: site.Cast) -> Iterator[State]:
    """Yield the pages in these states; who loses a cookie comes last of a person's."""
    yield from _of_strangers()
    yield from doors.wrong(people.ada)
    yield from _of_offers(people)
    yield from _of_links(people)
    yield from _of_money(people)
    yield from _of_forms(people)
    yield from _of_times(people)
    yield from _of_newcomers(people.ben)
    yield from _of_answers()
    nurse = factories.make_user(role=Role.NURSE, name="Cleo Marsh")
    yield State("not_a_patient", reverse("visits"), nurse, shows="text=belongs to patients")
    yield doors.closed()


def _of_strangers() -> Iterator[State]:
    yield State("account_signup", reverse("account_signup"), shows=WRONG, fields={})
    prepare = reverse("prepare") + "?therapy=none&day=2027-01-01&at=10:00"
    yield State("prepare", prepare, shows=WRONG)
    yield State("area", reverse("area") + "?zip=00000", shows="text=We do not know the ZIP code")
    yield State("404", "/nowhere/", shows="text=Error 404")
    for status in (400, 403, 429, 500):
        yield State(f"{status}", f"/faults/{status}/", shows=f"text=Error {status}")
    unknown = reverse("offer", args=["1-none"])
    yield State("unknown", unknown, shows="text=This link does not work")


def _of_offers(people: site.Cast) -> Iterator[State]:
    said = {
        Offer.State.LAPSED: "The time to answer has run out",
        Offer.State.WITHDRAWN: "This time is gone",
        Offer.State.DECLINED: "Noted: not this time",
        Offer.State.TAKEN: "It is yours",
    }
    standing = people.offer
    for number, (state, words) in enumerate(said.items(), start=1):
        starts_at = standing.starts_at + timedelta(days=number)
        offer = Offer.objects.create(
            appointment=people.ahead if state == Offer.State.TAKEN else None,
            entry=standing.entry,
            nurse=standing.nurse,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=190),
            time_zone=standing.time_zone,
            expires_at=now() + timedelta(hours=1),
            state=state,
            ended_at=now(),
        )
        address = reverse("offer", args=[offer_links.token(offer)])
        yield State(f"offer {state}", address, shows=f"text={words}")


def _of_links(people: site.Cast) -> Iterator[State]:
    said = {
        Purpose.escort: "Does an adult stay with you?",
        Purpose.ate: "What did you eat or drink?",
        Purpose.warning: "No driving and no machinery",
        Purpose.unwell: "Do you feel unwell?",
        Purpose.feeling: "I feel good",
    }
    told = _told(people.ahead)
    for purpose, words in said.items():
        yield State(f"link {purpose}", _link(purpose, told), shows=f"text={words}")
    carl = factories.make_patient(name="Carl Lind")
    starts_at = people.ahead.starts_at + timedelta(days=9)
    visit = factories.make_appointment(patient=carl, nurse=people.ahead.nurse, starts_at=starts_at)
    with transaction.atomic():
        ledger.plan_for(appointment=visit)
    link = _link(Purpose.visit, _told(visit))
    appointments.cancel(appointment=visit)
    yield State("link closed", link, shows="text=Your visit is cancelled")
    yield State(
        "visit", reverse("visit", args=[visit.pk]), carl.user, shows="text=This visit is cancelled"
    )


def _told(visit: Appointment) -> Notice:
    return Notice.objects.filter(appointment=visit, kind="booked").earliest("pk")


def _link(purpose: Purpose, notice: Notice) -> str:
    return "/go/" + tokens.url(purpose, notice).rpartition("/go/")[2]


def _of_money(people: site.Cast) -> Iterator[State]:
    Refund.objects.create(
        payment=people.payment,
        amount_cents=10_000,
        why="cancelled",
        state=Refund.State.DONE,
        refund_id="re_1",
        done_at=now(),
    )
    ada, owed = people.ada.user, "text=Still to pay"
    yield State("visit-pay", reverse("visit-pay", args=[people.ahead.pk]), ada, shows=owed)
    yield State("payments", reverse("payments"), ada, shows=owed)
    receipt = reverse("payment", args=[people.payment.pk])
    yield State("payment", receipt, ada, shows="text=went back to you")
    asked = people.payment
    Payment.objects.create(
        appointment=people.ahead,
        checkout=uuid4(),
        what=Payment.What.DEPOSIT,
        amount_cents=asked.amount_cents,
        currency=asked.currency,
        expires_at=now() + timedelta(hours=1),
    )
    back = reverse("visit-pay", args=[people.ahead.pk]) + "?back=1"
    yield State("pay, waiting", back, ada, shows="text=We are waiting for your bank")


def _of_forms(people: site.Cast) -> Iterator[State]:
    sent: dict[str, dict[str, str]] = {
        "account-home": {"line1": "", "postal_code": "1"},
        "account-escort": {"escort_phone": "12"},
        "account-about": {"name": "", "phone": "12"},
        "account_email": {"email": "ada"},
        "account_change_password": {"oldpassword": "a-lake"},
        "account_reauthenticate": {"password": "a-lake"},
        "mfa_activate_totp": {"code": "1"},
        "check-in": {},
    }
    ada = people.ada.user
    for name, fields in sent.items():
        yield State(name, reverse(name), ada, shows=WRONG, fields=fields)
    of_a_name: dict[str, tuple[Any, dict[str, str]]] = {
        "wait": ("mood-40", {"first_day": ""}),
        "consent-page": ("privacy", {}),
        "visit-cancel": (people.ahead.pk, {"reason": "x" * 301}),
    }
    for name, (one, fields) in of_a_name.items():
        yield State(name, reverse(name, args=[one]), ada, shows=WRONG, fields=fields)
    ben, medicines = people.ben.user, reverse("intake-section", args=["medicines"])
    yield State("intake-section", medicines, ben, shows=WRONG, fields={})


def _of_times(people: site.Cast) -> Iterator[State]:
    """What Ada sees where a time is chosen, lost or refused, and where it is too late."""
    ada = people.ada
    free, night = starts(ada, days=6)[4], _night(6)
    course = [starts(ada, slug="pain-240", days=day)[0] for day in (10, 11, 12)]
    query = "&".join(map(_at, [*course, _night(13)]))
    check = reverse("book-check", args=["mood-40"]), reverse("book-check", args=["pain-240"])
    moved = reverse("visit-move", args=[people.ahead.pk])
    gone, lost = "text=is not free any more", "text=Nothing was booked"
    for name, address, shows in (
        ("a time", time_page("mood-40", free), "#chosen"),
        ("a time gone", time_page("mood-40", night), gone),
        ("a day without", _day_page(people.ahead.starts_at), ".empty"),
        ("check, lost", f"{check[0]}?{_at(night)}", lost),
        ("check of a course, lost", f"{check[1]}?{query}", lost),
        ("move to", f"{moved}?{_at(free)}", "#chosen"),
        ("move, late", reverse("visit-move", args=[people.behind.pk]), "text=cannot be changed"),
    ):
        yield State(name, address, ada.user, shows=shows)
    escort = reverse("account-escort")
    yield State(
        "anothers", escort, ada.user, shows="text=another person", fields={"whose": "somebody"}
    )
    for cookie, shows in (
        (settings.CSRF_COOKIE_NAME, "text=Please send it once more"),
        (settings.SESSION_COOKIE_NAME, "text=You were signed out"),
    ):
        yield State(f"lost {cookie}", escort, ada.user, shows=shows, fields={}, lost=cookie)


def _at(instant: datetime) -> str:
    return f"at={instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _day_page(at: datetime) -> str:
    return reverse("book-time", args=["mood-40"]) + f"?day={at.date()}"


def _night(days: int) -> datetime:
    """A time in the night of Chicago: nobody comes then."""
    return (now() + timedelta(days=days)).replace(hour=8, minute=0, second=0, microsecond=0)


def _of_newcomers(ben: Patient) -> Iterator[State]:
    yield State("payments", reverse("payments"), ben.user, shows="text=No payments yet")
    yield State("check-ins", reverse("check-ins"), ben.user, shows="text=No check-in yet")
    wait = reverse("wait", args=["mood-40"])
    yield State("wait", wait, ben.user, shows="text=A time has come free for you")
    soon = f"?at={now() + timedelta(days=6):%Y-%m-%dT16:00Z}"
    check = reverse("book-check", args=["mood-40"]) + soon
    yield State("check, too early", check, ben.user, shows="#missing")
    data_rights.ask_to_close(patient=ben, by=ben.user)
    data, close = reverse("account-data"), reverse("account-close")
    yield State("close", close, ben.user, shows="text=What goes")
    yield State("data", data, ben.user, shows="text=Your account is going to be closed")


def _of_answers() -> Iterator[State]:
    said: dict[str, tuple[dict[str, object], str]] = {
        "crisis": ({"cssrs_6": True, "cssrs_6_recent": True}, ".crisis"),
        "excluded": ({"ketamine_allergy": True}, "text=not right for you now"),
    }
    for name, (changes, shows) in said.items():
        who = factories.make_patient(name="Dora Vance", ready=False)
        answers = eligible_answers(date_of_birth="1985-05-17", **changes)
        sent = intake.submit(patient=who, answers=answers)
        address = reverse("intake-outcome", args=[sent.pk])
        yield State(name, address, who.user, shows=shows)
    for days in (9, 2):
        check_ins.submit(
            patient=who,
            client_id=uuid4(),
            answers=dict.fromkeys(PHQ9_IDS, 1),
            at=now() - timedelta(days=days),
        )
    yield State("check-ins", reverse("check-ins"), who.user, shows="svg:has(polyline, path)")
