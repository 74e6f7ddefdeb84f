"""Every finding screening can make: severity, and a sentence for each reader (pure).

The rules are those of `docs/domain.md`, "Screening". What a patient reads never scolds and never
tells them to stop a medicine; what a reviewer reads may hold figures in {braces}.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Severity(StrEnum):
    """How much a finding weighs, most severe first."""

    CRISIS = "crisis"
    EXCLUDED = "excluded"
    REVIEW = "review"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found; `clearable` where a clinician may decide to go on all the same."""

    code: str
    severity: Severity
    detail: str
    note: str
    clearable: bool


class Sentences(NamedTuple):
    """What the patient reads, and what the reviewer reads."""

    detail: str
    note: str


_NOT_NOW = "We cannot book an infusion for you as things stand."
_CLINICIAN = "A clinician will look at this with you before anything is booked."
_KEEP_TAKING = "Please keep taking it as prescribed."

_CRISIS = {
    "acute_suicidality": Sentences(
        "Thank you for telling us. You deserve help right now: call or text 988 at any hour to "
        "talk with someone, and call 911 in an emergency. Our on-call staff have been told and "
        "will reach out to you.",
        "C-SSRS: {signs}. Contact the patient at once.",
    ),
}

_EXCLUDED = {
    "not_human": Sentences(
        "We can treat people only. A veterinarian is the right person to ask about an animal.",
        "The patient is an animal.",
    ),
    "under_age": Sentences(
        f"{_NOT_NOW} We treat adults only; your own doctor can tell you what else may help.",
        "Age {age}, below the minimum of {limit}.",
    ),
    "pregnant_or_breastfeeding": Sentences(
        f"{_NOT_NOW} Ketamine is not considered safe in pregnancy or while breastfeeding; your own "
        "doctor can tell you what else may help.",
        "Pregnant, possibly pregnant or breastfeeding.",
    ),
    "ketamine_hypersensitivity": Sentences(
        f"{_NOT_NOW} After an allergic reaction to ketamine it would not be safe for you.",
        "Reports hypersensitivity to ketamine.",
    ),
    "psychosis_or_mania": Sentences(
        f"{_NOT_NOW} Ketamine can make psychosis or mania worse; the person who treats you can "
        "tell you what else may help.",
        "Schizophrenia, or active psychosis or mania.",
    ),
    "severe_liver_disease": Sentences(
        f"{_NOT_NOW} The liver clears ketamine, and with severe liver disease it may build up.",
        "Severe liver disease.",
    ),
    "active_substance_use": Sentences(
        f"{_NOT_NOW} Help is available and works: the SAMHSA helpline, 1-800-662-4357, is free and "
        "open at any hour. You are welcome to ask us again later.",
        "Active substance use disorder.",
    ),
    "no_responsible_adult": Sentences(
        f"{_NOT_NOW} For your safety a responsible adult has to stay through the night. Once you "
        "have found someone, please fill in this form again.",
        "No responsible adult staying through the night.",
    ),
    "medicine_theophylline": Sentences(
        f"{_NOT_NOW} Theophylline or aminophylline together with ketamine can cause seizures. "
        f"{_KEEP_TAKING}",
        "Theophylline or aminophylline: lowers the seizure threshold with ketamine.",
    ),
}

_EXCLUDED_CLEARABLE = {
    "blood_pressure_too_high": Sentences(
        f"{_NOT_NOW} Your blood pressure is high, and ketamine raises it further. Please see your "
        "doctor about it soon; a prescriber here can look at it again.",
        "Blood pressure {reading} mmHg, at or above {limit}.",
    ),
    "hypertension_uncontrolled": Sentences(
        f"{_NOT_NOW} Ketamine raises blood pressure. Please see your doctor about it soon; a "
        "prescriber here can look at it again.",
        "Says that hypertension is not under control.",
    ),
    "heart_disease_unstable": Sentences(
        f"{_NOT_NOW} Ketamine makes the heart work harder. A prescriber here can look at it again "
        "together with the doctor who treats your heart.",
        "Unstable cardiovascular disease.",
    ),
    "raised_intracranial_pressure": Sentences(
        f"{_NOT_NOW} Ketamine may raise the pressure inside the head. A prescriber here can look "
        "at it again together with your doctor.",
        "Raised intracranial pressure.",
    ),
    "raised_intraocular_pressure": Sentences(
        f"{_NOT_NOW} Ketamine may raise the pressure inside the eye. A prescriber here can look at "
        "it again together with your eye doctor.",
        "Raised intraocular pressure or glaucoma.",
    ),
}

