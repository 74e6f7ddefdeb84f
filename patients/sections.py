"""Our own questions, section by section (pure).

The instruments bring theirs, and medicines have a module of their own.
"""

from patients.instruments import PERSON
from patients.questions import Choice, Question, QuestionType, ShowIf

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


def _one_of(id_: str, section: str, text: str, *choices: Choice, required: bool = True) -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.CHOICE,
        section=section,
        required=required,
        choices=choices,
        show_if=PERSON,
    )


def _number(
    id_: str, section: str, text: str, bounds: tuple[int, int], help_: str = ""
) -> Question:
    return Question(
        id=id_,
        text=text,
        type=QuestionType.INTEGER,
        section=section,
        show_if=PERSON,
        minimum=bounds[0],
        maximum=bounds[1],
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
        "ketamine_before",
        "body",
        "Have you been given ketamine before?",
        Choice("none", "No"),
        Choice("well", "Yes, and it went well"),
        Choice("badly", "Yes, and something went wrong or frightened me"),
        required=False,
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
    _number("weight_pounds", "body", "Your weight in pounds, if you know it", (50, 900)),
    _number(
        "height_inches",
        "body",
        "Your height in inches, if you know it",
        (36, 96),
        "5 ft 6 in is 66.",
    ),
    _words(
        "conditions_other",
        "body",
        "Do you have other illnesses or allergies, or had an operation that we should know about?",
        "A clinician reads what you write here. Leave it empty if there are none.",
    ),
)

HEART = (
    _one_of(
        "hypertension",
        "heart",
        "Have you been told that you have high blood pressure?",
        Choice("none", "No"),
        Choice("controlled", "Yes, and it is under control"),
        Choice("uncontrolled", "Yes, and it is not under control"),
    ),
    _number(
        "systolic",
        "heart",
        "Your last blood pressure: the upper number, if you know it",
        (50, 300),
        "In 120 over 80 it is the 120. Many pharmacies measure it for free.",
    ),
    _number(
        "diastolic",
        "heart",
        "Your last blood pressure: the lower number, if you know it",
        (20, 200),
        "In 120 over 80 it is the 80.",
    ),
    _one_of(
        "heart_disease",
        "heart",
        "Do you have heart or blood vessel disease?",
        Choice("none", "No"),
        Choice("stable", "Yes, and it has been stable"),
        Choice(
            "unstable",
            "Yes, and it is unstable: for example a heart attack or stroke in the last 6 months, "
            "chest pain at rest, heart failure that is getting worse, or an aneurysm",
        ),
    ),
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
    Question(
        id="home_unsafe_why",
        text="What would make a visit to your home unsafe?",
        type=QuestionType.MULTI_CHOICE,
        section="home",
        choices=(
            Choice("room", "There is no quiet room"),
            Choice("pets", "Pets that cannot be kept apart"),
            Choice("weapons", "Weapons that cannot be locked away"),
            Choice("afraid", "Somebody there I am afraid of"),
            Choice("other", "Something else"),
        ),
        show_if=ShowIf("home_safe", (False,)),
        help="Choose all that apply. Much of it can be solved; only our staff see this.",
    ),
    _words(
        "anything_else",
        "home",
        "Is there anything else we should know?",
        "This is not read at once. If you need help now, call or text 988; in an emergency call "
        "911.",
    ),
)
