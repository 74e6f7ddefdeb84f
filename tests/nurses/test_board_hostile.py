"""The board under attack: text that is no text, forms from elsewhere, two dispatchers at once."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from booking.models import Appointment
from config.core.models import Role
from nurses import dispatch
from nurses.models import Plan, Route
from tests.factories import make_nurse, make_user
from tests.nurses import test_board
from tests.nurses.test_board import ASSIGN, BOARD, DAY, PLAN, page, planned, preview_of, publish
from tests.nurses.test_route import book

clock, dan = test_board.clock, test_board.dan

HOSTILE = (
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg><script>alert(1)</script>",
    "{{ 7|add:7 }}{% debug %}",
    "javascript:alert(1)",
)


class Elements(HTMLParser):
    """What a browser would make of a page: its elements and where they lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if "alert(1)" in (value or "") and (
                name.startswith("on") or name in ("src", "href", "action")
            ):
                self.bad.append(f"{tag} {name}={value}")
            if tag == "img" and (name, value) == ("src", "x"):
                self.bad.append("img")
        self._open = tag

    def handle_data(self, data: str) -> None:
        if getattr(self, "_open", "") == "script" and data.startswith("alert(1)"):
            self.bad.append("script")


@pytest.mark.parametrize("text", HOSTILE)
def test_it_shows_what_people_typed_as_text_and_nothing_else(dan: Client, text: str) -> None:
    cleo = make_nurse(name=f"{text} Marsh")
    visit, lost = book(cleo), book(None, 1)
    for one in (visit, lost):
        one.patient.user.name = text
        one.patient.user.save()
        one.line1 = one.line2 = one.city = text
        one.save()
    pages = [
        page(dan),
        page(dan, preview_of(planned(dan))),
        dan.post(ASSIGN, {"visit": lost.pk, "nurse": cleo.pk}).content.decode(),
        dan.post(ASSIGN, {"visit": text, "nurse": text}).content.decode(),
        dan.post(PLAN, {"seconds": text, "seed": text}).content.decode(),
        page(dan, "/admin/"),
    ]
    make_nurse(name=f"{text} Lee")
    told = publish(dan, planned(dan))
    assert told.status_code == 200
    for shown in [*pages, told.content.decode()]:
        assert Elements(shown).bad == []
    assert escape(text) in pages[0]


def test_it_says_whom_a_nurse_goes_to_as_text(dan: Client) -> None:
    cleo, visit = make_nurse(name=f"{HOSTILE[2]} Marsh"), book(None)
    visit.patient.user.name = HOSTILE[0]
    visit.patient.user.save()
    shown = dan.post(ASSIGN, {"visit": visit.pk, "nurse": cleo.pk}, follow=True).content.decode()
    assert "goes to" in shown
    assert Elements(shown).bad == []


def strict(role: Role = Role.DISPATCHER) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(role=role, name="Dan Reyes"))
    return client


def test_it_takes_no_form_from_elsewhere() -> None:
    cleo, visit = make_nurse(), book(None)
    plan = dispatch.plan(day=DAY)
    client = strict()
    page(client)
    foreign = {"origin": "https://elsewhere.example"}
    address = reverse("board-publish", args=[str(DAY), plan.pk])
    forms: list[tuple[str, dict[str, Any]]] = [
        (PLAN, {}),
        (ASSIGN, {"visit": visit.pk, "nurse": cleo.pk}),
        (address, {"confirmed": "yes"}),
    ]
    for where, what in forms:
        assert client.post(where, what).status_code == 403
        assert client.post(where, what, headers=foreign).status_code == 403
    assert Appointment.objects.get(pk=visit.pk).nurse is None
    assert (Plan.objects.count(), Route.objects.count()) == (1, 0)


def test_it_takes_its_own_forms() -> None:
    cleo, visit = make_nurse(), book(None)
    client = strict()
    page(client)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    answer = client.post(ASSIGN, {"visit": visit.pk, "nurse": cleo.pk, **token})
    assert answer.status_code == 302
    assert Appointment.objects.get(pk=visit.pk).nurse == cleo


def test_it_changes_nothing_by_being_read(dan: Client) -> None:
    make_nurse()
    book(None)
    plan = dispatch.plan(day=DAY)
    address = reverse("board-publish", args=[str(DAY), plan.pk])
    for where in (BOARD, PLAN, ASSIGN, preview_of(plan), f"{address}?confirmed=yes"):
        assert dan.get(where).status_code in (200, 302)
        assert dan.head(where).status_code in (200, 302, 405)
    assert (Plan.objects.count(), Route.objects.count()) == (1, 0)
    assert Appointment.objects.get().nurse is None
