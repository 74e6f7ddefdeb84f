"""What a message rests on that may have changed since it was planned, asked when it is due."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from booking.clock import at_local, local_day
from booking.models import ENDED, FREED, OCCUPYING, UNDER_WAY, Appointment, Notice, Offer, Status
from booking.notices.planned import Kind, PlanRules
from patients.accounts import zone_of
from patients.models import ConsentDocument, Intake, Order, Patient, Signature

# They say how a visit went, so they wait until somebody recorded that.
WAIT_FOR_THE_END = (Kind.driving_ended, Kind.coming_days, Kind.maintenance)
AFTERWARDS = (*WAIT_FOR_THE_END, Kind.how_are_you)
BROKEN_OFF = (*FREED, Status.TRANSFERRED)
LOOKED_AGAIN_AFTER = timedelta(hours=1)


# -- questions about a patient -------------------------------------------------------------------


def others(appointment: Appointment) -> QuerySet[Appointment]:
    """Return the patient's other infusions that were given or are promised."""
    counts = Q(status__in=OCCUPYING) | Q(dosed_at__isnull=False)
    found = Appointment.objects.filter(counts, patient=appointment.patient_id).infusions()
    return found.exclude(pk=appointment.pk)


def unsigned(patient: Patient) -> QuerySet[ConsentDocument]:
    """Return the texts that the patient signed in an earlier version only, newest first."""
    signed = Signature.objects.filter(patient=patient)
    newer = ConsentDocument.objects.filter(slug=OuterRef("slug"), version__gt=OuterRef("version"))
    earlier = signed.filter(
        document__slug=OuterRef("slug"), document__version__lt=OuterRef("version")
    )
    return ConsentDocument.objects.filter(
        ~Exists(newer), Exists(earlier), ~Exists(signed.filter(document=OuterRef("pk")))
    ).order_by("-published_at", "-pk")


def lapsing(appointment: Appointment) -> int | None:
    """Return the patient's answers if they are cleared and will not hold until the visit."""
    newest = Intake.objects.filter(patient=appointment.patient_id).order_by("-submitted_at", "-pk")
    # They are long, and are not read here.
    found = newest.values_list("pk", "status", "valid_until").first()
    if found is None or found[1] != Intake.Status.CLEARED or found[2] > appointment.starts_at:
        return None
    return int(found[0])


def about_consent(document_id: int) -> str:
    """Name a text to be signed."""
    return f"consent/{document_id}"


def about_intake(intake_id: int) -> str:
    """Name answers that will not hold."""
    return f"intake/{intake_id}"


def about_begun(at: datetime) -> str:
    """Name answers that were begun and not sent."""
    return f"intake-begun/{int(at.timestamp())}"


def about_offer(offer_id: int) -> str:
    """Name a time that was offered."""
    return f"offer/{offer_id}"


# -- objections ----------------------------------------------------------------------------------


def objection(notice: Notice, *, at: datetime) -> str:
    """Say why a message has nothing to say any more; empty if it has, or rests on nothing else."""
    appointment = notice.appointment
    if appointment is None:
        if notice.kind == Kind.offer:
            return _offered(notice)
        return _begun(notice) if notice.kind == Kind.intake_incomplete else ""
    if notice.kind in AFTERWARDS:
        return _not_given(notice, appointment) or _overtaken(notice, appointment, at=at)
    return _done(notice, appointment)


def _offered(notice: Notice) -> str:
    number = notice.subject_of.partition("/")[2]
    stands = number.isdecimal() and Offer.objects.open().filter(pk=int(number)).exists()
    return "" if stands else "the offer is over"


def _begun(notice: Notice) -> str:
    begun_at = notice.patient and notice.patient.intake_begun_at
    is_open = begun_at and about_begun(begun_at) == notice.subject_of
    return "" if is_open else "the answers were sent"


def _done(notice: Notice, appointment: Appointment) -> str:
    if notice.kind == Kind.consent_due:
        left = unsigned(appointment.patient).values_list("pk", flat=True)
        is_left = notice.subject_of in map(about_consent, left)
        return "" if is_left else "there is nothing left to sign"
    if notice.kind == Kind.intake_incomplete:
        intake_id = lapsing(appointment)
        is_same = intake_id and about_intake(intake_id) == notice.subject_of
        return "" if is_same else "the answers hold until the visit"
    return ""


def _not_given(notice: Notice, appointment: Appointment) -> str:
    """Whatever the status, whoever was given a dose is asked how they are."""
    if appointment.status not in BROKEN_OFF:
        return ""
    if notice.kind != Kind.how_are_you:
        return "the visit was broken off"
    return "" if appointment.dosed_at else "nothing was given"


def _overtaken(notice: Notice, appointment: Appointment, *, at: datetime) -> str:
    also = others(appointment)
    match notice.kind:
        case Kind.driving_ended:
            given = Q(dosed_at__isnull=False)
            under_way = Q(starts_at__lte=at, status__in=(Status.BOOKED, *UNDER_WAY))
            forbids = also.filter(given | under_way, drive_after__gt=at).exists()
            return "driving is not allowed yet" if forbids else ""
        case Kind.how_are_you:
            zone = ZoneInfo(appointment.time_zone)
            today = local_day(at, zone)
            begins, ends = (at_local(today + timedelta(days=n), time(), zone) for n in (0, 1))
            is_today = also.filter(status__in=OCCUPYING, starts_at__gte=begins, starts_at__lt=ends)
            return "a visit is on the same day" if is_today.exists() else ""
        case Kind.coming_days:
            return "the next visit is near" if _goes_on(appointment, also) else ""
        case _:
            return _not_invited(appointment, also, at=at)


def _goes_on(appointment: Appointment, also: QuerySet[Appointment]) -> bool:
    begins = appointment.starts_at
    return also.filter(starts_at__gt=begins, starts_at__lt=begins + PlanRules().run).exists()


def _not_invited(appointment: Appointment, also: QuerySet[Appointment], *, at: datetime) -> str:
    patient = appointment.patient
    ahead = Appointment.objects.filter(patient=patient).to_come(at=at)
    if also.filter(starts_at__gt=appointment.starts_at).exists() or ahead.exists():
        return "another visit is booked"
    day = local_day(at, zone_of(patient))
    orders = Order.objects.in_force(at=at, zone_date=day).filter(patient=patient)
    usable = orders.filter(sessions_reserved__lt=F("sessions"))
    return "" if usable.exists() else "no order is in force"


# -- not yet -------------------------------------------------------------------------------------


def not_yet(notice: Notice, *, at: datetime) -> datetime | None:
    """Return when to look again at a message that rests on an end nobody has recorded yet."""
    appointment = notice.appointment
    if appointment is None or notice.kind not in WAIT_FOR_THE_END:
        return None
    if appointment.status not in ENDED:
        return at + LOOKED_AGAIN_AFTER
    forbidden_until = appointment.drive_after
    if notice.kind == Kind.driving_ended and forbidden_until and forbidden_until > at:
        return forbidden_until
    return None
