"""A complete set of answers that screening finds eligible, to change one thing at a time."""

from patients.instruments import GAD7_IDS, PHQ9_IDS


def eligible_answers(**changes: object) -> dict[str, object]:
    """Ada's answers with `changes`; a change to None leaves that question unanswered."""
    answers: dict[str, object] = {
        "subject": "person",
        "date_of_birth": "1984-05-31",
        "sex": "female",
        "reasons": ["depression"],
        "pregnant_or_breastfeeding": False,
        "ketamine_allergy": False,
        "hypertension": "none",
        "systolic": 118,
        "diastolic": 76,
        "heart_disease": "none",
        "liver_disease": "none",
        "intracranial_pressure": False,
        "intraocular_pressure": False,
        "seizures": False,
        "sleep_apnoea": False,
        "bladder_symptoms": False,
        "psychosis": False,
        "bipolar": False,
        "substance_use": "none",
        **{id_: 1 for id_ in PHQ9_IDS if id_ != "phq9_9"},
        "phq9_9": 0,
        "cssrs_1": False,
        "cssrs_2": False,
        "cssrs_6": False,
        **dict.fromkeys(GAD7_IDS, 1),
        "auditc_1": 0,
        "medicines": ["none"],
        "escort_overnight": True,
        "home_safe": True,
    }
    answers.update(changes)
    return {id_: answer for id_, answer in answers.items() if answer is not None}
