"""Our own questions, section by section (pure); the instruments bring theirs."""

from patients.answers import NONE_OF_THESE
from patients.instruments import PERSON
from patients.questions import Choice, Question, QuestionType

ABOUT = (
    Question(
        id="subject",
        text="Who is this treatment for?",
        type=QuestionType.CHOICE,
        section="about",
        required=True,
        choices=(
            Choice("person", "A person: I am answering about myself"),
            Choice("animal", "A pet or another animal"),
        ),
    ),
    Question(
        id="date_of_birth",
        text="What is your date of birth?",
        type=QuestionType.DATE,
        section="about",
        required=True,
        show_if=PERSON,
    ),
    Question(
        id="sex",
        text="What is your sex?",
        type=QuestionType.CHOICE,
        section="about",
        required=True,
        choices=(
            Choice("female", "Female"),
            Choice("male", "Male"),
            Choice("other", "Another answer"),
            Choice("unsaid", "I prefer not to say"),
        ),
        show_if=PERSON,
        help="We use it only to read your answers about alcohol.",
    ),
    Question(
        id="reasons",
        text="What would you like help with?",
        type=QuestionType.MULTI_CHOICE,
        section="about",
        required=True,
        choices=(
            Choice("depression", "Depression"),
            Choice("chronic_pain", "Chronic pain"),
            Choice("neuropathic_pain", "Nerve (neuropathic) pain"),
            Choice("crps", "Complex regional pain syndrome (CRPS)"),
            Choice("anxiety", "Anxiety"),
            Choice("ptsd", "Post-traumatic stress disorder (PTSD)"),
            Choice("ocd", "Obsessive-compulsive disorder (OCD)"),
            Choice("bipolar_depression", "Bipolar depression"),
            Choice("other", "Something else"),
        ),
        show_if=PERSON,
        help="Choose all that apply.",
    ),
)


def _yes_or_no(id_: str, section: str, text: str, help_: str = "") -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.BOOLEAN,
        section=section,
        required=True,
        show_if=PERSON,
        help=help_,
    )


def _one_of(id_: str, section: str, text: str, *choices: Choice, help_: str = "") -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.CHOICE,
        section=section,
        required=True,
        choices=choices,
        show_if=PERSON,
        help=help_,
    )


def _number(id_: str, text: str, minimum: int, maximum: int, help_: str = "") -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.INTEGER,
        section="body",
        show_if=PERSON,
        minimum=minimum,
        maximum=maximum,
        help=help_,
    )


def _words(id_: str, section: str, text: str, help_: str) -> Question:
    return Question(
        id=id_, text=text, type=QuestionType.TEXT, section=section, show_if=PERSON, help=help_
    )


BODY = (
    _yes_or_no(
        "pregnant_or_breastfeeding",
        "body",
        "Are you pregnant, possibly pregnant, or breastfeeding?",
        "Answer no if this cannot apply to you.",
    ),
    _yes_or_no("ketamine_allergy", "body", "Have you ever had an allergic reaction to ketamine?"),
    _one_of(
        "hypertension",
        "body",
        "Have you been told that you have high blood pressure?",
        Choice("none", "No"),
        Choice("controlled", "Yes, and it is under control"),
        Choice("uncontrolled", "Yes, and it is not under control"),
    ),
    _number("systolic", "Your last blood pressure: the upper number, if you know it", 50, 300),
    _number("diastolic", "Your last blood pressure: the lower number, if you know it", 20, 200),
    _one_of(
        "heart_disease",
        "body",
        "Do you have heart or blood vessel disease?",
        Choice("none", "No"),
        Choice("stable", "Yes, and it has been stable"),
        Choice(
            "unstable",
            "Yes, and it is unstable: for example a heart attack or stroke in the last 6 months, "
            "chest pain at rest, heart failure that is getting worse, or an aneurysm",
        ),
    ),
    _one_of(
        "liver_disease",
        "body",
        "Do you have liver disease?",
        Choice("none", "No"),
        Choice("mild", "Yes, mild"),
        Choice("moderate", "Yes, moderate"),
        Choice("severe", "Yes, severe, such as advanced cirrhosis or liver failure"),
        Choice("unknown", "Yes, but I do not know how severe"),
    ),
    _yes_or_no(
        "intracranial_pressure",
        "body",
        "Have you been told that the pressure inside your head is raised?",
        "For example from a tumor, a bleed or extra fluid.",
    ),
    _yes_or_no(
        "intraocular_pressure",
        "body",
        "Have you been told that the pressure inside your eye is raised, or that you have "
        "glaucoma?",
    ),
    _yes_or_no("seizures", "body", "Have you ever had seizures or epilepsy?"),
    _yes_or_no("sleep_apnoea", "body", "Do you have sleep apnea?"),
    _yes_or_no(
        "bladder_symptoms",
        "body",
        "Do you have bladder symptoms?",
        "For example pain when you pass urine, blood in it, or a need to go very often.",
    ),
    _number("weight_pounds", "Your weight in pounds, if you know it", 50, 900),
    _number("height_inches", "Your height in inches, if you know it", 36, 96, "5 ft 6 in is 66."),
)

