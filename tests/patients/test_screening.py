"""Screening: each rule of docs/domain.md, and what must hold of all of them."""

import string
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from config.demo.answers import eligible_answers
from patients import instruments, questionnaire
from patients.findings import CATALOGUE
from patients.medicine_questions import COMMON
from patients.medicines import NAMES, read
from patients.screening import Limits, Outcome, Screening, Severity, age_on, screen

TODAY = date(2026, 11, 23)
unhurried = settings(deadline=None)  # a busy machine is no failure

INFORMATION = {"side_effects", "off_label", "cost", "topical_or_iv"}
SEVERITY_RANK = [Outcome.ELIGIBLE, Outcome.REVIEW, Outcome.EXCLUDED, Outcome.CRISIS]

CRISIS, EXCLUDED, REVIEW = Severity.CRISIS, Severity.EXCLUDED, Severity.REVIEW

THOUGHTS = {"cssrs_2": True, "cssrs_3": False, "cssrs_4": False, "cssrs_5": False}
SEVERE_MOOD = {f"phq9_{number}": 3 for number in range(1, 7)}  # 18, and 1 each for 7 and 8: 20

# Each rule: what changes in eligible answers, the finding, its severity, whether it is clearable.
RULES: list[tuple[dict[str, Any], str, Severity, bool]] = [
    (THOUGHTS | {"cssrs_4": True}, "acute_suicidality", CRISIS, False),
    (THOUGHTS | {"cssrs_5": True}, "acute_suicidality", CRISIS, False),
    ({"cssrs_6": True, "cssrs_6_recent": True}, "acute_suicidality", CRISIS, False),
    ({"cssrs_6_recent": True}, "acute_suicidality", CRISIS, False),
    ({"date_of_birth": "2008-11-24"}, "under_age", EXCLUDED, False),
    ({"pregnant_or_breastfeeding": True}, "pregnant_or_breastfeeding", EXCLUDED, False),
    ({"ketamine_allergy": True}, "ketamine_hypersensitivity", EXCLUDED, False),
    ({"systolic": 160}, "blood_pressure_too_high", EXCLUDED, True),
    ({"diastolic": 100}, "blood_pressure_too_high", EXCLUDED, True),
    ({"systolic": None, "diastolic": 100}, "blood_pressure_too_high", EXCLUDED, True),
    ({"hypertension": "uncontrolled"}, "hypertension_uncontrolled", EXCLUDED, True),
    ({"heart_disease": "unstable"}, "heart_disease_unstable", EXCLUDED, True),
    ({"psychosis": True}, "psychosis_or_mania", EXCLUDED, False),
    ({"liver_disease": "severe"}, "severe_liver_disease", EXCLUDED, False),
    ({"intracranial_pressure": True}, "raised_intracranial_pressure", EXCLUDED, True),
    ({"intraocular_pressure": True}, "raised_intraocular_pressure", EXCLUDED, True),
    ({"substance_use": "now"}, "active_substance_use", EXCLUDED, False),
    ({"medicines": ["theophylline"]}, "medicine_theophylline", EXCLUDED, False),
    ({"medicines_other": "aminophylline"}, "medicine_theophylline", EXCLUDED, False),
    ({"anything_else": "I use Theo-24."}, "medicine_theophylline", EXCLUDED, False),
    ({"escort_overnight": False}, "no_responsible_adult", EXCLUDED, False),
    ({"subject": "animal"}, "not_human", EXCLUDED, False),
    ({"cssrs_1": True}, "suicidal_thoughts", REVIEW, True),
    (THOUGHTS, "suicidal_thoughts", REVIEW, True),
    (THOUGHTS | {"cssrs_3": True}, "suicidal_thoughts", REVIEW, True),
    ({"cssrs_6": True, "cssrs_6_recent": False}, "suicidal_behavior_past", REVIEW, True),
    ({"phq9_9": 1}, "phq9_item_9", REVIEW, True),
    (SEVERE_MOOD, "phq9_high", REVIEW, True),
    ({"sex": "female", "auditc_1": 3, "auditc_2": 0, "auditc_3": 0}, "alcohol_risk", REVIEW, True),
    ({"sex": "other", "auditc_1": 3, "auditc_2": 0, "auditc_3": 0}, "alcohol_risk", REVIEW, True),
    ({"sex": "unsaid", "auditc_1": 2, "auditc_2": 1, "auditc_3": 0}, "alcohol_risk", REVIEW, True),
    ({"sex": "male", "auditc_1": 3, "auditc_2": 0, "auditc_3": 1}, "alcohol_risk", REVIEW, True),
    ({"auditc_1": 0, "auditc_3": 3}, "alcohol_risk", REVIEW, True),  # contradictory, not lost
    ({"substance_use": "past"}, "substance_use_past", REVIEW, True),
    ({"date_of_birth": "1950-11-23"}, "over_age", REVIEW, True),
    ({"systolic": 140}, "blood_pressure_high", REVIEW, True),
    ({"diastolic": 90}, "blood_pressure_high", REVIEW, True),
    ({"systolic": 159, "diastolic": 99}, "blood_pressure_high", REVIEW, True),
    ({"heart_disease": "stable"}, "heart_disease_stable", REVIEW, True),
    ({"liver_disease": "moderate"}, "liver_disease_moderate", REVIEW, True),
    ({"liver_disease": "unknown"}, "liver_disease_unknown", REVIEW, True),
    ({"seizures": True}, "seizures", REVIEW, True),
    ({"sleep_apnoea": True}, "sleep_apnoea", REVIEW, True),
    ({"bladder_symptoms": True}, "bladder_symptoms", REVIEW, True),
    ({"bipolar": True}, "bipolar", REVIEW, True),
    ({"reasons": ["bipolar_depression"]}, "bipolar", REVIEW, True),
    ({"home_safe": False}, "home_unsafe", REVIEW, True),
    ({"medicines": ["opioids"]}, "medicine_opioids", REVIEW, True),
    ({"medicines": ["benzodiazepines"]}, "medicine_benzodiazepines", REVIEW, True),
    ({"medicines": ["sedatives"]}, "medicine_sedatives", REVIEW, True),
    ({"medicines": ["stimulants"]}, "medicine_stimulants", REVIEW, True),
    ({"medicines": ["maoi"]}, "medicine_maoi", REVIEW, True),
    ({"medicines": ["lamotrigine"]}, "medicine_lamotrigine", REVIEW, True),
    ({"medicines": ["naltrexone"]}, "medicine_naltrexone", REVIEW, True),
    ({"medicines": ["cyp3a4_2b6"]}, "medicine_cyp3a4_2b6", REVIEW, True),
    ({"medicines": ["glp1"]}, "medicine_glp1", REVIEW, True),
    ({"medicines": ["topical_ketamine"]}, "medicine_topical_ketamine", REVIEW, True),
    ({"medicines": ["ketamine_elsewhere"]}, "medicine_ketamine_elsewhere", REVIEW, True),
    ({"medicines_other": "10 mg of Zorblax"}, "medicine_unrecognised", REVIEW, True),
    ({"medicines_common": ["gabapentin"]}, "medicine_sedatives", REVIEW, True),
    ({"medicines_common": ["sertraline", "st_john_s_wort"]}, "medicine_cyp3a4_2b6", REVIEW, True),
    ({"ketamine_before": "badly"}, "ketamine_went_badly", REVIEW, True),
    ({"conditions_other": "Lupus since 2011"}, "conditions_to_read", REVIEW, True),
]
# What only the clinic's own records can tell: tests/patients/test_intake.py.
BY_RECORDS = {"date_of_birth_differs", "answered_before"}


