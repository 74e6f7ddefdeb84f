"""Who may be booked: cleaned answers in, findings and an outcome out (pure).

The rules and figures are those of `docs/domain.md`, "Screening".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain

from patients import instruments, medicines
from patients.findings import CATALOGUE, INFORMATION, Finding, Severity, finding
from patients.instruments import Score
from patients.medicine_questions import LABELS
from patients.questions import Answer

__all__ = [
    "Danger",
    "Finding",
    "Limits",
    "Outcome",
    "Score",
    "Screening",
    "Severity",
    "age_on",
    "danger",
    "screen",
]

Answers = Mapping[str, Answer]


class Outcome(StrEnum):
    """What screening comes to, most severe first."""

    CRISIS = "crisis"
    EXCLUDED = "excluded"
    REVIEW = "review"
    ELIGIBLE = "eligible"


class Danger(StrEnum):
    """What single answers say already, before everything is answered."""

    NONE = "none"
    THOUGHTS = "thoughts"
    ACUTE = "acute"


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures of the rules: years, mmHg and points; each is the first value that counts.

    The exception is `review_above_age`, the last age that needs no review.
    """

    minimum_age: int = 18
    review_above_age: int = 75
    warn_systolic: int = 140
    warn_diastolic: int = 90
    block_systolic: int = 160
    block_diastolic: int = 100
    phq9_item_9: int = 1
    phq9_total: int = 20
    audit_c_men: int = 4
    audit_c_others: int = 3


@dataclass(frozen=True, slots=True)
class Screening:
    """What was found, most severe first, and the scores of the completed instruments."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    scores: Mapping[str, Score]

    @property
    def clearable(self) -> bool:
        """Whether a clinician may clear it: nothing found stands beyond their decision."""
        weighing = (one for one in self.findings if one.severity is not Severity.INFORMATION)
        return all(one.clearable for one in weighing)


_DEFAULTS = Limits()

# Each answer that is a finding by itself: (question, answer, code).
_BY_ANSWER: tuple[tuple[str, str | bool, str], ...] = (
    ("subject", "animal", "not_human"),
    ("pregnant_or_breastfeeding", True, "pregnant_or_breastfeeding"),
    ("ketamine_allergy", True, "ketamine_hypersensitivity"),
    ("psychosis", True, "psychosis_or_mania"),
    ("liver_disease", "severe", "severe_liver_disease"),
    ("liver_disease", "moderate", "liver_disease_moderate"),
    ("liver_disease", "unknown", "liver_disease_unknown"),
    ("substance_use", "now", "active_substance_use"),
    ("substance_use", "past", "substance_use_past"),
    ("escort_overnight", False, "no_responsible_adult"),
    ("hypertension", "uncontrolled", "hypertension_uncontrolled"),
    ("heart_disease", "unstable", "heart_disease_unstable"),
    ("heart_disease", "stable", "heart_disease_stable"),
    ("intracranial_pressure", True, "raised_intracranial_pressure"),
    ("intraocular_pressure", True, "raised_intraocular_pressure"),
    ("seizures", True, "seizures"),
    ("sleep_apnoea", True, "sleep_apnoea"),
    ("bladder_symptoms", True, "bladder_symptoms"),
    ("ketamine_before", "badly", "ketamine_went_badly"),
)

_ACUTE = {
    "cssrs_4": "item 4, some intent to act",
    "cssrs_5": "item 5, intent with a plan",
    "cssrs_6_recent": "item 6, behavior in the last 3 months",
}
_THOUGHTS = {
    "cssrs_1": "item 1, wish to be dead",
    "cssrs_2": "item 2, suicidal thoughts",
    "cssrs_3": "item 3, thoughts of a method",
}


def screen(answers: Answers, *, today: date, limits: Limits = _DEFAULTS) -> Screening:
    """Apply every rule to cleaned answers; `today` is the date where the patient lives.

    Returns
    -------
    Screening
        Findings most severe first and in the catalogue's order, so equal answers read equal.
    """
    scores = instruments.scores(answers)
    found = chain(
        _suicidality(answers),
        (finding(code) for id_, value, code in _BY_ANSWER if answers.get(id_) == value),
        _age(answers, today, limits),
        _blood_pressure(answers, limits),
        _mood(answers, scores, limits),
        _medicines(answers),
        _written(answers),
        _home(answers),
        map(finding, INFORMATION),
    )
    order = list(CATALOGUE)
    findings = tuple(sorted(found, key=lambda one: order.index(one.code)))
    return Screening(_outcome(findings[0].severity), findings, scores)


def danger(answers: Answers, *, limits: Limits = _DEFAULTS) -> Danger:
    """Say whether help has to be shown now: `ACUTE` is what screening calls a crisis."""
    if any(answers.get(item) is True for item in _ACUTE):
        return Danger.ACUTE
    thoughts = any(answers.get(item) is True for item in _THOUGHTS)
    if thoughts or _number(answers, "phq9_9") >= limits.phq9_item_9:
        return Danger.THOUGHTS
    return Danger.NONE


def _outcome(worst: Severity) -> Outcome:
    return Outcome.ELIGIBLE if worst is Severity.INFORMATION else Outcome(worst.value)


def age_on(day: date, *, born: date) -> int:
    """Return full years; who was born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _suicidality(answers: Answers) -> Iterator[Finding]:
    acute = [sign for item, sign in _ACUTE.items() if answers.get(item) is True]
    thoughts = [sign for item, sign in _THOUGHTS.items() if answers.get(item) is True]
    if acute:
        yield finding("acute_suicidality", signs="; ".join(acute + thoughts))
        return  # one clear message about help, not three
    if thoughts:
        yield finding("suicidal_thoughts", signs="; ".join(thoughts))
    if answers.get("cssrs_6") is True:
        yield finding("suicidal_behavior_past")