MIND = (
    _yes_or_no(
        "psychosis",
        "mind",
        "Do you have schizophrenia, or are you living with psychosis or mania now?",
        "Psychosis: seeing, hearing or believing things that others do not. Mania: days of very "
        "high energy with little sleep.",
    ),
    _yes_or_no("bipolar", "mind", "Have you ever been told that you have bipolar disorder?"),
    _one_of(
        "substance_use",
        "mind",
        "Has using alcohol or drugs been a problem for you, such as a substance use disorder?",
        Choice("none", "No"),
        Choice("past", "In the past"),
        Choice("now", "Now"),
    ),
)

MEDICINES = (
    Question(
        id="medicines",
        text="Do you take any of these?",
        type=QuestionType.MULTI_CHOICE,
        section="medicines",
        required=True,
        choices=(
            Choice("opioids", "Opioid pain medicine (oxycodone, tramadol, buprenorphine)"),
            Choice("benzodiazepines", "Benzodiazepine (Xanax, Ativan, Klonopin, Valium)"),
            Choice("sedatives", "Another calming or sleep medicine (Ambien, gabapentin, baclofen)"),
            Choice("stimulants", "Stimulant (Adderall, Ritalin, Vyvanse, modafinil)"),
            Choice("maoi", "MAOI (Nardil, Parnate, Emsam, selegiline, linezolid)"),
            Choice("lamotrigine", "Lamotrigine (Lamictal)"),
            Choice("naltrexone", "Naltrexone, at any dose (Vivitrol, Contrave)"),
            Choice(
                "cyp3a4_2b6",
                "A medicine that changes how others are broken down (clarithromycin, "
                "itraconazole, Paxlovid, diltiazem, carbamazepine, rifampin, St. John's wort)",
            ),
            Choice("glp1", "GLP-1 medicine (Ozempic, Wegovy, Mounjaro, Zepbound)"),
            Choice("theophylline", "Theophylline or aminophylline"),
            Choice("topical_ketamine", "Ketamine cream, gel or ointment"),
            Choice("ketamine_elsewhere", "Ketamine in another form (Spravato, lozenge, infusion)"),
            Choice(NONE_OF_THESE, "None of these"),
        ),
        show_if=PERSON,
        help="Choose all that apply.",
    ),
    _words(
        "medicines_other",
        "medicines",
        "Which other medicines and supplements do you take?",
        "One a line is easiest. Leave it empty if there are none.",
    ),
)

HOME = (
    _yes_or_no(
        "escort_overnight",
        "home",
        "Will a responsible adult stay with you after each session and through the night?",
    ),
    _yes_or_no(
        "home_safe",
        "home",
        "Is your home a safe place for the visit: a quiet room, pets kept apart, weapons locked "
        "away, and nobody there you are afraid of?",
    ),
    _words(
        "anything_else",
        "home",
        "Is there anything else we should know?",
        "This is not read at once. If you need help now, call or text 988; in an emergency call "
        "911.",
    ),
)