def screened(**changes: object) -> Screening:
    answers = questionnaire.clean(eligible_answers(**changes), today=TODAY)
    return screen(answers, today=TODAY)


def weighing(screening: Screening) -> set[str]:
    return {one.code for one in screening.findings} - INFORMATION


@pytest.mark.parametrize(
    ("changes", "code", "severity", "clearable"), RULES, ids=[f"{r[1]}-{r[0]}" for r in RULES]
)
def test_it_applies_each_rule(
    changes: dict[str, object], code: str, severity: Severity, clearable: bool
) -> None:
    screening = screened(**changes)
    assert weighing(screening) == {code}
    worst = screening.findings[0]
    assert (worst.code, worst.severity, worst.clearable) == (code, severity, clearable)
    assert screening.outcome == severity.value
    assert screening.clearable is clearable


def test_it_has_a_vector_for_everything_it_can_find() -> None:
    assert {code for _, code, _, _ in RULES} | INFORMATION | BY_RECORDS == set(CATALOGUE)


def test_it_finds_ada_eligible_and_tells_her_what_everyone_is_told() -> None:
    screening = screened()
    assert screening.outcome is Outcome.ELIGIBLE
    assert {one.code for one in screening.findings} == INFORMATION
    assert {one.severity for one in screening.findings} == {Severity.INFORMATION}


