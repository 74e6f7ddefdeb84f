"""Locks on what a promise is about, always taken in one order: the patient, then the visit."""

from __future__ import annotations

from uuid import UUID

from booking.models import Appointment
from config.core.postgres import prepared
from patients.accounts import patient_of
from patients.models import Address, Patient

LOCKED_PATIENT = "SELECT {} FROM patients_patient WHERE user_id = %s FOR UPDATE"
HOME = "SELECT {} FROM patients_address WHERE patient_id = %s"
OF_A_PATIENT = Address.patient.field.remote_field


def lock_patient(patient: Patient) -> Patient:
    """Lock the patient's row until the transaction ends, and read it and where they live.

    Of a patient who was not read before only the account need be known.
    """
    found = prepared.row(LOCKED_PATIENT.format(prepared.columns(Patient)), [patient.user_id])
    if found is None:
        if patient._state.adding:  # noqa: SLF001  they have asked for nothing yet
            return lock_patient(patient_of(patient.user))
        raise Patient.DoesNotExist
    locked = prepared.load(Patient, found)
    # Not in one statement: one that has waited for the row would give the home of before.
    home = prepared.row(HOME.format(prepared.columns(Address)), [locked.pk])
    OF_A_PATIENT.set_cached_value(locked, prepared.load(Address, home) if home else None)
    return locked


def locked(appointment_id: UUID) -> Appointment:
    """Lock the patient, then the appointment, and return it as it is now."""
    patient_id = Appointment.objects.values_list("patient", flat=True).get(pk=appointment_id)
    Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("patient__user", "therapy", "order", "nurse__user")
        .get(pk=appointment_id)
    )
