"""Locks on what a promise is about, always taken in one order: the patient, then the visit."""

from __future__ import annotations

from uuid import UUID

from booking.models import Appointment
from config.core.postgres import prepared
from patients.models import Patient

LOCKED_PATIENT = "SELECT {columns} FROM patients_patient WHERE id = %s FOR UPDATE"


def lock_patient(patient: Patient) -> Patient:
    """Lock the patient's row until the transaction ends."""
    sql = LOCKED_PATIENT.format(columns=prepared.columns(Patient))
    found = prepared.row(sql, [patient.pk])
    if found is None:
        raise Patient.DoesNotExist
    return prepared.load(Patient, found)


def locked(appointment_id: UUID) -> Appointment:
    """Lock the patient, then the appointment, and return it as it is now."""
    patient_id = Appointment.objects.values_list("patient", flat=True).get(pk=appointment_id)
    Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("patient__user", "therapy", "order", "nurse__user")
        .get(pk=appointment_id)
    )