_REVIEW = {
    "suicidal_thoughts": Sentences(
        "Thank you for telling us about these thoughts. You can call or text 988 at any hour. "
        f"{_CLINICIAN}",
        "C-SSRS: {signs}, without intent or plan, in the past month.",
    ),
    "suicidal_behavior_past": Sentences(
        f"Thank you for telling us about a hard time in your life. {_CLINICIAN}",
        "C-SSRS item 6: suicidal behavior more than 3 months ago.",
    ),
    "phq9_item_9": Sentences(
        "You told us of thoughts of being better off dead or of hurting yourself. You can call or "
        f"text 988 at any hour. {_CLINICIAN}",
        "PHQ-9 item 9 answered {item} of 3.",
    ),
    "phq9_high": Sentences(
        f"Your answers suggest that your depression weighs heavily on you. {_CLINICIAN}",
        "PHQ-9 total {total} of 27 ({band}), at or above {limit}.",
    ),
    "alcohol_risk": Sentences(
        f"Alcohol and ketamine are dangerous together. {_CLINICIAN}",
        "AUDIT-C total {total} of 12, at or above {limit}.",
    ),
    "substance_use_past": Sentences(
        f"Thank you for telling us about the past. {_CLINICIAN}",
        "Past substance use disorder.",
    ),
    "over_age": Sentences(
        f"From your mid-seventies on we take extra care. {_CLINICIAN}",
        "Age {age}, above {limit}.",
    ),
    "blood_pressure_high": Sentences(
        f"Your blood pressure is a little high, and ketamine raises it further. {_CLINICIAN}",
        "Blood pressure {reading} mmHg, at or above {limit}.",
    ),
    "heart_disease_stable": Sentences(
        f"Ketamine makes the heart work harder for a while. {_CLINICIAN}",
        "Cardiovascular disease, said to be stable.",
    ),
    "liver_disease_moderate": Sentences(
        f"The liver clears ketamine, so we take extra care. {_CLINICIAN}",
        "Moderate liver disease.",
    ),
    "liver_disease_unknown": Sentences(
        f"The liver clears ketamine, so we need to know a little more. {_CLINICIAN}",
        "Liver disease of unknown severity: severe disease excludes.",
    ),
    "seizures": Sentences(
        f"Because of your seizures we take extra care. {_CLINICIAN}", "Seizures or epilepsy."
    ),
    "sleep_apnoea": Sentences(
        f"Ketamine can affect breathing during sleep. {_CLINICIAN}",
        "Sleep apnea.",
    ),
    "bladder_symptoms": Sentences(
        f"Ketamine can irritate the bladder. {_CLINICIAN}",
        "Bladder symptoms.",
    ),
    "bipolar": Sentences(
        f"With bipolar disorder we take extra care. {_CLINICIAN}", "Bipolar disorder."
    ),
    "home_unsafe": Sentences(
        f"We want you and our nurse to be safe during the visit. {_CLINICIAN} If you are in danger "
        "at home, call 911, or the National Domestic Violence Hotline at 1-800-799-7233.",
        "Says that the home may not be a safe place for the visit: {why}.",
    ),
    "ketamine_went_badly": Sentences(
        f"Thank you for telling us that ketamine was hard on you before. {_CLINICIAN}",
        "Had ketamine before, and something went wrong or frightened them.",
    ),
    "conditions_to_read": Sentences(
        f"You told us more about your health. {_CLINICIAN}",
        "Other illnesses, allergies or operations in free text: read them.",
    ),
    "date_of_birth_differs": Sentences(
        f"This date of birth is not the one in your profile. {_CLINICIAN}",
        "Answered {answered}; the profile says {known}.",
    ),
    "answered_before": Sentences(
        f"You have sent us other answers that we have not cleared. {_CLINICIAN}",
        "Intake {number} ({outcome}, {status}) came before this one: compare them.",
    ),
    "medicine_unrecognised": Sentences(
        f"You told us about another medicine or supplement. {_CLINICIAN} {_KEEP_TAKING}",
        "A medicine to check: part of the free text was not recognised.",
    ),
}

