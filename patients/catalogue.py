"""What a new clinic starts with; what is there already is never touched."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from config.core.postgres import prepared
from patients import articles, consent
from patients.answers import storable
from patients.models import ConsentDocument, Permit, ServiceArea, Therapy

OFFERED = "SELECT {columns} FROM patients_therapy WHERE slug = %s AND is_active"
TEXTS = Path(__file__).parent / "consents"

# Minutes, spacing and dose limits: docs/domain.md, "The service". Prices are an example.
THERAPIES: dict[str, dict[str, Any]] = {
    "consultation": {
        "name": "Free consultation",
        "infusion_minutes": 30,
        "needs_order": False,
    },
    "mood-40": {
        "name": "Mood session, 40 minutes",
        "prep_minutes": 30,
        "infusion_minutes": 40,
        "observation_minutes": 120,
        "min_interval_hours": 48,
        "price_cents": 49_500,
        "max_mg_per_kg": Decimal("0.5"),
    },
    "pain-240": {
        "name": "Pain session, 4 hours",
        "prep_minutes": 30,
        "infusion_minutes": 240,
        "observation_minutes": 120,
        "min_interval_hours": 20,
        "price_cents": 95_000,
        "max_mg_per_kg_hour": Decimal("0.35"),
        "max_mg_per_hour": Decimal(25),
    },
    "maintenance-40": {
        "name": "Maintenance session, 40 minutes",
        "prep_minutes": 30,
        "infusion_minutes": 40,
        "observation_minutes": 120,
        "min_interval_hours": 28 * 24,
        "price_cents": 45_000,
        "max_mg_per_kg": Decimal("0.5"),
    },
}

CONSENTS = {
    "treatment": "Consent to treatment",
    "telehealth-privacy": "Telehealth and privacy",
    "driving-escort": "Driving and the adult who stays with you",
}
CONSENTS_IN_SPANISH = {
    "treatment": "Consentimiento para el tratamiento",
    "telehealth-privacy": "Atención a distancia y privacidad",
    "driving-escort": "Conducir, y la persona adulta que se queda con usted",
}

# Examples only: the clinic's counsel decides. A state without a row is denied as well.
PERMITS = {
    "IL": (True, _("A prescriber can be reached by phone during the whole visit.")),
    "IN": (True, _("A prescriber can be reached by phone during the whole visit.")),
    "WI": (True, _("A prescriber has seen the patient in person within the last year.")),
    "MI": (False, ""),
}

AREA = {"latitude": 41.88, "longitude": -87.63, "radius_km": 60}


def offered(slug: str) -> Therapy | None:
    """Return a therapy that can be booked."""
    found = prepared.row(OFFERED.format(columns=prepared.columns(Therapy)), [slug])
    return prepared.load(Therapy, found) if found else None


@transaction.atomic
def install() -> int:
    """Create what is missing and return how many rows that was."""
    return sum((_therapies(), _consents(), _permits(), _areas(), articles.install()))


def _therapies() -> int:
    return sum(
        Therapy.objects.get_or_create(slug=slug, defaults={**fields, "position": position})[1]
        for position, (slug, fields) in enumerate(THERAPIES.items())
    )


def _consents() -> int:
    known = set(ConsentDocument.objects.values_list("slug", flat=True))
    new = [slug for slug in CONSENTS if slug not in known]
    for slug in new:
        text = (TEXTS / f"{slug}.txt").read_text(encoding="utf-8")
        consent.publish(slug=slug, title=CONSENTS[slug], text=text)
    return len(new) + sum(_translated(slug) for slug in CONSENTS)


def _translated(slug: str) -> bool:
    """Add our Spanish to the text it was made from, where that is still the current one."""
    text = (TEXTS / f"{slug}.txt").read_text(encoding="utf-8")
    spanish = (TEXTS / f"{slug}.es.txt").read_text(encoding="utf-8")
    current = ConsentDocument.objects.filter(slug=slug).order_by("-version").first()
    is_ours = current is not None and current.sha256 == consent.fingerprint(storable(text))
    if current is None or not is_ours or current.translations.exists():
        return False
    consent.translate(document=current, title=CONSENTS_IN_SPANISH[slug], text=spanish)
    return True


def _permits() -> int:
    return sum(
        Permit.objects.get_or_create(
            state=state,
            defaults={
                "is_permitted": is_permitted,
                "supervision": supervision,
                "is_example": True,
            },
        )[1]
        for state, (is_permitted, supervision) in PERMITS.items()
    )


def _areas() -> int:
    return int(ServiceArea.objects.get_or_create(name="Chicago metro", defaults=AREA)[1])