def _age(answers: Answers, today: date, limits: Limits) -> Iterator[Finding]:
    if not isinstance(born := answers.get("date_of_birth"), str):
        return
    age = age_on(today, born=date.fromisoformat(born))
    if age < limits.minimum_age:
        yield finding("under_age", age=age, limit=limits.minimum_age)
    elif age > limits.review_above_age:
        yield finding("over_age", age=age, limit=limits.review_above_age)


def _blood_pressure(answers: Answers, limits: Limits) -> Iterator[Finding]:
    """One number alone counts too."""
    upper, lower = _number(answers, "systolic"), _number(answers, "diastolic")
    reading = f"{upper or '?'}/{lower or '?'}"
    for code, systolic, diastolic in (
        ("blood_pressure_too_high", limits.block_systolic, limits.block_diastolic),
        ("blood_pressure_high", limits.warn_systolic, limits.warn_diastolic),
    ):
        if upper >= systolic or lower >= diastolic:
            yield finding(code, reading=reading, limit=f"{systolic}/{diastolic}")
            return


def _mood(answers: Answers, scores: Mapping[str, Score], limits: Limits) -> Iterator[Finding]:
    item = _number(answers, "phq9_9")
    if item >= limits.phq9_item_9:
        yield finding("phq9_item_9", item=item)
    phq9 = scores.get("phq9")
    if phq9 and phq9.total >= limits.phq9_total:
        yield finding("phq9_high", total=phq9.total, band=phq9.band, limit=limits.phq9_total)
    # A sex that is not given takes the stricter cut-off.
    cut_off = limits.audit_c_men if answers.get("sex") == "male" else limits.audit_c_others
    drinking = scores.get("audit_c")
    if drinking and drinking.total >= cut_off:
        yield finding("alcohol_risk", total=drinking.total, limit=cut_off)
    if answers.get("bipolar") is True or "bipolar_depression" in _several(answers, "reasons"):
        yield finding("bipolar")


def _medicines(answers: Answers) -> Iterator[Finding]:
    """Read what was ticked, and what is named in either free text."""
    listed = medicines.read(_text(answers, "medicines_other"))
    mentioned = medicines.read(_text(answers, "anything_else"))
    ticked = medicines.read(", ".join(_common(answers)))
    named = {
        *_several(answers, "medicines"),
        *ticked.classes,
        *listed.classes,
        *mentioned.classes,
    }
    yield from (finding(f"medicine_{one}") for one in medicines.NAMES if one in named)
    if listed.unrecognised:
        yield finding("medicine_unrecognised")


def _common(answers: Answers) -> Iterator[str]:
    return (LABELS.get(one, one) for one in _several(answers, "medicines_common"))


def _written(answers: Answers) -> Iterator[Finding]:
    """What the patient wrote about their health is read by somebody, whatever it says."""
    if not medicines.says_nothing(_text(answers, "conditions_other")):
        yield finding("conditions_to_read")


def _home(answers: Answers) -> Iterator[Finding]:
    if answers.get("home_safe") is False:
        why = ", ".join(_several(answers, "home_unsafe_why")) or "no reason given"
        yield finding("home_unsafe", why=why)


def _number(answers: Answers, id_: str) -> int:
    value = answers.get(id_)
    return value if isinstance(value, int) else 0


def _several(answers: Answers, id_: str) -> list[str]:
    value = answers.get(id_)
    return value if isinstance(value, list) else []


def _text(answers: Answers, id_: str) -> str:
    value = answers.get(id_)
    return value if isinstance(value, str) else ""
