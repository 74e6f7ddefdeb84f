"""What PostgreSQL refuses to let happen to a promise, whoever asks."""

import pgtrigger

from booking.models.status import TRANSITIONS
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused, refused_where, written

GUARDS = [
    never_deleted("appointment_is_never_deleted"),
    pgtrigger.FSM(name="appointment_status_moves_forward", field="status", transitions=TRANSITIONS),
    refused(
        "appointment_drive_after_only_moves_later",
        'After a dose "do not drive before" only moves later.',
        condition=pgtrigger.Q(old__dosed_at__isnull=False)
        & (
            pgtrigger.Q(new__drive_after__lt=pgtrigger.F("old__drive_after"))
            | pgtrigger.Q(new__drive_after__isnull=True)
        ),
    ),
    refused(
        "appointment_is_for_one_patient_and_therapy",
        "A promise is not handed on: cancel it and book another.",
        condition=changed("patient", "therapy", "booked_at", "booked_by"),
    ),
    refused(
        "appointment_facts_never_change_once_told",
        "What happened at a visit is told once.",
        condition=changed_once_set("departed_at", "dosed_at", "discharged_at"),
    ),
    refused(
        "appointment_version_never_falls",
        "The version and the revision of a promise only grow.",
        condition=pgtrigger.Q(new__version__lt=pgtrigger.F("old__version"))
        | pgtrigger.Q(new__revision__lt=pgtrigger.F("old__revision")),
    ),
    refused(
        "appointment_moves_only_as_a_new_version",
        "A promise that moves is a new version of it.",
        condition=changed("starts_at", "ends_at", "time_zone")
        & pgtrigger.Q(new__version__lte=pgtrigger.F("old__version")),
    ),
    refused(
        "appointment_order_stays_once_under_way",
        "A visit under way rests on the order it began with.",
        condition=changed("order") & ~pgtrigger.Q(old__status="booked"),
    ),
    refused(
        "appointment_stays_in_its_course",
        "A visit is promised with its course, or without one.",
        condition=changed("course"),
    ),
    refused_where(
        "appointment_course_is_its_patients",
        "A course is of one patient and one therapy.",
        condition=pgtrigger.Q(new__course__isnull=False),
        sql="""
                    NOT EXISTS (
                        SELECT FROM booking_course WHERE id = NEW.course_id
                        AND patient_id = NEW.patient_id AND therapy_id = NEW.therapy_id
                    )
                """,
    ),
    refused_where(
        "appointment_for_an_infusion_has_an_order",
        "An infusion has an order, and nothing else has.",
        operation=written("order_id"),
        sql="""
                    (NEW.order_id IS NOT NULL) <> (
                        SELECT needs_order FROM patients_therapy WHERE slug = NEW.therapy_id
                    )
                """,
    ),
    refused_where(
        "appointment_order_is_its_patients",
        "The order of a visit is for the same patient and therapy.",
        operation=written("order_id"),
        condition=pgtrigger.Q(new__order__isnull=False),
        sql="""
                    NOT EXISTS (
                        SELECT FROM patients_order WHERE id = NEW.order_id
                        AND patient_id = NEW.patient_id AND therapy_id = NEW.therapy_id
                    )
                """,
    ),
]
