"""How to get into homes, each in its patient's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from config.core.clock import now
from patients.models import HomeNotes, Patient

# What is said of a home -> how its nurse reads it.
LABELS = {
    "parking": "Parking",
    "entry": "Door, code, bell",
    "stairs": "Stairs, elevator",
    "pets": "Pets",
    "more": "More",
}
SAID = tuple(LABELS)


def notes_of(patient: Patient) -> HomeNotes | None:
    """Return what the patient says of the home they live in now."""
    address = getattr(patient, "address", None)
    if address is None:
        return None
    return HomeNotes.objects.filter(patient=patient, **HomeNotes.where(address)).first()


def notes_at(visits: Iterable[Any]) -> dict[Any, HomeNotes]:
    """Return what was said of the homes that visits were promised at, by the visit's key.

    Whoever has moved since is still visited where it was promised.
    """
    visits = list(visits)
    found = HomeNotes.objects.filter(patient__in={visit.patient_id for visit in visits})
    known = {(row.patient_id, *_where(row)): row for row in found}
    keys = {visit.pk: (visit.patient_id, *_where(visit)) for visit in visits}
    return {pk: known[key] for pk, key in keys.items() if key in known}


def _where(home: Any) -> tuple[str, ...]:
    return tuple(getattr(home, name) for name in ("line1", "line2", "postal_code"))


def write(*, patient: Patient, notes: Mapping[str, str]) -> None:
    """Keep what the patient says of the home they live in now."""
    said: dict[str, Any] = {name: notes.get(name, "") for name in SAID}
    where: dict[str, Any] = HomeNotes.where(patient.address)
    HomeNotes.objects.update_or_create(
        patient=patient, **where, defaults={**said, "changed_at": now()}
    )


def as_said(notes: HomeNotes | None) -> dict[str, str]:
    """Return what was said, and nothing of what was not."""
    return {name: text for name in SAID if notes and (text := getattr(notes, name))}


def as_lines(notes: HomeNotes | None) -> list[tuple[str, str]]:
    """Return what was said, each under its own name, and nothing of what was not."""
    return [(LABELS[name], text) for name, text in as_said(notes).items()]
