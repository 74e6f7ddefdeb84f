"""The questionnaire: what is asked, and what happens to whatever is sent back."""

import json
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings, strategies as st

from config.demo.answers import eligible_answers
from patients import questionnaire, recheck_questions
from patients.catalogue import THERAPIES
from patients.findings import CATALOGUE
from patients.phrases import phrases
from patients.questionnaire import QUESTIONS, SECTIONS, Answer, InvalidAnswers, QuestionType

TODAY = date(2026, 11, 23)
unhurried = settings(deadline=None)  # a busy machine is no failure

BY_ID = {question.id: question for question in QUESTIONS}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**1000),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(),
    st.sampled_from(["\x00", "\ud800", "2026-02-30", "0000-00-00", "٢٠٠٠-٠١-٠١", "none", "person"]),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def problems(answers: object) -> dict[str, list[str]]:
    with pytest.raises(InvalidAnswers) as caught:
        questionnaire.clean(answers, today=TODAY)
    return {id_: [code for code, _ in found] for id_, found in caught.value.errors.items()}


def test_it_accepts_a_complete_set_of_answers_as_they_are() -> None:
    assert questionnaire.clean(eligible_answers(), today=TODAY) == eligible_answers()


def test_it_gives_every_question_its_own_id_and_a_known_section() -> None:
    assert len(BY_ID) == len(QUESTIONS)
    assert {question.section for question in QUESTIONS} == {section.id for section in SECTIONS}


def test_it_asks_sections_one_after_the_other() -> None:
    in_order = list(dict.fromkeys(question.section for question in QUESTIONS))
    assert in_order == [section.id for section in SECTIONS]
    positions = [in_order.index(question.section) for question in QUESTIONS]
    assert positions == sorted(positions)


def test_it_makes_a_question_depend_only_on_an_earlier_one_and_an_answer_it_can_have() -> None:
    earlier: set[str] = set()
    for question in QUESTIONS:
        if question.show_if:
            assert question.show_if.question in earlier
            parent = BY_ID[question.show_if.question]
            possible = {choice.value for choice in parent.choices} or {True, False}
            assert set(question.show_if.any_of) <= possible
        earlier.add(question.id)


def test_it_offers_choices_exactly_where_there_is_something_to_choose() -> None:
    for question in QUESTIONS:
        chooses = question.type in (QuestionType.CHOICE, QuestionType.MULTI_CHOICE)
        assert bool(question.choices) is chooses, question.id


def test_it_describes_itself_in_json() -> None:
    document = json.loads(json.dumps(questionnaire.as_document()))
    assert document["version"] == questionnaire.VERSION
    assert [one["id"] for one in document["questions"]] == [one.id for one in QUESTIONS]
    first = document["questions"][0]
    assert (first["id"], first["type"], first["required"]) == ("subject", "choice", True)
    assert first["choices"][1] == {"value": "animal", "label": "A pet or another animal"}
    intent = next(one for one in document["questions"] if one["id"] == "cssrs_4")
    assert intent["show_if"] == {"question": "cssrs_2", "any_of": [True]}


def test_it_names_every_required_question_that_was_left_blank() -> None:
    expected = {
        question.id: ["required"]
        for question in QUESTIONS
        if question.required
        and question.id not in {"cssrs_3", "cssrs_4", "cssrs_5", "cssrs_6_recent"}
        and question.id not in {"auditc_2", "auditc_3"}
    }
    del expected["subject"]
    assert problems({"subject": "person"}) == expected


@pytest.mark.parametrize("blank", [None, "", "  \n", "\x00"])
def test_it_takes_a_blank_for_no_answer(blank: object) -> None:
    assert problems(eligible_answers() | {"psychosis": blank}) == {"psychosis": ["required"]}
    assert "systolic" not in questionnaire.clean(
        eligible_answers() | {"systolic": blank}, today=TODAY
    )


@pytest.mark.parametrize(
    ("id_", "value", "code"),
    [
        ("psychosis", 0, "invalid"),
        ("psychosis", "true", "invalid"),
        ("systolic", True, "invalid"),
        ("systolic", 120.0, "invalid"),
        ("systolic", float("nan"), "invalid"),
        ("systolic", "120", "invalid"),
        ("systolic", 49, "min_value"),
        ("systolic", 301, "max_value"),
        ("systolic", 10**1000, "max_value"),
        ("systolic", -(10**1000), "min_value"),
        ("phq9_1", 4, "invalid_choice"),
        ("phq9_1", True, "invalid_choice"),
        ("phq9_1", 1.0, "invalid_choice"),
        ("sex", "Female", "invalid_choice"),
        ("sex", ["female"], "invalid_choice"),
        ("sex", {"female": 1}, "invalid_choice"),
        ("reasons", "depression", "invalid"),
        ("reasons", [], "required"),
        ("reasons", [["depression"]], "invalid_choice"),
        ("reasons", ["depression", "boredom"], "invalid_choice"),
        ("medicines_other", ["aspirin"], "invalid"),
        ("medicines_other", "a" * 2001, "max_length"),
        ("date_of_birth", "31/05/1984", "invalid"),
        ("date_of_birth", "19840531", "invalid"),
        ("date_of_birth", "1984-W22-4", "invalid"),
        ("date_of_birth", "1985-02-29", "invalid"),
        ("date_of_birth", "١٩٨٤-٠٥-٣١", "invalid"),
        ("date_of_birth", 19840531, "invalid"),
        ("date_of_birth", "2026-11-24", "max_value"),
        ("date_of_birth", "1899-12-31", "min_value"),
    ],
)
def test_it_refuses_by_name(id_: str, value: object, code: str) -> None:
    assert problems(eligible_answers(**{id_: value})) == {id_: [code]}


