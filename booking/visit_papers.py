"""What a patient keeps of a visit: when it was, who came, until when not to drive, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext as _

from booking.models import ENDED, Appointment, Status
from booking.notices import words
from patients import dates, papers
from patients.models import Patient
from patients.papers import Fact, Paper
from patients.paragraphs import Block, Kind


def past(*, patient: Patient) -> QuerySet[Appointment]:
    """Return the visits that are over and in which something was given, newest first."""
    mine = Appointment.objects.filter(patient=patient, dosed_at__isnull=False, status__in=ENDED)
    return mine.select_related("nurse__user").order_by("-starts_at")


def given_at(*, patient: Patient) -> list[datetime]:
    """Return when medicine was given first in each visit, oldest first."""
    mine = Appointment.objects.filter(patient=patient, dosed_at__isnull=False)
    return [at for at in mine.order_by("dosed_at").values_list("dosed_at", flat=True) if at]


def summary(*, patient: Patient, visit_id: UUID) -> Paper | None:
    """Return the summary of one of the patient's visits; None where there is none."""
    visit = past(patient=patient).filter(pk=visit_id).first()
    if visit is None:
        return None
    zone = ZoneInfo(visit.time_zone)
    day = dates.say_day(visit.starts_at, zone)
    data = papers.data_of(
        title=_("Your visit on %(day)s") % {"day": day},
        language=(get_language() or "en").partition("-")[0],
        blocks=_advice(),
        facts_title=_("The visit"),
        facts=_facts(visit, patient=patient, zone=zone),
        foot=_("For %(name)s") % {"name": patient.user.name or patient.user.email},
    )
    at = visit.discharged_at or visit.ends_at
    name = f"visit-{visit.starts_at.astimezone(zone):%Y-%m-%d}"
    return Paper(name=name, pdf=papers.pdf("visit", data=data, at=at))


def nurse_of(visit: Appointment) -> str:
    """Return the first name of the nurse who came."""
    return words.first_name(visit.nurse.user.name) if visit.nurse else ""


def _facts(visit: Appointment, *, patient: Patient, zone: ZoneInfo) -> Iterator[Fact]:
    yield Fact(_("Patient"), patient.user.name or patient.user.email)
    yield Fact(_("Planned for"), dates.say_moment(visit.starts_at, zone))
    if visit.discharged_at:
        yield Fact(_("Ended"), dates.say_moment(visit.discharged_at, zone))
    if visit.status == Status.TRANSFERRED:
        yield Fact(_("After that"), _("Handed over to emergency care"))
    yield Fact(_("Nurse"), nurse_of(visit))
    if visit.drive_after:
        until = dates.say_moment(visit.drive_after, zone)
        yield Fact(_("Do not drive before"), until)
    yield Fact(_("Clinic"), f"{settings.CLINIC_NAME}, {settings.CLINIC_PHONE}".strip(", "))


def _advice() -> Iterator[Block]:
    yield Block(Kind.HEADING, (_("Until you may drive again"),))
    yield Block(
        Kind.LIST,
        (
            _("No car, no bicycle in traffic, no machines or power tools, no ladders."),
            _("No alcohol for 24 hours, and no sleeping pills that were not prescribed to you."),
            _("Sign nothing important, and do not look after small children alone."),
            _("Let the adult who is with you stay through the night."),
        ),
    )
    yield Block(Kind.HEADING, (_("In the coming days"),))
    yield Block(
        Kind.LIST,
        (
            _("Rest. Leave out large gatherings, and work that can wait."),
            _("Take your other medicines as they were prescribed."),
            _("Tell us how you are in a check-in, as often as you like."),
        ),
    )
    yield Block(Kind.HEADING, (_("Call for help"),))
    emergency = {"number": settings.EMERGENCY_NUMBER, "phone": settings.CLINIC_PHONE}
    yield Block(
        Kind.LIST,
        (
            _(
                "Call %(number)s for trouble breathing, chest pain, a seizure, or if you cannot be "
                "woken."
            )
            % emergency,
            _("If you think of ending your life, call or text 988, at any hour."),
            _("For anything else that worries you, call us at %(phone)s.") % emergency,
        ),
    )
