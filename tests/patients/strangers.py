"""People we made up, seeded: who might fill in the questionnaire, and what they might type.

No figure here is anybody's: shares are rough ones of adults who ask for such a treatment, with the
rare and the dangerous made more frequent than they are, so that few people meet every rule. Two of
three have the age, the sex, the illnesses and the medicines of one of Synthea's people instead
(`tests/data/synthea`), the medicines as a chart words them. The table of what came of four hundred
of them is in docs/intake.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from patients.instruments import AUDIT_C_IDS, GAD7_IDS, PHQ9_IDS
from patients.medicine_questions import COMMON
from patients.medicines import NAMES

SEED: Final = 20261122
TODAY: Final = date(2026, 11, 23)

WRITTEN: Final = (
    "",
    "none",
    "N/A",
    "Lisinopril 10mg, metformin",
    "xanax as needed\ntylenol",
    "teofilina 200 mg",
    "sertralina; gabapentina 300",
    "I dont remember the names, the white one",
    "'; DROP TABLE patients_intake; --",
    "<script>alert(document.cookie)</script>",
    "{{ settings.SECRET_KEY }} {% debug %} ${7*7} %(x)s",
    "\u202etxet desrever\u202c ضغط الدم",
    "null\x00byte and bell\x07",
    "👩‍⚕️💊" * 40,
    "Ѕuboxone (in Cyrillic letters)",
    "a" * 2000,
    "=HYPERLINK('http://example.com')",
    "line one\r\nline two\r\n\r\n\tline three",
)

# What a form can carry that no page of ours sends: (question, typed).
MALFORMED: Final[tuple[tuple[str, Any], ...]] = (
    ("systolic", "12O"),
    ("systolic", "-5"),
    ("systolic", "9" * 500),
    ("diastolic", "٨٠"),
    ("weight_pounds", "70 kg"),
    ("date_of_birth", "1984-02-30"),
    ("date_of_birth", "2190-01-01"),
    ("date_of_birth", "31-05-19x4"),
    ("sex", "yes"),
    ("seizures", "2"),
    ("phq9_1", "4"),
    ("reasons", ["depression", "<b>"]),
    ("medicines_other", "b" * 2001),
)


SYNTHEA: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "synthea" / "people.json").read_text(encoding="utf-8")
)
SEIZURES: Final = {"Seizure disorder", "Epilepsy", "History of single seizure"}
HEART: Final = {"Coronary arteriosclerosis", "Atrial fibrillation", "Myocardial infarction"}
ARRESTED: Final = {"Cardiac arrest", "History of cardiac arrest"}
PAIN: Final = {"Osteoarthritis", "Rheumatoid arthritis"}
ASKED: Final = SEIZURES | HEART | ARRESTED | PAIN  # by questions of their own


@dataclass(frozen=True, slots=True)
class Stranger:
    """One made-up person: their answers, and what they mistype first, if anything."""

    number: int
    answers: dict[str, Any]
    mistyped: tuple[str, Any] | None
    presses_twice: bool


def strangers(count: int, *, seed: int = SEED) -> list[Stranger]:
    """Return so many people; the first ones are the same whatever the count."""
    return [_stranger(number, Random(seed * 1000 + number)) for number in range(count)]


def _stranger(number: int, chance: Random) -> Stranger:
    if chance.random() < 0.02:
        return Stranger(number, {"subject": "animal"}, None, presses_twice=False)
    low = chance.betavariate(2.2, 2.2)  # how heavy everything weighs on them, 0 to 1
    answers = (
        _about(chance) | _body(chance) | _mind(chance, low) | _medicines(chance) | _home(chance)
    )
    if number % 3:
        answers |= _of_synthea(SYNTHEA[(number - 1 - number // 3) % len(SYNTHEA)], answers)
    mistyped = chance.choice(MALFORMED) if chance.random() < 0.25 else None
    return Stranger(number, answers, mistyped, presses_twice=chance.random() < 0.15)


def _of_synthea(one: dict[str, Any], made_up: dict[str, Any]) -> dict[str, Any]:
    """What one of Synthea's people says of body and medicines; the rest stays made up."""
    has = set(one["conditions"])
    heart = "unstable" if has & ARRESTED else "stable" if has & HEART else made_up["heart_disease"]
    rest = [name for name in one["conditions"] if name not in ASKED]
    return {
        "date_of_birth": one["born"],
        "sex": one["sex"],
        "reasons": sorted({*made_up["reasons"], *(["chronic_pain"] if has & PAIN else [])}),
        "seizures": made_up["seizures"] or bool(has & SEIZURES),
        "heart_disease": heart,
        "conditions_other": "; ".join(rest),
        "medicines_other": "\n".join(one["medicines"]),
    }


def _one(chance: Random, **shares: float) -> str:
    return chance.choices(list(shares), weights=list(shares.values()))[0]