@pytest.mark.parametrize(
    ("id_", "value"),
    [
        ("systolic", 50),
        ("systolic", 300),
        ("date_of_birth", "2026-11-23"),
        ("date_of_birth", "1900-01-01"),
        ("medicines_other", "a" * 2000),
        ("anything_else", "ضغط 🙂 <script>alert(1)</script>"),
    ],
)
def test_it_accepts_what_lies_just_inside(id_: str, value: object) -> None:
    assert questionnaire.clean(eligible_answers(**{id_: value}), today=TODAY)[id_] == value


def test_it_keeps_only_text_that_can_be_stored() -> None:
    sent = " one\r\ntwo\x00\x07\ud800\tthree "
    cleaned = questionnaire.clean(eligible_answers(anything_else=sent), today=TODAY)
    assert cleaned["anything_else"] == "one\ntwo\tthree"


def test_it_lists_choices_once_and_in_the_form_order() -> None:
    sent = eligible_answers(reasons=["ocd", "depression", "ocd"])
    assert questionnaire.clean(sent, today=TODAY)["reasons"] == ["depression", "ocd"]


def test_it_believes_a_named_medicine_over_none_of_these() -> None:
    sent = eligible_answers(medicines=["none", "opioids"])
    assert questionnaire.clean(sent, today=TODAY)["medicines"] == ["opioids"]


def test_it_names_an_unknown_question_without_echoing_what_cannot_be_sent() -> None:
    assert problems(eligible_answers(shoe_size=42)) == {"shoe_size": ["unknown"]}
    assert problems(eligible_answers() | {"\ud800" + "x" * 99: 1}) == {"x" * 64: ["unknown"]}


@pytest.mark.parametrize("sent", [None, [], "answers", 7, [["subject", "person"]]])
def test_it_refuses_answers_that_are_not_by_question(sent: object) -> None:
    assert problems(sent) == {"answers": ["invalid"]}


def test_it_asks_about_intent_and_plan_only_after_suicidal_thoughts() -> None:
    asked = problems(eligible_answers(cssrs_2=True))
    assert asked == {f"cssrs_{number}": ["required"] for number in (3, 4, 5)}


@pytest.mark.parametrize("id_", ["cssrs_3", "cssrs_4", "cssrs_5", "cssrs_6_recent"])
def test_it_never_loses_a_yes_about_suicide(id_: str) -> None:
    person = questionnaire.clean(eligible_answers(**{id_: True}), today=TODAY)
    animal = questionnaire.clean({"subject": "animal", id_: True}, today=TODAY)
    assert person[id_] is animal[id_] is True


def test_it_drops_what_it_did_not_ask_whatever_was_sent() -> None:
    sent = {"subject": "animal", "systolic": "high", "date_of_birth": "yesterday"}
    assert questionnaire.clean(sent, today=TODAY) == {"subject": "animal"}


def test_it_asks_how_much_only_of_those_who_drink() -> None:
    assert problems(eligible_answers(auditc_1=1)) == {
        "auditc_2": ["required"],
        "auditc_3": ["required"],
    }


@unhurried
@given(st.dictionaries(st.sampled_from(sorted(BY_ID)) | st.text(), json_values))
def test_it_answers_anything_sent_with_clean_answers_or_named_problems(
    sent: Mapping[str, object],
) -> None:
    errors: dict[str, list[tuple[str, str]]] = {}
    cleaned: dict[str, Answer] = {}
    try:
        cleaned = questionnaire.clean({**eligible_answers(), **sent}, today=TODAY)
    except InvalidAnswers as invalid:
        errors = invalid.errors
    assert bool(errors) is not bool(cleaned)
    json.dumps([errors, cleaned], ensure_ascii=False, allow_nan=False).encode()
    assert errors or questionnaire.clean(cleaned, today=TODAY) == cleaned


@unhurried
@given(json_values)
def test_it_never_trips_over_what_is_not_even_a_form(sent: object) -> None:
    # Nothing alone is a complete form, so that every value must be refused politely.
    assert problems(sent)


def test_it_hands_every_sentence_to_whoever_translates() -> None:
    said = set(phrases())
    for question in (*QUESTIONS, *recheck_questions.QUESTIONS):
        assert {question.text, *(choice.label for choice in question.choices)} <= said
    assert {finding.detail for finding in CATALOGUE.values()} <= said
    assert {one["name"] for one in THERAPIES.values()} <= said
    assert "" not in said
