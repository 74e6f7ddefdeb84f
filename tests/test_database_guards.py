"""What PostgreSQL refuses whoever asks, by the guard's name; beside it, what it has to allow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, models, transaction
from pytest_django import DjangoDbBlocker

from booking.models import Appointment, CalendarFeed, Course, Notice, StaffTask, Status, VisitAnswer
from config.core.errors import constraint_of
from config.core.models import Role
from nurses.models import Dose, Event
from patients import consent
from patients.models import (
    AccountClosure,
    Article,
    CheckIn,
    ConsentDocument,
    ConsentTranslation,
    Draft,
    HomeNotes,
    Intake,
    Order,
    Signature,
)
from tests import factories, money_guards

pytestmark = pytest.mark.django_db
STARTS_AT = datetime(2027, 3, 3, 15, 30, tzinfo=UTC)  # 9:30 AM in Chicago
CLOCK = ("starts_at", "ends_at", "heavy_meal_until", "fast_from", "liquids_until", "drive_after")

Ids = dict[str, Any]


def update(model: type[models.Model], which: str, what: str) -> str:
    return f"UPDATE {model._meta.db_table} SET {what} WHERE id = %({which})s"


def delete(model: type[models.Model], which: str) -> str:
    return f"DELETE FROM {model._meta.db_table} WHERE id = %({which})s"


def copy(model: type[models.Model], which: str, **changes: str) -> str:
    """Insert the row anew with a few columns changed."""
    fields = [f for f in model._meta.concrete_fields if not f.generated]
    columns = [str(f.column) for f in fields if not f.primary_key or f.column in changes]
    table, values = model._meta.db_table, [changes.get(column, column) for column in columns]
    source = f"SELECT {', '.join(values)} FROM {table} WHERE id = %({which})s"
    return f"INSERT INTO {table} ({', '.join(columns)}) {source}"


def visit(what: str) -> str:
    return update(Appointment, "visit", what)


def given(what: str) -> str:
    return update(Appointment, "given", what)


def order(what: str) -> str:
    return update(Order, "order", what)


def notice(what: str) -> str:
    return update(Notice, "notice", what)


def shifted(hours: int) -> str:
    times = ", ".join(f"{name} = {name} + interval '{hours} hours'" for name in CLOCK)
    return update(Appointment, "next_day", f"{times}, version = version + 1")


def new_order(**changes: str) -> str:
    return copy(Order, "order", **{"sessions_reserved": "0", **changes})


def new_article(**changes: str) -> str:
    return copy(Article, "article", **{"version": "2", **changes})


def new_intake(**changes: str) -> str:
    return copy(Intake, "intake", **changes)


def new_dose(**changes: str) -> str:
    return copy(Dose, "dose", client_id="'new'", **changes)


def new_event(**changes: str) -> str:
    return copy(Event, "event", client_id="'new'", **changes)


def new_visit(**changes: str) -> str:
    times = {name: f"{name} + interval '40 hours'" for name in CLOCK}
    return copy(Appointment, "visit", **{"id": "gen_random_uuid()", **times, **changes})


def translated(**changes: str) -> str:
    return copy(ConsentTranslation, "translation", **{"document_id": "%(unlike)s", **changes})


def checked_in(**changes: str) -> str:
    return copy(CheckIn, "check_in", **{"client_id": "gen_random_uuid()", **changes})


SPANISH = "(SELECT sha256 FROM patients_consenttranslation WHERE document_id = %(document)s)"
SECOND = "second_prescriber_id = %(erin)s"

# guard, what it refuses, its legitimate twin
CASES: list[tuple[str, str, str]] = [
    # -- appointments
    (
        "appointment_is_for_one_patient_and_therapy",
        visit("patient_id = %(ben)s"),
        visit("nurse_id = %(cleo)s"),
    ),
    (
        "appointment_is_for_one_patient_and_therapy",
        visit("therapy_id = 'maintenance-40'"),
        visit("cancel_reason = 'ill', status = 'cancelled'"),
    ),
    (
        "appointment_order_is_its_patients",
        visit("order_id = %(bens_order)s"),
        visit("order_id = %(renewed)s"),
    ),
    (
        "appointment_order_is_its_patients",
        visit("order_id = %(other_therapy)s"),
        visit("order_id = %(renewed)s"),
    ),
    (
        "appointment_for_an_infusion_has_an_order",
        visit("order_id = NULL"),
        visit("order_id = order_id"),
    ),
    (
        "appointment_for_an_infusion_has_an_order",
        update(Appointment, "talk", "order_id = %(order)s"),
        update(Appointment, "talk", "order_id = NULL"),
    ),
    (
        "appointment_order_stays_once_under_way",
        given("order_id = %(renewed)s"),
        given("order_id = order_id"),
    ),
    *(
        (
            "appointment_facts_never_change_once_told",
            given(f"{fact} = {value}"),
            visit(f"{fact} = now()"),
        )
        for fact in ("dosed_at", "departed_at", "discharged_at")
        for value in ("NULL", "now()")
    ),
    ("appointment_version_never_falls", visit("version = 0"), visit("version = 2")),
    ("appointment_version_never_falls", given("revision = 0"), given("revision = 2")),
    (
        "appointment_moves_only_as_a_new_version",
        visit("starts_at = starts_at + interval '1 minute'"),
        visit("starts_at = starts_at + interval '1 minute', version = version + 1"),
    ),
    (
        "appointment_moves_only_as_a_new_version",
        visit("time_zone = 'Asia/Tokyo'"),
        visit("time_zone = 'America/Chicago'"),
    ),
    (
        "appointment_stops_food_and_drink_before_it",
        visit("fast_from = starts_at - interval '239 minutes'"),
        visit("fast_from = starts_at - interval '4 hours'"),
    ),
    (
        "appointment_stops_food_and_drink_before_it",
        visit("liquids_until = starts_at - interval '59 minutes'"),
        visit("liquids_until = starts_at - interval '1 hour'"),
    ),
    (
        "appointment_stops_food_and_drink_before_it",
        visit("heavy_meal_until = fast_from + interval '1 minute'"),
        visit("heavy_meal_until = fast_from"),
    ),
    (
        "appointment_forbids_driving_after_it",
        visit("drive_after = ends_at + interval '359 minutes'"),
        visit("drive_after = ends_at + interval '6 hours'"),
    ),
    (
        "appointment_drive_after_only_moves_later",
        given("drive_after = drive_after - interval '1 second'"),
        given("drive_after = drive_after + interval '1 second'"),
    ),
    (
        "appointment_drive_after_only_moves_later",
        given("drive_after = NULL"),
        update(Appointment, "talk", "drive_after = NULL"),
    ),
    (
        "appointment_drive_after_only_moves_later",
        given("dosed_at = NULL, drive_after = drive_after - interval '1 second'"),
        visit("dosed_at = NULL, drive_after = drive_after - interval '1 second'"),
    ),
    ("appointment_one_infusion_per_patient_and_day", shifted(-20), shifted(20)),
    (
        "appointment_lies_in_the_years_we_reckon_with",
        visit("drive_after = 'infinity'"),
        visit("drive_after = drive_after + interval '1 day'"),
    ),
    ("appointment_lies_on_the_earth", visit("latitude = 'NaN'"), visit("latitude = 41.9")),
    (
        "appointment_with_a_dose_is_an_infusion",
        update(Appointment, "talk", "dosed_at = now()"),
        visit("dosed_at = now()"),
    ),
    (
        "appointment_stays_in_its_course",
        update(Appointment, "in_course", "course_id = NULL"),
        update(Appointment, "in_course", "course_id = course_id"),
    ),
    (
        "appointment_stays_in_its_course",
        update(Appointment, "visit", "course_id = %(course)s"),
        update(Appointment, "visit", "course_id = NULL"),
    ),
    *(
        (
            "appointment_course_is_its_patients",
            new_visit(course_id=theirs),
            new_visit(course_id="%(course)s"),
        )
        for theirs in ("%(bens_course)s", "%(pain_course)s")
    ),
    (
        "course_is_for_one_patient_and_therapy",
        update(Course, "course", "patient_id = %(ben)s"),
        update(Course, "course", "patient_id = patient_id"),
    ),
    (
        "course_is_for_one_patient_and_therapy",
        update(Course, "course", "therapy_id = 'pain-240'"),
        update(Course, "course", "therapy_id = therapy_id"),
    ),
    (
        "course_is_never_deleted",
        delete(Course, "bens_course"),
        update(Course, "bens_course", "booked_at = booked_at"),
    ),
    ("appointment_is_never_deleted", delete(Appointment, "visit"), visit("status = 'cancelled'")),
    # -- orders
    *(
        ("order_figures_never_change", order(change), order("sessions_reserved = 2"))
        for change in (
            SECOND,
            "valid_until = valid_until + 1",
            "valid_until = valid_until - 1",
            "created_at = now()",
            "sessions = 60",
        )
    ),
    (
        "order_withdrawn_stays_withdrawn",
        update(Order, "withdrawn", "withdrawn_at = NULL"),
        order("withdrawn_at = now(), withdrawn_by_id = %(erin)s"),
    ),
    (
        "order_sessions_are_counted_one_by_one",
        order("sessions_reserved = sessions_reserved + 2"),
        order("sessions_reserved = sessions_reserved + 1"),
    ),
    (
        "order_sessions_are_counted_one_by_one",
        update(Order, "bens_order", "sessions_reserved = 3"),
        update(Order, "bens_order", "sessions_reserved = 1"),
    ),
    (
        "order_figures_are_numbers",
        new_order(weight_kg="'NaN'", dose_mg="0.01", rate_mg_per_hour="0.01"),
        new_order(dose_mg="0.01", rate_mg_per_hour="0.01"),
    ),
    (
        "order_figures_are_numbers",
        new_order(dose_mg="'NaN'", second_prescriber_id="%(erin)s"),
        new_order(dose_mg="90", second_prescriber_id="%(erin)s"),
    ),
    (
        "order_dates_can_be",
        new_order(evaluated_on="'1999-12-31'"),
        new_order(evaluated_on="'2000-01-01'"),
    ),
    ("order_dates_can_be", new_order(weighed_on="'1999-12-31'"), new_order()),
    ("order_dates_can_be", new_order(valid_until="'infinity'"), new_order()),
    (
        "order_begins_after_the_evaluation",
        new_order(evaluated_on="valid_from + 1"),
        new_order(evaluated_on="valid_from"),
    ),
    (
        "therapy_needs_an_order_or_never_does",
        "UPDATE patients_therapy SET needs_order = false WHERE slug = 'mood-40'",
        "UPDATE patients_therapy SET is_active = false WHERE slug = 'mood-40'",
    ),
    (
        "therapy_limits_are_numbers",
        "UPDATE patients_therapy SET max_mg_per_kg = 'NaN' WHERE slug = 'mood-40'",
        "UPDATE patients_therapy SET max_mg_per_kg = 0.4 WHERE slug = 'mood-40'",
    ),
    # -- doses and events
    *(
        ("dose_figures_are_numbers", new_dose(**{figure: "'NaN'", "drawn_mg": "'NaN'"}), new_dose())
        for figure in ("given_mg", "wasted_mg", "returned_mg")
    ),
    (
        "dose_is_known_to_its_visit",
        new_dose(appointment_id="%(visit)s"),
        new_dose(appointment_id="%(visit)s", given_mg="0", returned_mg="drawn_mg"),
    ),
    ("dose_never_changes", update(Dose, "dose", "lot = 'B'"), new_dose(lot="'B'")),
    ("event_happens_on_the_earth", new_event(latitude="'NaN'", longitude="0"), new_event()),
    # -- intakes, consents, patients
    *(
        (
            "intake_answers_never_change",
            f"UPDATE patients_intake SET {change} WHERE id = %(intake)s",
            "UPDATE patients_intake SET status = 'declined' WHERE id = %(intake)s",
        )
        for change in (
            "valid_until = valid_until + interval '1 day'",
            "submitted_at = now()",
            "outcome = 'crisis'",
        )
    ),
    (
        "intake_is_decided_by_somebody",
        "UPDATE patients_intake SET status = 'declined', decided_at = now() WHERE id = %(intake)s",
        "UPDATE patients_intake SET status = 'declined', decided_at = now(),"
        " decided_by_id = %(erin)s WHERE id = %(intake)s",
    ),
    (
        "intake_recheck_says_when_everything_was_asked",
        new_intake(rechecks_id="id"),
        new_intake(rechecks_id="id", full_at="submitted_at"),
    ),
    (
        "intake_rechecks_one_of_the_same_patient",
        new_intake(rechecks_id="%(bens_intake)s", full_at="submitted_at"),
        new_intake(rechecks_id="id", full_at="submitted_at"),
    ),
    (
        "draft_is_one_at_a_time_per_patient",
        copy(Draft, "draft"),
        copy(Draft, "draft", patient_id="%(eve)s"),
    ),
    (
        "draft_is_sent_as_an_intake",
        update(Draft, "draft", "sent_at = now()"),
        update(Draft, "draft", "sent_at = now(), intake_id = %(intake)s"),
    ),
    (
        "draft_is_sent_as_its_patients_intake",
        update(Draft, "draft", "sent_at = now(), intake_id = %(bens_intake)s"),
        update(Draft, "draft", "sent_at = now(), intake_id = %(intake)s"),
    ),
    (
        "draft_is_sent_once",
        update(Draft, "sent_draft", "answers = '{}'"),
        update(Draft, "draft", "answers = '{}'"),
    ),
    (
        "draft_is_one_patients",
        update(Draft, "draft", "patient_id = %(ben)s"),
        update(Draft, "draft", "patient_id = patient_id"),
    ),
    *(
        (
            "draft_crisis_is_never_forgotten",
            update(Draft, "draft", f"crisis_at = {value}"),
            update(Draft, "bens_draft", "crisis_at = now()"),
        )
        for value in ("NULL", "'2020-01-01'")
    ),
    (
        "draft_is_never_deleted",
        delete(Draft, "draft"),
        update(Draft, "draft", "answers = '{}'"),
    ),
    (
        "intake_decision_changes_with_its_status",
        "UPDATE patients_intake SET reason = 'another' WHERE id = %(intake)s",
        "UPDATE patients_intake SET reason = 'another', status = 'declined' WHERE id = %(intake)s",
    ),
    (
        "consent_document_hash_is_of_its_text",
        copy(ConsentDocument, "document", version="9", text="'other words'"),
        copy(ConsentDocument, "document", version="9"),
    ),
    (
        "signature_is_under_the_text_that_was_read",
        copy(Signature, "signature", patient_id="%(eve)s", sha256="repeat('0', 64)"),
        copy(Signature, "signature", patient_id="%(eve)s"),
    ),
    (
        "signature_is_under_the_text_that_was_read",
        copy(Signature, "signature", patient_id="%(eve)s", language="'es'"),
        copy(Signature, "signature", patient_id="%(eve)s", language="'es'", sha256=SPANISH),
    ),
    ("consent_translation_never_changes", delete(ConsentTranslation, "translation"), translated()),
    ("consent_translation_hash_is_of_its_text", translated(text="'otras palabras'"), translated()),
    ("consent_translation_language_is_known", translated(language="'fr'"), translated()),
    (
        "consent_is_translated_once_per_version",
        translated(document_id="document_id"),
        translated(),
    ),
    # -- check-ins
    ("check_in_never_changes", update(CheckIn, "check_in", "pain = NULL"), checked_in()),
    ("check_in_is_sent_once", checked_in(client_id="client_id"), checked_in()),
    (
        "check_in_stays_on_its_scales",
        checked_in(answers="""answers || '{"pain": 11}'""", pain="11"),
        checked_in(answers="""answers || '{"pain": 10}'""", pain="10"),
    ),
    *(
        ("check_in_scores_are_of_its_answers", checked_in(**wrong), checked_in())
        for wrong in (
            {"phq9": "phq9 + 1"},
            {"gad7": "3"},
            {"pain": "3"},
            {"self_harm": "0"},
            {"answers": "answers - 'phq9_1'"},
            {"answers": """answers || '{"phq9_1": -1, "phq9_2": 3}'"""},
        )
    ),
    (
        "patient_is_one_person",
        "UPDATE patients_patient SET user_id = %(erin)s WHERE id = %(ben)s",
        "UPDATE patients_patient SET phone = '' WHERE id = %(ben)s",
    ),
    (
        "address_is_never_deleted",
        "DELETE FROM patients_address WHERE patient_id = %(ben)s",
        "UPDATE patients_address SET line1 = '88 Harlem Ave' WHERE patient_id = %(ben)s",
    ),
    (
        "address_is_one_patients",
        "UPDATE patients_address SET patient_id = %(eve)s WHERE patient_id = %(ben)s",
        "UPDATE patients_address SET patient_id = patient_id WHERE patient_id = %(ben)s",
    ),
    # -- the texts of the public pages
    *(
        ("article_never_changes", change, new_article())
        for change in (update(Article, "article", "title = 'Another'"), delete(Article, "article"))
    ),
    ("article_versions_follow_each_other", new_article(version="3"), new_article()),
    ("article_language_is_known", new_article(language="'fr'", version="1"), new_article()),
    *(
        ("article_says_something", new_article(**{field: "''"}), new_article(sources="''"))
        for field in ("title", "summary", "body")
    ),
    # -- messages and tasks
    *(
        (
            "notice_says_one_thing_to_one_recipient",
            notice(change),
            notice("not_after = not_after + interval '1 day'"),
        )
        for change in (
            "notice_class = 'F'",
            "kind = 'prepare'",
            "appointment_id = %(given)s",
            "channel = 'sms'",
        )
    ),
    *(
        (
            "notice_is_retimed_only_while_it_waits",
            update(Notice, "sent", f"{moment} = {moment} + interval '1 day'"),
            notice(f"{moment} = {moment} + interval '1 day'"),
        )
        for moment in ("not_after", "ideal_at")
    ),
    (
        "notice_keeps_the_words_that_were_sent",
        update(Notice, "sent", "body = 'You may drive.'"),
        notice("body = 'You may not drive.'"),
    ),
    (
        "notice_is_acknowledged_by_somebody",
        notice("acknowledged_at = now()"),
        notice("acknowledged_at = now(), acknowledged_by_id = %(erin)s"),
    ),
    (
        "notice_is_acknowledged_once",
        update(Notice, "sent", "acknowledged_at = NULL, acknowledged_by_id = NULL"),
        notice("acknowledged_at = NULL, acknowledged_by_id = NULL"),
    ),
    (
        "notice_is_acknowledged_by_somebody",
        notice("acknowledged_as = 'dan@example.com'"),
        notice("acknowledged_at = now(), acknowledged_as = 'dan@example.com'"),
    ),
    (
        "notice_is_planned_once",
        copy(Notice, "notice"),
        copy(Notice, "notice", seat="1"),
    ),
    (
        "notice_is_handled_by_somebody",
        notice("handled_at = now()"),
        notice("handled_at = now(), handled_by_id = %(erin)s"),
    ),
    (
        "notice_is_handled_once",
        update(Notice, "sent", "handled_at = NULL, handled_by_id = NULL"),
        update(Notice, "sent", "handled_at = handled_at"),
    ),
    *(
        (
            "visit_answer_is_never_changed",
            change,
            copy(VisitAnswer, "answer", client_id="gen_random_uuid()"),
        )
        for change in (
            update(VisitAnswer, "answer", "facts = '{}'"),
            delete(VisitAnswer, "answer"),
        )
    ),
    (
        "visit_answer_is_given_once",
        copy(VisitAnswer, "answer"),
        copy(VisitAnswer, "answer", client_id="gen_random_uuid()"),
    ),
    (
        "visit_answer_has_a_known_purpose",
        copy(VisitAnswer, "answer", client_id="gen_random_uuid()", purpose="'gossip'"),
        copy(VisitAnswer, "answer", client_id="gen_random_uuid()", purpose="'feeling'"),
    ),
    (
        "visit_answer_is_to_a_message_of_its_visit",
        copy(VisitAnswer, "answer", client_id="gen_random_uuid()", appointment_id="%(given)s"),
        copy(VisitAnswer, "answer", client_id="gen_random_uuid()"),
    ),
    *(
        (name, update(CalendarFeed, "feed", change), update(CalendarFeed, "feed", allowed))
        for name, change, allowed in (
            (
                "calendar_feed_is_for_one_patient",
                "patient_id = %(ben)s",
                "patient_id = patient_id",
            ),
            (
                "calendar_feed_is_closed_after_it_was_opened",
                "closed_at = opened_at - interval '1 hour'",
                "closed_at = opened_at",
            ),
        )
    ),
    (
        "calendar_feed_stays_closed",
        update(CalendarFeed, "closed_feed", "closed_at = NULL"),
        update(CalendarFeed, "closed_feed", "closed_at = closed_at"),
    ),
    (
        "calendar_feed_is_never_deleted",
        delete(CalendarFeed, "feed"),
        update(CalendarFeed, "feed", "closed_at = opened_at"),
    ),
    (
        "calendar_feed_is_open_once_per_patient",
        copy(CalendarFeed, "feed", id="gen_random_uuid()"),
        copy(CalendarFeed, "closed_feed", id="gen_random_uuid()"),
    ),
    (
        "home_notes_are_one_of_each_home",
        copy(HomeNotes, "home"),
        copy(HomeNotes, "home", line1="'2 Elm St'"),
    ),
    (
        "account_closure_is_never_deleted",
        delete(AccountClosure, "closing"),
        update(AccountClosure, "closing", "withdrawn_at = now(), withdrawn_by_id = %(erin)s"),
    ),
    (
        "account_closure_says_one_thing",
        update(AccountClosure, "closing", "closes_at = closes_at + interval '1 day'"),
        update(AccountClosure, "closing", "closes_at = closes_at"),
    ),
    (
        "account_closure_is_settled_once",
        update(AccountClosure, "kept_account", "withdrawn_at = NULL, withdrawn_by_id = NULL"),
        update(AccountClosure, "closing", "withdrawn_at = now(), withdrawn_by_id = %(erin)s"),
    ),
    (
        "account_is_closed_once",
        copy(AccountClosure, "closing"),
        copy(AccountClosure, "kept_account"),
    ),
    (
        "account_stays_open_for_a_week_after_the_wish",
        copy(AccountClosure, "kept_account", closes_at="asked_at + interval '6 days'"),
        copy(AccountClosure, "kept_account", closes_at="asked_at + interval '8 days'"),
    ),
    (
        "account_is_not_closed_before_its_time",
        update(AccountClosure, "closing", "closed_at = asked_at"),
        update(AccountClosure, "closing", "closed_at = closes_at"),
    ),
    (
        "account_is_closed_or_kept",
        copy(AccountClosure, "kept_account", closed_at="closes_at"),
        copy(AccountClosure, "kept_account"),
    ),
    (
        "staff_task_is_never_deleted",
        delete(StaffTask, "task"),
        update(StaffTask, "task", "done_at = now(), done_by_id = %(erin)s"),
    ),
    (
        "staff_task_is_done_once",
        update(StaffTask, "done", "done_at = NULL, done_by_id = NULL"),
        update(StaffTask, "task", "done_at = now(), done_by_id = %(erin)s"),
    ),
    (
        "staff_task_that_somebody_did_is_done",
        update(StaffTask, "task", "done_by_id = %(erin)s"),
        update(StaffTask, "task", "done_at = now(), done_by_id = %(erin)s"),
    ),
    (
        "staff_task_asks_one_thing",
        update(StaffTask, "task", "detail = 'Nothing.'"),
        update(StaffTask, "task", "detail = detail"),
    ),
    *money_guards.CASES,
]


@pytest.fixture(scope="module")
def ids(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Ids]:
    """Write the rows once; whatever a test does to them is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _rows()
        transaction.set_rollback(True)


