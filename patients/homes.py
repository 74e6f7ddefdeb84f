"""How to get into homes, each in its patient's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.core.clock import now
from patients.models import HomeNotes, Patient

SAID = ("parking", "entry", "stairs", "pets", "more")


def notes_of(patient: Patient) -> HomeNotes | None:
    """Return what the patient says of the home they live in now."""
    address = getattr(patient, "address", None)
    if address is None:
        return None
    return HomeNotes.objects.filter(patient=patient, **HomeNotes.where(address)).first()


def notes_at(visit: Any) -> HomeNotes | None:
    """Return what was said of the home a visit was promised at, wherever the patient lives now."""
    where = {name: getattr(visit, name) for name in ("line1", "line2", "postal_code")}
    return HomeNotes.objects.filter(patient_id=visit.patient_id, **where).first()


def write(*, patient: Patient, notes: Mapping[str, str]) -> None:
    """Keep what the patient says of the home they live in now."""
    HomeNotes.objects.update_or_create(
        patient=patient,
        **HomeNotes.where(patient.address),
        defaults={name: notes.get(name, "") for name in SAID} | {"changed_at": now()},
    )


def as_lines(notes: HomeNotes | None) -> list[tuple[str, str]]:
    """Return what was said, each under its own name, and nothing of what was not."""
    if notes is None:
        return []
    fields = HomeNotes._meta  # noqa: SLF001
    said = [(fields.get_field(name), getattr(notes, name)) for name in SAID]
    return [(str(field.verbose_name).capitalize(), text) for field, text in said if text]
