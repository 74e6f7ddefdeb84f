"""The questions about medicines, with a list of common ones to tick (pure).

The list saves typing; it decides nothing by itself. `patients.medicines` reads the names that are
ticked, as it reads what is written. A medicine stands here without being in one of its classes
only where nothing about it needs a clinician before a session; insulin, lithium, thyroid hormone
and others that do are left to the free text, which a clinician reads.
"""

from typing import Final

from patients.answers import NONE_OF_THESE
from patients.instruments import PERSON
from patients.questions import Choice, Question, QuestionType

# heading: names as "generic (brand)"
_COMMON: Final = {
    "Mood and worry": """
        Sertraline (Zoloft), Escitalopram (Lexapro), Citalopram (Celexa), Fluoxetine (Prozac),
        Paroxetine (Paxil), Venlafaxine (Effexor), Desvenlafaxine (Pristiq),
        Duloxetine (Cymbalta), Bupropion (Wellbutrin), Buspirone (Buspar),
        Vortioxetine (Trintellix), Vilazodone (Viibryd), Trazodone (Desyrel),
        Mirtazapine (Remeron), Amitriptyline (Elavil), Nortriptyline (Pamelor),
        Hydroxyzine (Vistaril), Lamotrigine (Lamictal), Quetiapine (Seroquel)""",
    "Calm, sleep and attention": """
        Alprazolam (Xanax), Lorazepam (Ativan), Clonazepam (Klonopin), Diazepam (Valium),
        Zolpidem (Ambien), Amphetamine (Adderall), Lisdexamfetamine (Vyvanse),
        Methylphenidate (Ritalin), Modafinil (Provigil)""",
    "Pain": """
        Acetaminophen (Tylenol), Ibuprofen (Advil), Naproxen (Aleve), Aspirin,
        Meloxicam (Mobic), Celecoxib (Celebrex), Gabapentin (Neurontin), Pregabalin (Lyrica),
        Baclofen (Lioresal), Cyclobenzaprine (Flexeril), Tizanidine (Zanaflex),
        Tramadol (Ultram), Oxycodone (Percocet), Hydrocodone (Norco),
        Buprenorphine (Suboxone), Naltrexone (Vivitrol)""",
    "Heart and blood pressure": """
        Lisinopril (Zestril), Losartan (Cozaar), Amlodipine (Norvasc), Metoprolol (Lopressor),
        Carvedilol (Coreg), Propranolol (Inderal), Hydrochlorothiazide, Clonidine (Catapres),
        Diltiazem (Cardizem), Clopidogrel (Plavix), Atorvastatin (Lipitor),
        Rosuvastatin (Crestor), Simvastatin (Zocor)""",
    "Diabetes and weight": """
        Metformin (Glucophage), Semaglutide (Ozempic), Tirzepatide (Mounjaro),
        Dulaglutide (Trulicity), Phentermine (Adipex)""",
    "Stomach, allergy and breathing": """
        Omeprazole (Prilosec), Pantoprazole (Protonix), Famotidine (Pepcid),
        Ondansetron (Zofran), Cetirizine (Zyrtec), Loratadine (Claritin),
        Diphenhydramine (Benadryl), Fluticasone (Flonase), Montelukast (Singulair),
        Albuterol (Ventolin)""",
    "Vitamins and others": """
        Multivitamin, Vitamin D, Vitamin B12, Iron, Magnesium, Fish oil, St. John's wort,
        Birth control pill""",
}


def _choice(label: str, group: str) -> Choice:
    name = label.partition(" (")[0]
    value = "".join(char if char.isalnum() else "_" for char in name.lower())
    return Choice(value.replace("__", "_"), label, group)


COMMON: Final = tuple(
    _choice(" ".join(label.split()), group)
    for group, labels in _COMMON.items()
    for label in labels.split(",")
)
LABELS: Final = {str(choice.value): choice.label for choice in COMMON}

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
    Question(
        id="medicines_common",
        text="Which of these do you take as well?",
        type=QuestionType.MULTI_CHOICE,
        section="medicines",
        choices=COMMON,
        show_if=PERSON,
        help="Tick what you take, by either name. What is not here goes in the box below.",
    ),
    Question(
        id="medicines_other",
        text="Which other medicines and supplements do you take?",
        type=QuestionType.TEXT,
        section="medicines",
        show_if=PERSON,
        help="One a line is easiest. Leave it empty if there are none.",
    ),
)