def _rows() -> Ids:
    """Ada with a visit to come, one given and a talk; Ben, who has an order; Eve, who signs."""
    erin = factories.make_user(role=Role.CLINICIAN, name="Erin Cole")
    ada, ben = factories.make_patient(), factories.make_patient(name="Ben Osei")
    cleo = factories.make_nurse()

    def visit(days: int, **more: Any) -> Appointment:
        at = STARTS_AT + timedelta(days=days)
        return factories.make_appointment(patient=ada, nurse=None, starts_at=at, **more)

    course, talks = (
        Course.objects.create(patient=ada, therapy=factories.therapy(slug))
        for slug in ("mood-40", "consultation")
    )
    facts = dict.fromkeys(("dosed_at", "departed_at", "discharged_at"), STARTS_AT)
    given = visit(-9, status=Status.OBSERVING, version=2, revision=1, **facts)
    told = {"recorded_by": cleo.user, "at": STARTS_AT, "client_id": "1", "appointment": given}
    return {
        "erin": erin.pk,
        "ben": ben.pk,
        "eve": factories.make_patient(name="Eve Lund", ready=False).pk,
        "cleo": cleo.pk,
        "visit": (visit_alone := visit(0)).pk,
        "next_day": visit(1).pk,
        "given": given.pk,
        "in_course": visit(20, slug="consultation", course=talks).pk,
        "course": course.pk,
        "bens_course": Course.objects.create(patient=ben, therapy=course.therapy).pk,
        "pain_course": Course.objects.create(patient=ada, therapy_id="pain-240").pk,
        "talk": visit(3, slug="consultation").pk,
        "order": visit_alone.order_id,
        "bens_order": ben.orders.get().pk,
        "renewed": factories.make_order(patient=ada).pk,
        "other_therapy": factories.make_order(patient=ada, slug="pain-240").pk,
        "withdrawn": factories.make_order(patient=ada, withdrawn_at=STARTS_AT).pk,
        "intake": ada.intakes.get().pk,
        "bens_intake": ben.intakes.get().pk,
        "draft": Draft.objects.create(patient=ada, version="1", crisis_at=STARTS_AT).pk,
        "bens_draft": Draft.objects.create(patient=ben, version="1").pk,
        "sent_draft": Draft.objects.create(
            patient=ben, version="1", sent_at=STARTS_AT, intake=ben.intakes.get()
        ).pk,
        "signature": ada.signatures.get().pk,
        "document": (document := ada.signatures.get().document).pk,
        "unlike": factories.make_document(slug="privacy").pk,
        "translation": consent.translate(document=document, title="Acuerdo", text="Lo acepto.").pk,
        "check_in": CheckIn.objects.create(
            patient=ada,
            client_id=uuid4(),
            answers={f"phq9_{number}": 1 for number in range(1, 10)},
            phq9=9,
            self_harm=1,
        ).pk,
        "article": Article.objects.create(
            slug="safety", version=1, title="Safety", summary="What can happen.", body="Little."
        ).pk,
        "dose": Dose.objects.create(
            **told, lot="A", drawn_mg=40, given_mg=40, wasted_mg=0, returned_mg=0
        ).pk,
        "event": Event.objects.create(**told, event="arrive", status=Status.ON_SITE).pk,
        "feed": CalendarFeed.objects.create(patient=ada).pk,
        "closed_feed": CalendarFeed.objects.create(
            patient=ada, opened_at=STARTS_AT, closed_at=STARTS_AT
        ).pk,
        **_rows_of_an_account(ben.pk, by=erin.pk),
        **_rows_about(visit_alone, by=erin),
        **money_guards.rows(visit=visit_alone, ben=ben, nurse=cleo, at=STARTS_AT),
    }


