"""What every piece of a page looks like, for whoever makes pages."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking import overview
from config import palette
from config.core import clock, on_the_way


class Pair(NamedTuple):
    """Two colours that meet, and their contrast in a theme."""

    theme: str
    text: str
    ground: str
    text_colour: str
    ground_colour: str
    ratio: float
    wanted: float


class SampleForm(forms.Form):
    """One field of each sort."""

    name = forms.CharField(label="Your name", help_text="As it stands on your card.")
    born = forms.DateField(
        label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    state = forms.ChoiceField(
        label="State", choices=[("", "Choose"), ("IL", "Illinois"), ("WI", "Wisconsin")]
    )
    pets = forms.ChoiceField(
        label="Are there animals at home?",
        choices=[("no", "No"), ("dog", "A dog"), ("other", "Others")],
        widget=forms.RadioSelect,
    )
    where = forms.MultipleChoiceField(
        label="Where does it hurt?",
        choices=[("back", "Back"), ("legs", "Legs"), ("hands", "Hands and arms")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    notes = forms.CharField(
        label="Anything else", widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    agreed = forms.BooleanField(label="I have read the form and agree to it.")


DAYS = [
    {"weekday": day, "number": 23 + at, "month": "Nov" if not at else "", "says": says}
    | {"label": f"{day} {23 + at} November, {says}", "href": "#days", "is_full": says == "full"}
    | {"is_chosen": at == 1, "date": date(2026, 11, 23 + at)}
    for at, (day, says) in enumerate(
        [
            ("Mon", "full"),
            ("Tue", "6 times"),
            ("Wed", "9 times"),
            ("Thu", "2 times"),
            ("Fri", "11 times"),
            ("Sat", "4 times"),
            ("Sun", "full"),
        ]
    )
]
TIMES = [
    {"label": label, "href": "#times", "is_chosen": label == "10:30 AM", "id": ""}
    for label in ("8:15 AM", "9:00 AM", "9:45 AM", "10:30 AM", "11:15 AM")
]
STEPS = [
    {"label": "Your answers were reviewed", "tag": "done", "colour": "green", "is_done": True},
    {"label": "Your prescription", "tag": "with us", "colour": "teal", "is_done": False}
    | {"detail": "A clinician writes it. Usually within two days."},
    {"label": "Sign the consent form", "tag": "your turn", "colour": "amber", "is_done": False}
    | {"detail": "It takes five minutes.", "url": "#checklist", "action": "Read and sign it"},
]
ROWS = [
    {"label": "When", "value": "Tuesday 24 November, 10:30 AM", "url": "#rows", "action": "Change"},
    {"label": "Where", "value": "1201 Lake St\nOak Park, IL 60301"},
    {"label": "With you", "value": "Sam Ortiz", "more": "+1 312 555 0123"}
    | {"url": "#rows", "action": "Change"},
]
MOMENTS = [
    {"when": "Fri 20 Nov, 9:12 AM", "title": "You booked", "state": "done"},
    {"when": "Tue 24 Nov, 4:30 AM", "said": "now", "title": "Nothing to eat", "state": "now"}
    | {"detail": "Clear drinks are fine until 8:30 AM."},
    {"when": "Tue 24 Nov, 10:30 AM", "title": "Your nurse arrives", "state": "ahead"}
    | {"url": "#timeline", "action": "What to have ready"},
]
NOW = {
    "until": "Now, until 4:30 AM",
    "headline": "Have a light supper",
    "detail": "Nothing to eat after 4:30 AM on Tuesday. Sam Ortiz stays with you that evening.",
}
WAY = on_the_way.Way("#times", "Tuesday 24 November, 10:30 AM")
ICONS = [
    *("done", "waiting", "next", "phone", "calendar", "place"),
    *("alert", "lock", "earlier", "later"),
]


@staff_member_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every piece, and the colours with their contrast."""
    filled = SampleForm({"name": "Ada Abara", "state": "IL", "pets": "dog"})
    filled.is_valid()
    shown: dict[str, Any] = {
        "pairs": _pairs(),
        "clock": overview.example(at=clock.now()),
        "sample": SampleForm(auto_id="clean_%s"),
        "refused": filled,
        "sent": [("name", "Ada"), ("once", "0")],
        "nothing": "",
    }
    samples = {"days": DAYS, "times": TIMES, "steps": STEPS, "rows": ROWS, "moments": MOMENTS}
    more = {"now": NOW, "icons": ICONS, "way": WAY}
    return render(request, "styleguide.html", shown | samples | more)


def _pairs() -> list[Pair]:
    css = (Path(settings.BASE_DIR) / palette.CSS).read_text(encoding="utf-8")
    return [
        Pair(
            theme=theme,
            text=text,
            ground=ground,
            text_colour=colours[text],
            ground_colour=colours[ground],
            ratio=palette.contrast(colours[text], colours[ground]),
            wanted=wanted,
        )
        for theme, colours in palette.themes(css).items()
        for pairs, wanted in ((palette.TEXTS, 4.5), (palette.EDGES, 3.0))
        for text, ground in pairs
    ]
