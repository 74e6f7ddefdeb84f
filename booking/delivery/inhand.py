"""A message in a worker's hand: the statements each one takes, planned once per connection."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from booking.delivery import recovery
from booking.models import Appointment, Notice
from config.core.clock import now
from config.core.models import User
from config.core.postgres import prepared
from patients.models import Patient
from scheduling.models import Nurse

BEGIN = """
UPDATE booking_notice
SET status = 'sending', lease_until = %s, attempts = attempts + 1
WHERE id = %s AND status = 'claimed' AND claimed_by = %s AND lease_until > %s
"""
RECORD = """
UPDATE booking_notice
SET status = 'sent', sent_at = %s, address = %s, message_id = %s, title = %s, body = %s,
    why = %s, problem = '', claimed_by = '', lease_until = NULL
WHERE id = %s
"""


def begin(*, pk: int, worker: str) -> bool:
    """Commit that the provider is about to be called; false if the row is not ours any more."""
    return prepared.change(BEGIN, [recovery.lease(), pk, worker, now()]) == 1


def locked(pk: int) -> Notice:
    """Lock the row for the transaction and return it as it is then."""
    found = prepared.row(_lock(), [pk])
    if found is None:
        raise Notice.DoesNotExist
    return prepared.load(Notice, found)


def read_about(notice: Notice) -> None:
    """Read in one look the visit and the people whom the message concerns."""
    if notice.appointment_id is not None:
        notice.appointment = _visit(notice)
    elif notice.patient_id is not None:
        notice.patient = Patient.objects.select_related("user").get(pk=notice.patient_id)


def record(notice: Notice) -> None:
    """Write down that it was sent, where to and in which words."""
    sent = [notice.sent_at, notice.address, notice.message_id, notice.title, notice.body]
    prepared.change(RECORD, [*sent, notice.why, notice.pk])


def _visit(notice: Notice) -> Appointment:
    found = prepared.row(_about(), [notice.appointment_id])
    if found is None:
        raise Appointment.DoesNotExist
    models = (Appointment, Patient, User, Nurse, User)
    ends = [0]
    for model in models:
        ends.append(ends[-1] + prepared.columns(model).count(",") + 1)
    parts = [found[begins:end] for begins, end in pairwise(ends)]
    visit = prepared.load(Appointment, parts[0])
    visit.patient = prepared.load(Patient, parts[1])
    visit.patient.user = prepared.load(User, parts[2])
    if visit.nurse_id is not None:
        visit.nurse = prepared.load(Nurse, parts[3])
        visit.nurse.user = prepared.load(User, parts[4])
    return visit


@cache
def _lock() -> str:
    names = prepared.columns(Notice)
    return f"SELECT {names} FROM booking_notice WHERE id = %s FOR UPDATE"  # noqa: S608


@cache
def _about() -> str:
    parts = {
        "visit": Appointment,
        "patient": Patient,
        "person": User,
        "nurse": Nurse,
        "colleague": User,
    }
    names = ", ".join(prepared.columns(model, table) for table, model in parts.items())
    return f"""
        SELECT {names}
        FROM booking_appointment AS visit
        JOIN patients_patient AS patient ON patient.id = visit.patient_id
        JOIN core_user AS person ON person.id = patient.user_id
        LEFT JOIN scheduling_nurse AS nurse ON nurse.id = visit.nurse_id
        LEFT JOIN core_user AS colleague ON colleague.id = nurse.user_id
        WHERE visit.id = %s
    """  # noqa: S608