def _rows_of_an_account(patient: int, *, by: int) -> Ids:
    wish = {
        "patient_id": patient,
        "asked_at": STARTS_AT,
        "asked_by_id": by,
        "closes_at": STARTS_AT + timedelta(days=7),
    }
    home = HomeNotes.objects.create(patient_id=patient, line1="1 Elm St", postal_code="60301")
    return {
        "home": home.pk,
        "closing": AccountClosure.objects.create(**wish).pk,
        "kept_account": AccountClosure.objects.create(
            **wish, withdrawn_at=STARTS_AT, withdrawn_by_id=by
        ).pk,
    }


def _rows_about(visit: Appointment, *, by: Any) -> Ids:
    about = {
        "appointment": visit,
        "kind": "today",
        "recipient": "patient",
        "channel": "email",
        "notice_class": "S",
        "ideal_at": STARTS_AT,
        "send_from": STARTS_AT,
        "not_after": STARTS_AT + timedelta(days=1),
    }
    acted = {
        "acknowledged_at": STARTS_AT,
        "acknowledged_by": by,
        "handled_at": STARTS_AT,
        "handled_by": by,
    }
    notice = Notice.objects.create(**about)
    answer = VisitAnswer.objects.create(
        appointment=visit, notice=notice, purpose="ate", version=1, revision=0, client_id=uuid4()
    )
    return {
        "notice": notice.pk,
        "answer": answer.pk,
        "sent": Notice.objects.create(
            **about, **acted, occurrence=1, status="sent", sent_at=STARTS_AT
        ).pk,
        "task": StaffTask.objects.create(kind="call", key="1", detail="Call Ada.").pk,
        "done": StaffTask.objects.create(
            kind="call", key="2", detail="Call Ben.", done_at=STARTS_AT, done_by=by
        ).pk,
    }


def run(sql: str, ids: Ids) -> int:
    """Execute, ask what a commit would ask, undo, and say how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, {name: value for name, value in ids.items() if f"%({name})s" in sql})
        touched: int = cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
    return touched


@pytest.mark.parametrize(
    ("guard", "forbidden", "allowed"), CASES, ids=[guard for guard, *_ in CASES]
)
def test_it_refuses_by_name_and_allows_the_legitimate_twin(
    ids: Ids, guard: str, forbidden: str, allowed: str
) -> None:
    with pytest.raises(DatabaseError) as refused:
        run(forbidden, ids)
    is_named = f"pgtrigger_{guard}_" in str(refused.value)
    assert is_named or constraint_of(refused.value) == guard
    assert run(allowed, ids) == 1