@pytest.mark.parametrize(
    "changes",
    [
        {"date_of_birth": "2008-11-23"},  # 18 today
        {"date_of_birth": "1950-11-24"},  # 75 until tomorrow
        {"systolic": 139, "diastolic": 89},
        {"systolic": None, "diastolic": None},
        {"sex": "male", "auditc_1": 3, "auditc_2": 0, "auditc_3": 0},
        {"sex": "female", "auditc_1": 2, "auditc_2": 0, "auditc_3": 0},
        SEVERE_MOOD | {"phq9_1": 2},  # 19
        {"liver_disease": "mild"},
        {"hypertension": "controlled"},
        {"medicines_other": "None."},
        {"medicines_other": "n/a"},
        {"anything_else": "My dog is called Biscuit."},
        {"sex": "unsaid"},
        {"medicines_common": ["sertraline", "lisinopril", "vitamin_d"]},
        {"conditions_other": "None."},
        {"ketamine_before": "well"},
    ],
    ids=str,
)
def test_it_stays_silent_just_below_each_limit(changes: dict[str, object]) -> None:
    assert weighing(screened(**changes)) == set()


def test_it_takes_its_figures_from_the_limits() -> None:
    answers = questionnaire.clean(eligible_answers(), today=TODAY)
    strict = screen(answers, today=TODAY, limits=Limits(warn_systolic=118, minimum_age=43))
    assert weighing(strict) == {"blood_pressure_high", "under_age"}


def test_it_puts_the_most_severe_first_whatever_the_order_of_the_answers() -> None:
    changes = {"seizures": True, "psychosis": True, "cssrs_6_recent": True}
    screening = screened(**changes)
    ranks = [list(Severity).index(one.severity) for one in screening.findings]
    assert ranks == sorted(ranks)
    assert screening.outcome is Outcome.CRISIS
    backwards = dict(
        reversed(questionnaire.clean(eligible_answers(**changes), today=TODAY).items())
    )
    assert screen(backwards, today=TODAY) == screening


def test_it_cannot_be_cleared_while_one_finding_stands_beyond_a_prescriber() -> None:
    assert screened(systolic=170, seizures=True).clearable
    assert not screened(systolic=170, pregnant_or_breastfeeding=True).clearable


def test_it_offers_help_at_once_in_a_crisis() -> None:
    detail = screened(cssrs_6_recent=True).findings[0].detail
    assert "call or text 988" in detail
    assert "911" in detail


@pytest.mark.parametrize("code", CATALOGUE)
def test_it_never_tells_a_patient_to_stop_a_medicine_or_leaves_a_gap_in_a_sentence(
    code: str,
) -> None:
    finding = CATALOGUE[code]
    words = finding.detail.lower()
    assert not any(word in words for word in ("stop", "quit", "discontinue", "must", "refuse"))
    assert "{" not in finding.detail
    assert finding.detail.endswith(".")
    assert finding.note
    if code.startswith("medicine_"):
        assert "keep taking it as prescribed" in words