# class: (what it is called to the patient, what the reviewer reads)
_MEDICINES = {
    "opioids": ("an opioid", "Opioid: added sedation and respiratory depression."),
    "benzodiazepines": ("a benzodiazepine", "Benzodiazepine: sedation; may blunt the response."),
    "sedatives": ("a calming or sleep medicine", "Another CNS depressant: added sedation."),
    "stimulants": ("a stimulant", "Stimulant: added rise of blood pressure and heart rate."),
    "maoi": ("an MAOI", "MAOI: blood pressure may rise sharply."),
    "lamotrigine": ("lamotrigine", "Lamotrigine: may blunt the response."),
    "naltrexone": ("naltrexone", "Naltrexone: may blunt the response."),
    "cyp3a4_2b6": (
        "a medicine that changes how others are broken down",
        "CYP3A4 or CYP2B6 inhibitor or inducer: ketamine exposure changes.",
    ),
    "glp1": ("a GLP-1 medicine", "GLP-1 agonist: slow stomach emptying, aspiration risk."),
    "topical_ketamine": ("a ketamine cream or gel", "Topical ketamine in use: doses add up."),
    "ketamine_elsewhere": ("ketamine in another form", "Ketamine from elsewhere: doses add up."),
}

_INFORMATION = {
    "side_effects": Sentences(
        "Common side effects are nausea, dizziness, drowsiness, blurred vision, a feeling of being "
        "apart from yourself, and higher blood pressure for a short time. Your nurse stays with "
        "you throughout.",
        "Told about side effects.",
    ),
    "off_label": Sentences(
        "Ketamine is approved as an anesthetic. Using it for mood or pain is off-label: legal and "
        "studied, but not approved by the FDA for this purpose.",
        "Told about off-label use.",
    ),
    "cost": Sentences(
        "Insurance often does not pay for this treatment. You see the price before you book, and "
        "the first consultation is free.",
        "Told about the cost.",
    ),
    "topical_or_iv": Sentences(
        "A ketamine cream acts mostly where it is applied, on intact skin; it needs a prescription "
        "too, and its evidence is limited. An infusion reaches the bloodstream at once and can be "
        "dosed higher.",
        "Told about topical against intravenous ketamine.",
    ),
}


def _catalogue() -> dict[str, Finding]:
    medicines = {
        f"medicine_{name}": Sentences(
            f"You told us that you take {words}. {_CLINICIAN} {_KEEP_TAKING}", note
        )
        for name, (words, note) in _MEDICINES.items()
    }
    groups = (
        (Severity.CRISIS, False, _CRISIS),
        (Severity.EXCLUDED, False, _EXCLUDED),
        (Severity.EXCLUDED, True, _EXCLUDED_CLEARABLE),
        (Severity.REVIEW, True, _REVIEW | medicines),
        (Severity.INFORMATION, False, _INFORMATION),
    )
    return {
        code: Finding(code, severity, detail, note, clearable)
        for severity, clearable, group in groups
        for code, (detail, note) in group.items()
    }


CATALOGUE = MappingProxyType(_catalogue())  # most severe first
INFORMATION = tuple(_INFORMATION)


def finding(code: str, **facts: object) -> Finding:
    """Return the finding of that code, with its facts in the reviewer's sentence."""
    template = CATALOGUE[code]
    return replace(template, note=template.note.format(**facts))
