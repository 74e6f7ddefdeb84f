"""The medicine's way: what was drawn, given, wasted and returned, in milligrams."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from booking import appointments, attention
from booking.models import FREED, Appointment
from booking.notices.words import first_name
from config.core.errors import Malformed, WrongState, deadlocks_retried
from config.core.models import Role, User
from nurses.models import Dose
from nurses.record import Record
from nurses.writing import Told, once, page


@deadlocks_retried
def record_dose(
    *,
    appointment_id: UUID,
    by: User,
    at: datetime,
    client_id: str,
    lot: str,
    drawn_mg: Decimal,
    given_mg: Decimal,
    wasted_mg: Decimal,
    returned_mg: Decimal,
    witness: str = "",
) -> tuple[Dose, bool]:
    """Write one unit of the medicine down and say whether it is new.

    Raises
    ------
    Malformed
        `unbalanced`, or a witness who cannot be one.
    WrongState
        Before the infusion started.
    """
    told = Told(by, at, client_id)

    def write(appointment: Appointment) -> Dose:
        if drawn_mg != given_mg + wasted_mg + returned_mg:
            raise Malformed("unbalanced", "Drawn must equal given + wasted + returned.", "drawn_mg")
        record = Record.of(appointment)
        if record.infusion_started_at is None or appointment.is_consultation:
            raise WrongState("Doses are recorded from the start of the infusion on.")
        dose = Dose.objects.create(
            **told.fields(appointment),
            lot=lot,
            drawn_mg=drawn_mg,
            given_mg=given_mg,
            wasted_mg=wasted_mg,
            returned_mg=returned_mg,
            witness=_witness(email=witness, by=by),
            exceeds_order=_exceeds(appointment, record.given_mg + given_mg),
        )
        _take_in_dose(appointment=appointment, dose=dose)
        return dose

    return once(Dose.objects, appointment_id=appointment_id, told=told, write=write)


def _witness(*, email: str, by: User) -> User | None:
    if not email:
        return None
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise Malformed("unknown_witness", "Nobody here has this e-mail address.", "witness")
    if found.pk == by.pk:
        raise Malformed("witness_is_self", "Waste is witnessed by another person.", "witness")
    if found.role == Role.PATIENT:
        raise Malformed("witness_is_patient", "A patient cannot be the witness.", "witness")
    return found


def _exceeds(appointment: Appointment, given_mg: Decimal) -> bool:
    return appointment.order is not None and given_mg > appointment.order.dose_mg


def _take_in_dose(*, appointment: Appointment, dose: Dose) -> None:
    if dose.given_mg > 0:
        appointments.progress(appointment=appointment, dosed_at=dose.at)
    by = first_name(dose.recorded_by.name)
    if dose.is_witness_pending:
        waste = f"Waste of {dose.wasted_mg.normalize():f} mg"
        attention.ask(
            kind="witness_pending",
            key=f"dose/{dose.pk}",
            detail=f"{waste} has no witness yet (recorded by {by}).",
            appointment=appointment,
        )
    problems: dict[str, str] = {}
    if dose.exceeds_order:
        problems["exceeds_order"] = "More was given than the order says"
    if dose.given_mg > 0 and appointment.status in FREED:
        problems["not_held"] = "Something was given at a visit that counted as not held"
    for code, problem in problems.items():
        attention.ask(
            kind="dose",
            key=f"dose/{dose.pk}/{code}",
            detail=f"{problem} (recorded by {by}).",
            appointment=appointment,
        )
    if problems:
        page(dose, appointment=appointment, what="; ".join(problems.values()))
