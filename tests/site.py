"""Every page that a visitor or a patient can open, with somebody for whom each has much to show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from booking import offer_links
from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Appointment, Notice, Offer, Payment, Status, WaitingEntry
from booking.notices import ledger
from config.core.clock import now
from config.core.models import User
from config.demo.answers import eligible_answers
from patients import drafts, intake
from patients.models import Intake, Patient
from scheduling.models import Nurse
from tests import factories

# What a person does not look at, or not as themselves: files, machines' doors, forms' targets.
NOT_PAGES = {
    "livez", "readyz", "language", "robots", "sitemap", "schema", "docs", "styleguide",
    "consent-copy", "payment-receipt", "book-again", "wait-leave", "visit-paper",
    "visit-calendar", "visits-feed", "account-copy",
    "visits-feed-renew", "account-reopen", "account-sign-out", "account-close", "account-keep",
    "visits-now", "visit-now", "signed-in", "sms-hook", "sms-receipt-hook", "email-hook",
    "stripe-hook",
    "mfa_download_recovery_codes", "mfa_generate_recovery_codes", "mfa_view_recovery_codes",
    "mfa_deactivate_totp", "mfa_remove_webauthn", "mfa_edit_webauthn", "mfa_login_webauthn",
    "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_logout",
    "account_set_password", "account_confirm_login_code", "account_reset_password_from_key",
    "account_email_verification_sent", "usersessions_list",
}  # fmt: skip
ELSEWHERE = ("admin", "api", "_allauth", "staff", "route")  # looked at by tests of their own


@dataclass(frozen=True)
class Page:
    """One page, and who looks at it; nobody in particular at a public one."""

    name: str
    path: str
    who: User | None = None


@dataclass(frozen=True)
class Cast:
    """Ada, who has a visit ahead, one behind her and papers; Ben, who has just begun."""

    ada: Patient
    ben: Patient
    ahead: Appointment
    behind: Appointment
    intake: Intake
    payment: Payment
    offer: Offer
    link: str


def cast() -> Cast:
    """Make Ada, and a nurse who has time for her."""
    ada = factories.make_patient(name="Adalberta-Konstantina Wolfeschlegelsteinhausen Byrne")
    nurse = factories.make_nurse()
    factories.make_nurse(name="Dana Whitcomb", kind="desk")
    for slug in ("pain-240", "maintenance-40"):
        factories.make_order(patient=ada, slug=slug)
    factories.make_document(slug="privacy")
    at = now().replace(minute=0, second=0, microsecond=0)
    ahead = factories.make_appointment(
        patient=ada, nurse=nurse, starts_at=at + timedelta(days=3, hours=1)
    )
    behind = factories.make_appointment(
        patient=ada,
        nurse=nurse,
        starts_at=at - timedelta(days=4),
        status=Status.DISCHARGED,
        dosed_at=at - timedelta(days=4, minutes=-40),
        discharged_at=at - timedelta(days=4, hours=-4),
    )
    with transaction.atomic():
        ledger.plan_for(appointment=ahead)
    told = Notice.objects.filter(appointment=ahead, kind="booked").first()
    assert told is not None
    link = "/go/" + tokens.url(Purpose.visit, told).rpartition("/go/")[2]
    ben = factories.make_patient(name="Ben Ortiz", ready=False)
    drafts.start(patient=ben)
    return Cast(
        ada=ada,
        ben=ben,
        ahead=ahead,
        behind=behind,
        intake=intake.submit(patient=ada, answers=eligible_answers(date_of_birth="1985-05-17")),
        payment=_paid(behind),
        offer=_offered(ben, nurse),
        link=link,
    )


def _paid(visit: Appointment) -> Payment:
    at = now()
    return Payment.objects.create(
        appointment=visit,
        checkout=uuid4(),
        what=Payment.What.REST,
        amount_cents=49_500,
        currency="usd",
        state=Payment.State.PAID,
        expires_at=at + timedelta(hours=1),
        paid_at=at,
        settled_at=at,
    )


def _offered(patient: Patient, nurse: Nurse) -> Offer:
    at = now()
    starts_at = at + timedelta(days=20)
    day = starts_at.date()
    entry = WaitingEntry.objects.create(
        patient=patient, therapy=factories.therapy(), first_day=day, last_day=day
    )
    return Offer.objects.create(
        entry=entry,
        nurse=nurse,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=190),
        time_zone=factories.CHICAGO,
        offered_at=at,
        expires_at=at + timedelta(hours=2),
    )


def sign_in(client: Client, user: User) -> None:
    """Sign in as somebody who has just typed their password: pages that ask for it are open."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def pages(people: Cast) -> Iterator[Page]:
    """Yield every page: public ones, Ada's, and what only who has just begun sees."""
    for name in OPEN:
        yield Page(name, reverse(name))
    for name, where in _private(people).items():
        yield Page(name, where, people.ada.user)
    for name in ("visits", "book", "intake", "intake-review-page", "account-home"):
        yield Page(name, reverse(name), people.ben.user)
    section = reverse("intake-section", args=["medicines"])
    yield Page("intake-section", section, people.ben.user)


OPEN = (
    "home", "treatments", "safety", "prepare", "cream", "interactions", "who-should-not",
    "questions", "prices", "contact", "area", "account_login", "account_signup",
    "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done", "account_inactive",
)  # fmt: skip
PLAIN = (
    "account", "account-about", "account-home", "account-escort", "account-messages",
    "account-devices", "account-data", "account_email", "account_change_password", "mfa_index",
    "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate",
    "intake", "intake-again", "visits", "visits-subscribe", "consent-list",
    "documents", "check-ins", "check-in", "book", "payments",
)  # fmt: skip


def _private(people: Cast) -> dict[str, str]:
    day = f"{now().date() + timedelta(days=6)}"
    of_ahead = {
        name: reverse(name, args=[people.ahead.pk])
        for name in ("visit", "visit-move", "visit-cancel", "visit-booked", "visit-pay")
    }
    at = f"{day}T16:00Z"
    return {
        **{name: reverse(name) for name in PLAIN},
        **of_ahead,
        "intake-outcome": reverse("intake-outcome", args=[people.intake.pk]),
        "consent-page": reverse("consent-page", args=["privacy"]),
        "book-time": reverse("book-time", args=["mood-40"]) + f"?day={day}",
        "book-check": reverse("book-check", args=["mood-40"]) + f"?at={at}",
        "book-course": reverse("book-course", args=["pain-240"]),
        "wait": reverse("wait", args=["mood-40"]),
        "payment": reverse("payment", args=[people.payment.pk]),
        "offer": reverse("offer", args=[offer_links.token(people.offer)]),
        "link": people.link,
    }


def page_names() -> set[str]:
    """Give the name of each address that a visitor or patient may open."""
    return {name for name in _names(get_resolver().url_patterns) if name not in NOT_PAGES}


def _names(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in patterns:
        where = before + str(one.pattern)
        if where.startswith(ELSEWHERE):
            continue
        if isinstance(one, URLResolver):
            yield from _names(one.url_patterns, where)
        elif one.name:
            yield one.name