@pytest.mark.parametrize("changes", [rule[0] for rule in RULES], ids=str)
def test_it_fills_every_fact_into_the_reviewers_sentence(changes: dict[str, object]) -> None:
    for finding in screened(**changes).findings:
        assert list(string.Formatter().parse(finding.note)) == [(finding.note, None, None, None)]


def test_it_tells_the_reviewer_why_a_home_is_not_safe() -> None:
    why = {"home_safe": False, "home_unsafe_why": ["pets", "afraid"]}
    notes = {one.code: one.note for one in screened(**why).findings}
    assert "pets, afraid" in notes["home_unsafe"]
    unsaid = {one.code: one.note for one in screened(home_safe=False).findings}
    assert "no reason given" in unsaid["home_unsafe"]


def test_a_medicine_is_read_alike_whether_it_is_ticked_or_written() -> None:
    for choice in COMMON:
        ticked = weighing(screened(medicines_common=[choice.value]))
        written = weighing(screened(medicines_other=choice.label))
        assert ticked == written - {"medicine_unrecognised"}, choice.label


def test_it_tells_the_reviewer_the_figures() -> None:
    notes = {one.code: one.note for one in screened(systolic=171, phq9_9=2, **SEVERE_MOOD).findings}
    assert notes["blood_pressure_too_high"] == "Blood pressure 171/76 mmHg, at or above 160/100."
    assert notes["phq9_high"] == "PHQ-9 total 22 of 27 (severe), at or above 20."


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 11, 23), date(2026, 11, 22), 17),
        (date(2008, 11, 23), date(2026, 11, 23), 18),
    ],
)
def test_it_counts_birthdays(born: date, day: date, age: int) -> None:
    assert age_on(day, born=born) == age


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "none or minimal"),
        (4, "none or minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
        (27, "severe"),
    ],
)
def test_it_bands_depression(total: int, band: str) -> None:
    items = [min(3, max(0, total - 3 * place)) for place in range(9)]
    assert instruments.phq9(items) == instruments.Score(total, 27, band)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"),
        (4, "minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "severe"),
        (21, "severe"),
    ],
)
def test_it_bands_anxiety(total: int, band: str) -> None:
    items = [min(3, max(0, total - 3 * place)) for place in range(7)]
    assert instruments.gad7(items) == instruments.Score(total, 21, band)


@unhurried
@given(st.lists(st.integers(-1, 5), min_size=6, max_size=10))
def test_it_scores_only_whole_instruments_within_range(items: list[int]) -> None:
    valid = len(items) == 9 and all(0 <= item <= 3 for item in items)
    if valid:
        assert 0 <= instruments.phq9(items).total <= 27
    else:
        with pytest.raises(ValueError, match="item"):
            instruments.phq9(items)


def test_it_scores_what_was_completed() -> None:
    scores = screened(gad7_7=None, auditc_1=2, auditc_2=0, auditc_3=0).scores
    assert set(scores) == {"phq9", "audit_c"}
    assert (scores["phq9"].total, scores["audit_c"].total) == (8, 2)
    assert screened().scores["gad7"].total == 7
    assert screen({"subject": "animal"}, today=TODAY).scores == {}


# What a patient may write, and the classes to read in it.
@pytest.mark.parametrize(
    ("text", "classes", "unrecognised"),
    [
        ("OxyContin 20mg twice a day", {"opioids"}, False),
        ("oxycodone20mg", {"opioids"}, False),
        ("Xánax, Ambien and Ozempic", {"benzodiazepines", "sedatives", "glp1"}, False),
        ("ＸＡＮＡＸ", {"benzodiazepines"}, False),
        ("St. John's Wort", {"cyp3a4_2b6"}, False),
        ("st johns wort\nvitamin D", {"cyp3a4_2b6"}, True),
        ("Provigil", {"stimulants", "cyp3a4_2b6"}, False),
        ("phenobarbital", {"sedatives", "cyp3a4_2b6"}, False),
        ("ketamine cream", {"topical_ketamine"}, False),
        ("ketamine troches", {"ketamine_elsewhere"}, False),
        ("LDN; Lamictal; Nardil", {"naltrexone", "lamotrigine", "maoi"}, False),
        ("théophylline LP", {"theophylline"}, False),
        ("co-codamol", {"opioids"}, False),
        ("GLP-1 shot", {"glp1"}, False),
        ("somatropin", set(), True),  # holds "soma", which is another word
        ("nothing", set(), False),
        ("", set(), False),
        ("💊", set(), False),
        ("лекарство", set(), True),
    ],
)
def test_it_reads_medicines_in_what_a_patient_writes(
    text: str, classes: set[str], unrecognised: bool
) -> None:
    reading = read(text)
    assert (set(reading.classes), reading.unrecognised) == (classes, unrecognised)


