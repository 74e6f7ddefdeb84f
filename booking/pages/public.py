"""The public pages that need the clock of a visit, or its price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_safe

from booking import overview, presenting, prices
from booking.pages.public_forms import PrepareForm
from config.core.clock import now
from patients import articles, structured
from patients.models import Therapy
from patients.pages import public_frame
from patients.pages.public_forms import ZipForm

NO_BREAK = "\N{NO-BREAK SPACE}"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show a visitor what this is."""
    offered = _offered()
    shown = public_frame.context(articles.find("home"), _offers(offered))
    rows = [_row(one) for one in offered]
    shown |= {"rows": rows, "form": ZipForm(), "example": overview.example(at=now())}
    return public_frame.show(request, "home.html", shown)


@require_safe
def prepare(request: HttpRequest) -> HttpResponse:
    """Show how to prepare, and what a visit at a time somebody thinks of would mean."""
    therapies = [one for one in _offered() if one.needs_order]
    first = {"day": (now() + timedelta(days=3)).date(), "at": "10:30"}
    form = PrepareForm(
        request.GET if "day" in request.GET else None, initial=first, therapies=therapies
    )
    shown = public_frame.context(articles.find("prepare")) | {"form": form}
    if form.is_valid() and form.times:
        shown["clock"] = presenting.clock_view(times=form.times, zone=form.zone)
    else:
        shown["example"] = overview.example(at=now())
    return public_frame.show(request, "booking/public/prepare.html", shown)


@require_safe
def price_list(request: HttpRequest) -> HttpResponse:
    """Show what each visit costs, before anything else."""
    offered = _offered()
    shown = public_frame.context(articles.find("prices"), _offers(offered))
    shown |= {"rows": [_row(one) for one in offered], "policy": prices.policy()}
    return public_frame.show(request, "booking/public/prices.html", shown)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A visit as the price list shows it; no deposit, no words of one."""

    name: str
    price: str
    length: str
    deposit: str


def _row(therapy: Therapy) -> PriceRow:
    deposit = prices.deposit_cents(therapy)
    return PriceRow(
        name=_(therapy.name),
        price=prices.say(therapy.price_cents) if therapy.price_cents else _("Free"),
        length=_length(therapy),
        deposit=prices.say(deposit) if deposit else "",
    )


def _length(therapy: Therapy) -> str:
    if not therapy.needs_order:
        return _("%(minutes)s minutes by video or phone.") % {"minutes": therapy.total_minutes}
    return _(
        "The nurse is with you for about %(all)s: %(prep)s to get ready, %(infusion)s of infusion, "
        "and %(observation)s of watching over you."
    ) % {
        "all": _said(therapy.total_minutes),
        "prep": _said(therapy.prep_minutes),
        "infusion": _said(therapy.infusion_minutes),
        "observation": _said(therapy.observation_minutes),
    }


def _said(minutes: int) -> str:
    """Return `40 minutes`, `2 hours`, or `3 h 10 min`, never broken in two."""
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        said = _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    elif hours:
        said = ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    else:
        said = ngettext("%(minutes)s minute", "%(minutes)s minutes", rest) % {"minutes": rest}
    return said.replace(" ", NO_BREAK)


def _offered() -> list[Therapy]:
    return list(Therapy.objects.filter(is_active=True))


def _offers(therapies: list[Therapy]) -> structured.Thing:
    return structured.offers(therapies, names={one.slug: _(one.name) for one in therapies})
