"""Four public screening instruments: their items and their scores (pure).

References
----------
PHQ-9: Kroenke, Spitzer, Williams. J Gen Intern Med 2001;16:606-613. Public domain.
GAD-7: Spitzer, Kroenke, Williams, Löwe. Arch Intern Med 2006;166:1092-1097. Public domain.
AUDIT-C: Bush, Kivlahan, McDonell, et al. Arch Intern Med 1998;158:1789-1795; items 1-3 of the
    World Health Organization's AUDIT.
C-SSRS screen version: Posner, Brown, Stanley, et al. Am J Psychiatry 2011;168:1266-1277;
    The Columbia Lighthouse Project.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patients.questions import Answer, Choice, Question, QuestionType, Section, ShowIf

PERSON = ShowIf("subject", ("person",))

SECTIONS = (
    Section(
        "mood",
        "Your mood",
        "Over the last 2 weeks, how often have you been bothered by any of these problems?",
    ),
    Section(
        "safety",
        "Your safety",
        "We ask everyone these questions. If you need help now, call or text 988, at any hour; "
        "in an emergency call 911.",
    ),
    Section(
        "worry",
        "Worry",
        "Over the last 2 weeks, how often have you been bothered by any of these problems? "
        "You may skip this page.",
    ),
    Section("alcohol", "Alcohol", "About the last 12 months."),
)

_HOW_OFTEN = tuple(
    Choice(value, label)
    for value, label in enumerate(
        ("Not at all", "Several days", "More than half the days", "Nearly every day")
    )
)

_PHQ9 = (
    "Little interest or pleasure in doing things",
    "Feeling down, depressed, or hopeless",
    "Trouble falling or staying asleep, or sleeping too much",
    "Feeling tired or having little energy",
    "Poor appetite or overeating",
    (
        "Feeling bad about yourself, or that you are a failure or have let yourself or "
        "your family down"
    ),
    "Trouble concentrating on things, such as reading the newspaper or watching television",
    (
        "Moving or speaking so slowly that other people could have noticed. Or the opposite: being "
        "so fidgety or restless that you have been moving around a lot more than usual"
    ),
    "Thoughts that you would be better off dead, or of hurting yourself in some way",
)

_GAD7 = (
    "Feeling nervous, anxious, or on edge",
    "Not being able to stop or control worrying",
    "Worrying too much about different things",
    "Trouble relaxing",
    "Being so restless that it is hard to sit still",
    "Becoming easily annoyed or irritable",
    "Feeling afraid, as if something awful might happen",
)

_AUDIT_C = (
    (
        "How often do you have a drink containing alcohol?",
        (
            "Never",
            "Monthly or less",
            "2 to 4 times a month",
            "2 to 3 times a week",
            "4 or more times a week",
        ),
    ),
    (
        "How many drinks containing alcohol do you have on a typical day when you are drinking?",
        ("1 or 2", "3 or 4", "5 or 6", "7 to 9", "10 or more"),
    ),
    (
        "How often do you have 6 or more drinks on one occasion?",
        ("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily"),
    ),
)

_CSSRS = (
    (
        "In the past month, have you wished you were dead or wished you could go to sleep and not "
        "wake up?"
    ),
    "In the past month, have you actually had any thoughts about killing yourself?",
    "In the past month, have you been thinking about how you might do this?",
    "In the past month, have you had these thoughts and had some intention of acting on them?",
    (
        "In the past month, have you started to work out, or worked out, the details of how to "
        "kill yourself, and did you intend to carry out this plan?"
    ),
    (
        "Have you ever done anything, started to do anything, or prepared to do anything to end "
        "your life?"
    ),
)
_CSSRS_RECENT = "Was this within the past 3 months?"

PHQ9_IDS = tuple(f"phq9_{number}" for number in range(1, 10))
GAD7_IDS = tuple(f"gad7_{number}" for number in range(1, 8))
AUDIT_C_IDS = tuple(f"auditc_{number}" for number in range(1, 4))


def _frequency_items(ids: Sequence[str], texts: Sequence[str], section: str) -> list[Question]:
    return [
        Question(
            id=id_,
            text=text,
            type=QuestionType.CHOICE,
            section=section,
            required=section == "mood",
            choices=_HOW_OFTEN,
            show_if=PERSON,
        )
        for id_, text in zip(ids, texts, strict=True)
    ]


def _auditc_items() -> list[Question]:
    drinks = ShowIf("auditc_1", (1, 2, 3, 4))
    return [
        Question(
            id=id_,
            text=text,
            type=QuestionType.CHOICE,
            section="alcohol",
            required=True,
            choices=tuple(Choice(value, label) for value, label in enumerate(labels)),
            show_if=PERSON if id_ == "auditc_1" else drinks,
            kept=id_ != "auditc_1",
        )
        for id_, (text, labels) in zip(AUDIT_C_IDS, _AUDIT_C, strict=True)
    ]


def _cssrs_item(id_: str, text: str, show_if: ShowIf) -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.BOOLEAN,
        section="safety",
        required=True,
        show_if=show_if,
        kept=True,
    )


def _cssrs_items() -> list[Question]:
    """Items 3 to 5 follow a yes to 2, as on the printed screener; 6 is asked of everyone."""
    thoughts, behavior = ShowIf("cssrs_2", (True,)), ShowIf("cssrs_6", (True,))
    items = [
        _cssrs_item(f"cssrs_{number}", text, thoughts if number in (3, 4, 5) else PERSON)
        for number, text in enumerate(_CSSRS, start=1)
    ]
    return [*items, _cssrs_item("cssrs_6_recent", _CSSRS_RECENT, behavior)]


QUESTIONS = (
    *_frequency_items(PHQ9_IDS, _PHQ9, "mood"),
    *_cssrs_items(),
    *_frequency_items(GAD7_IDS, _GAD7, "worry"),
    *_auditc_items(),
)


@dataclass(frozen=True, slots=True)
class Score:
    """A total on its scale, with the name of its band (empty where the scale has none)."""

    total: int
    maximum: int
    band: str = ""


_PHQ9_BANDS = ("none or minimal", "mild", "moderate", "moderately severe", "severe")
_GAD7_BANDS = ("minimal", "mild", "moderate", "severe")


def phq9(items: Sequence[int]) -> Score:
    """Score the nine items, 0 to 3 each: 0 to 27, bands from 5, 10, 15 and 20.

    Raises
    ------
    ValueError
        If there are not nine items or one is outside 0 to 3.
    """
    total = _total(items, count=9, highest=3)
    return Score(total, 27, phq9_band(total))


def phq9_band(total: int) -> str:
    """Name the band of a total, 0 to 27."""
    return _PHQ9_BANDS[bisect_right((5, 10, 15, 20), total)]


def gad7(items: Sequence[int]) -> Score:
    """Score the seven items, 0 to 3 each: 0 to 21, bands from 5, 10 and 15.

    Raises
    ------
    ValueError
        If there are not seven items or one is outside 0 to 3.
    """
    total = _total(items, count=7, highest=3)
    return Score(total, 21, gad7_band(total))


def gad7_band(total: int) -> str:
    """Name the band of a total, 0 to 21."""
    return _GAD7_BANDS[bisect_right((5, 10, 15), total)]


def audit_c(items: Sequence[int]) -> Score:
    """Score the three items, 0 to 4 each: 0 to 12; its cut-off depends on sex.

    Raises
    ------
    ValueError
        If there are not three items or one is outside 0 to 4.
    """
    return Score(_total(items, count=3, highest=4), 12)


def _total(items: Sequence[int], *, count: int, highest: int) -> int:
    if len(items) != count:
        raise ValueError(f"expected {count} items, got {len(items)}")
    if not all(0 <= item <= highest for item in items):
        raise ValueError(f"every item lies between 0 and {highest}")
    return sum(items)


def scores(answers: Mapping[str, Answer]) -> dict[str, Score]:
    """Score every instrument that is complete; AUDIT-C counts drinks never asked about as 0."""
    found = {}
    if (mood := _items(answers, PHQ9_IDS)) is not None:
        found["phq9"] = phq9(mood)
    if (worry := _items(answers, GAD7_IDS)) is not None:
        found["gad7"] = gad7(worry)
    if "auditc_1" in answers:
        drinking = _items({**dict.fromkeys(AUDIT_C_IDS, 0), **answers}, AUDIT_C_IDS)
        found["audit_c"] = audit_c(drinking or (0, 0, 0))
    return found


def _items(answers: Mapping[str, Answer], ids: Sequence[str]) -> list[int] | None:
    values = [value for id_ in ids if isinstance(value := answers.get(id_), int)]
    return values if len(values) == len(ids) else None