def _is(chance: Random, share: float) -> bool:
    return chance.random() < share


def _some(chance: Random, offered: Sequence[Any], most: int) -> list[Any]:
    return chance.sample(list(offered), chance.randint(1, most))


def _about(chance: Random) -> dict[str, Any]:
    years = min(max(chance.gauss(45, 16), 15), 93)
    reasons = ["depression", "chronic_pain", "neuropathic_pain", "crps", "anxiety", "ptsd", "ocd"]
    return {
        "subject": "person",
        "date_of_birth": (TODAY - timedelta(days=int(years * 365.25))).isoformat(),
        "sex": _one(chance, female=57, male=39, other=2, unsaid=2),
        "reasons": _some(chance, reasons, 3)
        + (["bipolar_depression"] if _is(chance, 0.05) else []),
    }


def _body(chance: Random) -> dict[str, Any]:
    pressure = chance.gauss(0, 1)
    known = {
        "systolic": round(min(max(124 + 14 * pressure, 82), 215)),
        "diastolic": round(min(max(78 + 9 * pressure + chance.gauss(0, 3), 45), 130)),
    }
    return {
        "pregnant_or_breastfeeding": _is(chance, 0.02),
        "ketamine_allergy": _is(chance, 0.01),
        "ketamine_before": _one(chance, none=86, well=11, badly=3),
        "liver_disease": _one(chance, none=93, mild=3, moderate=2, severe=1, unknown=1),
        "intracranial_pressure": _is(chance, 0.01),
        "intraocular_pressure": _is(chance, 0.02),
        "seizures": _is(chance, 0.03),
        "sleep_apnoea": _is(chance, 0.09),
        "bladder_symptoms": _is(chance, 0.05),
        "hypertension": _one(chance, none=72, controlled=24, uncontrolled=4),
        "heart_disease": _one(chance, none=93, stable=5, unstable=2),
        **(known if _is(chance, 0.6) else {}),
        **({"conditions_other": chance.choice(WRITTEN)} if _is(chance, 0.08) else {}),
        **({"weight_pounds": chance.randint(95, 340)} if _is(chance, 0.7) else {}),
    }


def _mind(chance: Random, low: float) -> dict[str, Any]:
    def item(weight: float) -> int:
        return min(3, max(0, round(chance.gauss(3 * weight, 0.8))))

    drinks = _one(chance, **{"0": 38, "1": 32, "2": 17, "3": 9, "4": 4})
    thoughts = _is(chance, 0.25 * low)
    acute = thoughts and _is(chance, 0.3)
    before = _is(chance, 0.1)
    return {
        "psychosis": _is(chance, 0.015),
        "bipolar": _is(chance, 0.06),
        "substance_use": _one(chance, none=84, past=13, now=3),
        **{id_: item(low) for id_ in PHQ9_IDS[:-1]},
        PHQ9_IDS[-1]: item(0.35) if thoughts else int(_is(chance, 0.04)),
        "cssrs_1": thoughts or _is(chance, 0.06),
        "cssrs_2": thoughts,
        **({f"cssrs_{n}": _is(chance, 0.4) for n in (3, 5)} if acute else {}),
        **({"cssrs_3": _is(chance, 0.3), "cssrs_5": False} if thoughts and not acute else {}),
        **({"cssrs_4": acute} if thoughts else {}),
        "cssrs_6": before,
        **({"cssrs_6_recent": _is(chance, 0.1)} if before else {}),
        **({id_: item(low) for id_ in GAD7_IDS} if _is(chance, 0.8) else {}),
        AUDIT_C_IDS[0]: int(drinks),
        **(
            {id_: chance.choices((0, 1, 2, 4), (70, 20, 8, 2))[0] for id_ in AUDIT_C_IDS[1:]}
            if drinks != "0"
            else {}
        ),
    }


def _medicines(chance: Random) -> dict[str, Any]:
    classes = _some(chance, list(NAMES), 2) if _is(chance, 0.2) else ["none"]
    return {
        "medicines": classes,
        **(
            {"medicines_common": _some(chance, [str(one.value) for one in COMMON], 3)}
            if _is(chance, 0.3)
            else {}
        ),
        **({"medicines_other": chance.choice(WRITTEN)} if _is(chance, 0.3) else {}),
    }


def _home(chance: Random) -> dict[str, Any]:
    is_safe = _is(chance, 0.95)
    why = {"home_unsafe_why": _some(chance, ["room", "pets", "weapons", "afraid", "other"], 2)}
    return {
        "escort_overnight": _is(chance, 0.95),
        "home_safe": is_safe,
        **(why if not is_safe and _is(chance, 0.7) else {}),
        **({"anything_else": chance.choice(WRITTEN)} if _is(chance, 0.15) else {}),
    }