def test_it_recognises_every_name_in_its_table_in_any_case() -> None:
    for medicine_class, names in NAMES.items():
        for name in names.split(","):
            reading = read(f"daily {name.strip().upper()} 5mg")
            assert medicine_class in reading.classes, name


# Every question a risk can come from, each answer at least as risky as the one before.
LADDERS: dict[str, list[Any]] = {
    "subject": ["person", "animal"],
    "sex": ["male", "unsaid"],
    "reasons": [["depression"], ["depression", "bipolar_depression"]],
    "pregnant_or_breastfeeding": [False, True],
    "ketamine_allergy": [False, True],
    "hypertension": ["none", "controlled", "uncontrolled"],
    "systolic": [110, 139, 140, 159, 160, 220],
    "diastolic": [70, 89, 90, 99, 100, 120],
    "heart_disease": ["none", "stable", "unstable"],
    "liver_disease": ["none", "mild", "moderate", "severe"],
    "intracranial_pressure": [False, True],
    "intraocular_pressure": [False, True],
    "seizures": [False, True],
    "sleep_apnoea": [False, True],
    "bladder_symptoms": [False, True],
    "ketamine_before": ["none", "well", "badly"],
    "conditions_other": ["none", "Lupus"],
    "psychosis": [False, True],
    "bipolar": [False, True],
    "substance_use": ["none", "past", "now"],
    **{f"phq9_{number}": [0, 1, 2, 3] for number in range(1, 10)},
    **{f"cssrs_{number}": [False, True] for number in range(1, 7)},
    "cssrs_6_recent": [False, True],
    **{f"auditc_{number}": [0, 1, 2, 3, 4] for number in range(1, 4)},
    "medicines": [["none"], ["opioids"], ["opioids", "theophylline"]],
    "medicines_common": [["aspirin"], ["aspirin", "tramadol"]],
    "medicines_other": ["none", "none, something new", "none, something new, theophylline"],
    "escort_overnight": [True, False],
    "home_safe": [True, False],
}

# Few risks at a time, so that every outcome is reached.
risks = st.dictionaries(st.sampled_from(sorted(LADDERS)), st.integers(1, 5), max_size=3)


def answers_at(rungs: dict[str, int]) -> dict[str, Any]:
    return {id_: ladder[min(rungs.get(id_, 0), len(ladder) - 1)] for id_, ladder in LADDERS.items()}


@unhurried
@given(risks, risks)
def test_it_is_never_milder_when_a_risk_is_added(
    start: dict[str, int], climbs: dict[str, int]
) -> None:
    higher = start | {id_: start.get(id_, 0) + rungs for id_, rungs in climbs.items()}
    before, after = screened(**answers_at(start)), screened(**answers_at(higher))
    assert SEVERITY_RANK.index(after.outcome) >= SEVERITY_RANK.index(before.outcome)


@unhurried
@given(risks)
def test_it_answers_the_same_twice(rungs: dict[str, int]) -> None:
    assert screened(**answers_at(rungs)) == screened(**answers_at(rungs))


@unhurried
@given(st.text(max_size=2000))
def test_it_never_clears_what_it_cannot_read(text: str) -> None:
    codes = weighing(screened(medicines_other=f"blorp {text}"))
    assert any(code.startswith("medicine_") for code in codes)
