"""A questionnaire on its way: nothing is lost, the last answer counts, it is sent once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from hypothesis import given, strategies as st

from booking import sweeps
from booking.models import Notice, StaffTask
from config.core.clock import now
from config.core.errors import WrongState
from config.core.models import Role
from config.demo.answers import eligible_answers
from patients import drafts, intake, progress, rechecks
from patients.merging import merge
from patients.models import Draft, Intake, Patient
from patients.questionnaire import InvalidAnswers
from tests.factories import make_patient, make_user

NO_DANGER: dict[str, Any] = {
    "phq9_9": 0,
    "cssrs_1": False,
    "cssrs_2": False,
    "behavior_recent": False,
    "changed": ["none"],
}


@pytest.fixture
def ada(db: None) -> Patient:
    return make_patient(ready=False)


HIGH: dict[str, Any] = {"changed": ["pressure"], "hypertension": "controlled"}


def save(patient: Patient, shown: dict[str, Any] | None = None, **sent: Any) -> drafts.Saved:
    return drafts.save(patient=patient, sent=sent, shown=shown or {})


def filled_in(patient: Patient, **changes: Any) -> Draft:
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=None)
    patient.refresh_from_db()
    answers: Any = eligible_answers(**changes)
    save(patient, **answers)
    return Draft.objects.unsent(patient=patient).get()


def send(patient: Patient, draft: Draft) -> Intake:
    return drafts.send(patient=patient, draft_id=draft.pk, seen=drafts.stamp(draft))


def sent(patient: Patient, **changes: Any) -> Intake:
    return send(patient, filled_in(patient, **changes))


# -- merging -------------------------------------------------------------------------------------

answers = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)


@given(shown=answers, phone=answers, laptop=answers)
def test_of_two_devices_nothing_is_lost_and_the_last_one_wins_each_question(
    shown: dict[str, Any], phone: dict[str, Any], laptop: dict[str, Any]
) -> None:
    """Both were shown the same; the laptop saves first, then the phone."""
    page = dict.fromkeys("abc")
    kept = dict(shown)
    for device in (laptop, phone):
        merged = merge(shown=shown, sent=page | device, kept=kept)
        kept = {id_: said for id_, said in {**kept, **merged.changes}.items() if said is not None}
    for id_ in "abc":
        touched = [one.get(id_) for one in (phone, laptop) if one.get(id_) != shown.get(id_)]
        assert kept.get(id_) == (touched[0] if touched else shown.get(id_))


def test_a_page_that_changed_nothing_writes_nothing() -> None:
    merged = merge(shown={"a": 1, "b": None}, sent={"a": 1, "b": None}, kept={"a": 2, "b": 3})
    assert (merged.changes, merged.contested) == ({}, ())


def test_it_says_which_answer_replaced_another_devices() -> None:
    merged = merge(shown={"a": 1}, sent={"a": 2, "b": 1}, kept={"a": 3})
    assert (merged.changes, merged.contested) == ({"a": 2, "b": 1}, ("a",))


# -- progress ------------------------------------------------------------------------------------


def test_somebody_who_answers_for_an_animal_has_one_page() -> None:
    assert [one.section.id for one in progress.steps({"subject": "animal"})] == ["about"]
    assert progress.after("about", {"subject": "animal"}) is None


def test_a_page_is_done_when_nothing_on_it_is_missing() -> None:
    steps = {one.section.id: one for one in progress.steps({"cssrs_1": False, "cssrs_2": True})}
    assert steps["safety"].missing == ("cssrs_3", "cssrs_4", "cssrs_5", "cssrs_6")
    assert not steps["safety"].is_done
    assert (steps["worry"].is_optional, steps["worry"].is_done) == (True, False)


def test_what_is_complete_has_no_page_left_open() -> None:
    complete: Any = eligible_answers()
    assert progress.first_open(complete) is None
    assert progress.first_open(complete | {"seizures": None} | {"cssrs_2": True}) == "safety"


# -- saving --------------------------------------------------------------------------------------


def test_it_keeps_one_draft_and_remembers_when_each_answer_was_given(ada: Patient) -> None:
    save(ada, sex="female")
    with time_machine.travel(now() + timedelta(days=1)):
        save(ada, shown={"sex": "female"}, sex="female", seizures=True)
    draft = Draft.objects.get(patient=ada)
    assert draft.answers == {"sex": "female", "seizures": True}
    assert draft.answered["sex"] < draft.answered["seizures"]
    ada.refresh_from_db()
    assert ada.intake_begun_at is not None


def test_an_answer_can_be_taken_away(ada: Patient) -> None:
    save(ada, medicines_other="Aspirin")
    save(ada, shown={"medicines_other": "Aspirin"}, medicines_other=None)
    assert drafts.opened(patient=ada).answers == {}


def test_looking_writes_nothing(ada: Patient) -> None:
    assert drafts.opened(patient=ada) == drafts.Opened(None, {})
    assert not Draft.objects.exists()


# -- what is old ---------------------------------------------------------------------------------


def test_answers_about_the_last_weeks_are_asked_anew_after_two_of_them(ada: Patient) -> None:
    save(ada, sex="female", phq9_1=2)
    with time_machine.travel(now() + timedelta(days=15)):
        opened = drafts.opened(patient=ada)
    assert (opened.answers, opened.anew) == ({"sex": "female"}, ("phq9_1",))


def test_everything_is_asked_anew_once_an_intake_would_have_lapsed(ada: Patient) -> None:
    save(ada, sex="female")
    with time_machine.travel(now() + timedelta(days=91)):
        assert drafts.opened(patient=ada).answers == {}


def test_a_new_form_takes_over_what_it_still_understands(ada: Patient) -> None:
    at = now().isoformat()
    old = {"sex": "female", "liver_disease": "fatty", "shoe_size": 44, "seizures": True}
    Draft.objects.create(
        patient=ada, version="2026.1", answers=old, answered=dict.fromkeys(old, at)
    )
    opened = drafts.opened(patient=ada)
    assert opened.answers == {"sex": "female", "seizures": True}
    assert opened.anew == ("liver_disease",)
    save(ada, bipolar=False)
    draft = Draft.objects.get(patient=ada)
    assert draft.version != "2026.1"
    assert draft.answers == {"sex": "female", "seizures": True, "bipolar": False}


def test_the_next_questionnaire_starts_from_the_last_but_never_from_its_word_on_safety(
    ada: Patient,
) -> None:
    sent(ada, liver_disease="mild")
    with time_machine.travel(now() + timedelta(days=3)):
        answers = drafts.start(patient=ada).answers
    assert (answers["liver_disease"], answers["phq9_1"]) == ("mild", 1)
    assert not {"phq9_9", "cssrs_1", "cssrs_2", "cssrs_6"} & set(answers)


# -- sending -------------------------------------------------------------------------------------


def test_it_is_sent_once_and_its_answers_are_then_the_intakes(ada: Patient) -> None:
    draft = filled_in(ada)
    row = send(ada, draft)
    assert (row.status, row.answers) == ("cleared", eligible_answers())
    draft.refresh_from_db()
    assert (draft.intake, draft.answers) == (row, {})
    assert drafts.send(patient=ada, draft_id=draft.pk, seen="whatever") == row
    assert Intake.objects.count() == 1


def test_a_page_left_open_cannot_go_on_with_what_was_sent(ada: Patient) -> None:
    draft = filled_in(ada)
    row = send(ada, draft)
    with pytest.raises(drafts.AlreadySent) as already:
        drafts.save(patient=ada, sent={"sex": "male"}, shown={}, draft_id=draft.pk)
    assert already.value.intake == row
    drafts.save(patient=ada, sent={"cssrs_5": True}, shown={}, draft_id=draft.pk)
    assert Draft.objects.unsent(patient=ada).get().crisis_at is not None


def test_what_changed_after_it_was_looked_over_is_not_sent(ada: Patient) -> None:
    draft = filled_in(ada)
    save(ada, shown={"seizures": False}, seizures=True)
    with pytest.raises(drafts.Outdated):
        send(ada, draft)
    assert not Intake.objects.exists()


def test_what_is_not_complete_is_not_sent_and_stays(ada: Patient) -> None:
    draft = filled_in(ada, seizures=None)
    with pytest.raises(InvalidAnswers) as invalid:
        send(ada, draft)
    assert set(invalid.value.errors) == {"seizures"}
    assert Draft.objects.get().answers["sex"] == "female"


def test_nobody_sends_anothers(ada: Patient) -> None:
    draft = filled_in(ada)
    ben = make_patient(name="Ben Okafor", ready=False)
    with pytest.raises(Draft.DoesNotExist):
        drafts.send(patient=ben, draft_id=draft.pk, seen=drafts.stamp(draft))


@pytest.mark.django_db(transaction=True)
def test_two_sends_at_once_make_one_intake() -> None:
    ada = make_patient(ready=False)
    draft = filled_in(ada)
    rows: list[int] = []

    def press() -> None:
        try:
            rows.append(send(ada, draft).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 4
    assert set(rows) == {Intake.objects.get().pk}


# -- a call for help -----------------------------------------------------------------------------


def test_staff_are_told_of_a_crisis_that_is_never_sent(ada: Patient) -> None:
    save(ada, cssrs_4=True)
    assert sweeps.page_unsent_crises() == 1
    assert sweeps.page_unsent_crises() == 0
    draft = Draft.objects.get()
    page = Notice.objects.get(kind="crisis", occurrence=0)
    assert (page.subject_of, page.patient) == (f"draft/{draft.pk}", ada)
    assert "not sent yet" in StaffTask.objects.get(kind="crisis").detail


def test_a_call_for_help_is_not_forgotten_when_the_answer_is_changed(ada: Patient) -> None:
    save(ada, cssrs_4=True)
    save(ada, shown={"cssrs_4": True}, cssrs_4=False)
    assert sweeps.page_unsent_crises() == 1


def test_what_is_sent_within_the_hour_rings_once_and_later_rings_again(ada: Patient) -> None:
    draft = filled_in(ada, cssrs_2=True, cssrs_3=True, cssrs_4=True, cssrs_5=False)
    send(ada, draft)
    assert (sweeps.page_unsent_crises(), sweeps.page_crises()) == (1, 0)
    ben = make_patient(name="Ben Okafor", ready=False)
    late = filled_in(ben, cssrs_2=True, cssrs_3=True, cssrs_4=True, cssrs_5=False)
    with time_machine.travel(now() + timedelta(hours=2)):
        send(ben, late)
        assert (sweeps.page_unsent_crises(), sweeps.page_crises()) == (1, 1)


def test_thoughts_alone_call_nobody(ada: Patient) -> None:
    save(ada, phq9_9=3, cssrs_1=True, cssrs_2=True)
    assert sweeps.page_unsent_crises() == 0


# -- asking again --------------------------------------------------------------------------------


def ask_again(patient: Patient, earlier: Intake, **changes: Any) -> Intake | None:
    said = {id_: answer for id_, answer in (NO_DANGER | changes).items() if answer is not None}
    return rechecks.submit(patient=patient, earlier_id=earlier.pk, answers=said)


def test_asking_again_makes_an_intake_of_its_own_that_is_good_for_ninety_days(
    ada: Patient,
) -> None:
    earlier = sent(ada)
    with time_machine.travel(now() + timedelta(days=30), tick=False):
        row = ask_again(ada, earlier)
        assert row is not None
        assert row.valid_until == now() + timedelta(days=90)
    assert (row.status, row.rechecks, row.full_at) == ("cleared", earlier, earlier.submitted_at)
    assert row.answers["liver_disease"] == "none"
    again = ask_again(ada, earlier)
    assert again == row, "pressed twice"


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"phq9_9": 1}, "review", "phq9_item_9"),
        ({"behavior_recent": True}, "crisis", "acute_suicidality"),
        ({"cssrs_2": True, "cssrs_3": False, "cssrs_4": True, "cssrs_5": False}, "crisis", ""),
        ({"changed": ["pregnant"]}, "excluded", "pregnant_or_breastfeeding"),
        (HIGH | {"systolic": 165}, "excluded", "blood_pressure_too_high"),
        (HIGH | {"hypertension": "uncontrolled"}, "excluded", "hypertension_uncontrolled"),
        ({"changed": ["alone", "none"]}, "excluded", "no_responsible_adult"),
        (
            {"changed": ["medicines"], "medicines_now": "Xanax at night"},
            "review",
            "medicine_benzodiazepines",
        ),
    ],
)
def test_asking_again_screens_again(
    ada: Patient, changes: dict[str, Any], outcome: str, code: str
) -> None:
    row = ask_again(ada, sent(ada), **changes)
    assert row is not None
    assert row.outcome == outcome
    assert not code or code in {one["code"] for one in row.findings}


def test_something_else_that_changed_opens_the_whole_form_with_what_was_said(
    ada: Patient,
) -> None:
    earlier = sent(ada)
    assert ask_again(ada, earlier, changed=["pregnant", "else"]) is None
    answers = drafts.opened(patient=ada).answers
    assert (answers["pregnant_or_breastfeeding"], answers["phq9_9"]) == (True, 0)
    assert answers["liver_disease"] == "none"
    assert Intake.objects.count() == 1


def test_a_clinicians_decision_stands_while_nothing_new_is_found(ada: Patient) -> None:
    erin = make_user(role=Role.CLINICIAN, name="Erin Cole")
    earlier = sent(ada, seizures=True)
    intake.review(intake=earlier, decision="clear", reason="None since 2003.", by=erin)
    with time_machine.travel(now() + timedelta(days=20)):
        row = ask_again(ada, earlier)
        assert row is not None
        assert (row.status, row.decided_by, row.outcome) == ("cleared", erin, "review")
        assert row.valid_until == earlier.valid_until, "asking again does not decide again"
        assert "None since 2003." in row.reason
        worse = ask_again(ada, row, **HIGH, systolic=150)
        assert worse is not None
        assert (worse.status, worse.decided_by) == ("awaiting_review", None)


@pytest.mark.parametrize(
    ("taken", "changed"),
    [("Xanax 0.25 mg at night", "Xanax 2 mg, four times a day"), ("zorbulin", "quexapam 40 mg")],
)
def test_no_decision_stands_for_a_medicine_that_changed(
    ada: Patient, taken: str, changed: str
) -> None:
    erin = make_user(role=Role.CLINICIAN, name="Erin Cole")
    earlier = sent(ada, medicines_other=taken)
    assert earlier.outcome == "review"
    intake.review(intake=earlier, decision="clear", reason="A small dose.", by=erin)
    row = ask_again(ada, earlier, changed=["medicines"], medicines_now=changed)
    assert row is not None
    assert (row.status, row.decided_by) == ("awaiting_review", None)


def test_what_has_lapsed_is_not_asked_again_in_brief(ada: Patient) -> None:
    sent(ada)
    with time_machine.travel(now() + timedelta(days=91)):
        assert rechecks.possible(patient=ada) is None


def test_everything_is_asked_again_half_a_year_after_it_was_asked_last(ada: Patient) -> None:
    row: Intake | None = sent(ada)
    start = now()
    for days in (80, 160):
        with time_machine.travel(start + timedelta(days=days)):
            assert row is not None
            row = ask_again(ada, row)
    with time_machine.travel(start + timedelta(days=179)):
        assert rechecks.possible(patient=ada) == row
    with time_machine.travel(start + timedelta(days=181)):
        assert rechecks.possible(patient=ada) is None


@pytest.mark.parametrize("news", [{"changed": ["pregnant"]}, {"changed": ["else"]}])
def test_an_old_page_that_says_something_new_is_not_taken_for_the_same_press(
    ada: Patient, news: dict[str, Any]
) -> None:
    earlier = sent(ada)
    ask_again(ada, earlier)
    with pytest.raises(WrongState):
        ask_again(ada, earlier, **news)


def test_other_answers_that_came_since_are_not_overwritten(ada: Patient) -> None:
    earlier = sent(ada)
    newer = intake.submit(patient=ada, answers=eligible_answers())
    with pytest.raises(WrongState):
        ask_again(ada, earlier)
    assert rechecks.possible(patient=ada) == newer


def test_a_call_for_help_while_asked_again_is_kept_before_anything_is_sent(ada: Patient) -> None:
    sent(ada)
    rechecks.overhear(patient=ada, answers={"behavior_recent": True})
    assert sweeps.page_unsent_crises() == 1


def test_a_later_call_for_help_out_of_the_same_answers_is_told_as_well(ada: Patient) -> None:
    save(ada, cssrs_4=True)
    assert sweeps.page_unsent_crises() == 1
    save(ada, shown={"cssrs_4": True}, cssrs_4=False)
    save(ada, shown={"cssrs_4": False}, cssrs_4=True)
    assert sweeps.page_unsent_crises() == 0, "the same call, minutes later"
    with time_machine.travel(now() + timedelta(days=30)):
        save(ada, cssrs_4=True)
        save(ada, shown={"cssrs_4": True}, cssrs_4=True, cssrs_5=True)
        assert sweeps.page_unsent_crises() == 1
        assert sweeps.page_unsent_crises() == 0
    assert StaffTask.objects.filter(kind="crisis").count() == 2


def test_what_is_said_again_another_day_is_told_again(ada: Patient) -> None:
    sent(ada)
    rechecks.overhear(patient=ada, answers={"behavior_recent": True})
    assert sweeps.page_unsent_crises() == 1
    for days in (2, 4):
        with time_machine.travel(now() + timedelta(days=days)):
            rechecks.overhear(patient=ada, answers={"behavior_recent": True})
            save(ada, sex="female")
            assert sweeps.page_unsent_crises() == 1
            assert sweeps.page_unsent_crises() == 0


def test_answers_of_whoever_was_signed_in_before_are_nobody_elses(ada: Patient) -> None:
    draft = filled_in(ada)
    ben = make_patient(name="Ben Okafor", ready=False)
    with pytest.raises(Draft.DoesNotExist):
        drafts.save(patient=ben, sent={"cssrs_5": True}, shown={}, draft_id=draft.pk)
    assert not Draft.objects.filter(patient=ben).exists()
