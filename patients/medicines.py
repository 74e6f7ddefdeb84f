"""Medicines that matter for screening, and their names in what a patient writes (pure).

The classes are those of the screening rules; the names are the common generic and United States
brand names of each. CYP3A4 and CYP2B6: after the FDA's table of substrates, inhibitors and
inducers. The table finds; it never rules out: whatever it does not know goes to a clinician.
"""

import re
import unicodedata
from dataclasses import dataclass

# A name may stand in more than one class. All are matched as whole words, without case or accents.
NAMES: dict[str, str] = {
    "opioids": """
        opioid, opioids, opiate, opiates, oxycodone, oxycontin, roxicodone, percocet, percodan,
        endocet, xtampza, hydrocodone, vicodin, norco, lortab, lorcet, hysingla, hydromorphone,
        dilaudid, exalgo, morphine, ms contin, kadian, codeine, tylenol 3, co-codamol, fentanyl,
        duragesic, actiq, methadone, dolophine, tramadol, ultram, ultracet, conzip, tapentadol,
        nucynta, oxymorphone, opana, meperidine, pethidine, demerol, levorphanol, buprenorphine,
        suboxone, subutex, zubsolv, sublocade, brixadi, butrans, belbuca, butorphanol,
        pentazocine, kratom""",
    "benzodiazepines": """
        benzo, benzos, benzodiazepine, benzodiazepines, alprazolam, xanax, lorazepam, ativan,
        loreev, clonazepam, klonopin, diazepam, valium, temazepam, restoril, chlordiazepoxide,
        librium, librax, clorazepate, tranxene, oxazepam, serax, triazolam, halcion, estazolam,
        flurazepam, dalmane, midazolam, clobazam, onfi, sympazan, bromazepam, nitrazepam""",
    "sedatives": """
        sedative, sedatives, sleeping pill, sleeping pills, zolpidem, ambien, edluar, intermezzo,
        eszopiclone, lunesta, zaleplon, sonata, zopiclone, suvorexant, belsomra, lemborexant,
        dayvigo, daridorexant, quviviq, gabapentin, neurontin, gralise, horizant, pregabalin,
        lyrica, baclofen, lioresal, carisoprodol, soma, cyclobenzaprine, flexeril, amrix,
        tizanidine, zanaflex, methocarbamol, robaxin, metaxalone, skelaxin, phenobarbital,
        butalbital, fioricet, fiorinal, primidone, mysoline, sodium oxybate, xyrem, xywav, ghb,
        hydroxyzine, vistaril, atarax, diphenhydramine, benadryl, doxylamine, unisom,
        promethazine, phenergan, trazodone, desyrel, quetiapine, seroquel, olanzapine, zyprexa,
        doxepin, silenor, meprobamate, clonidine, amitriptyline, elavil, nortriptyline, pamelor,
        mirtazapine, remeron""",
    "stimulants": """
        stimulant, stimulants, amphetamine, amphetamines, adderall, mydayis, evekeo,
        dextroamphetamine, dexedrine, zenzedi, lisdexamfetamine, vyvanse, methamphetamine,
        desoxyn, methylphenidate, ritalin, concerta, daytrana, jornay, quillivant, metadate,
        dexmethylphenidate, focalin, azstarys, modafinil, provigil, armodafinil, nuvigil,
        phentermine, adipex, lomaira, qsymia, solriamfetol, sunosi, pseudoephedrine, sudafed""",
    "maoi": """
        maoi, maois, mao inhibitor, phenelzine, nardil, tranylcypromine, parnate, isocarboxazid,
        marplan, selegiline, emsam, eldepryl, zelapar, rasagiline, azilect, safinamide, xadago,
        moclobemide, linezolid, zyvox, methylene blue""",
    "lamotrigine": "lamotrigine, lamictal, subvenite",
    "naltrexone": "naltrexone, ldn, vivitrol, revia, contrave",
    "cyp3a4_2b6": """
        ketoconazole, itraconazole, sporanox, voriconazole, vfend, posaconazole, noxafil,
        fluconazole, diflucan, clarithromycin, biaxin, erythromycin, ritonavir, norvir, paxlovid,
        cobicistat, tybost, genvoya, stribild, prezcobix, symtuza, atazanavir, reyataz, darunavir,
        diltiazem, cardizem, verapamil, calan, nefazodone, fluvoxamine, luvox, clopidogrel,
        plavix, ticlopidine, grapefruit, rifampin, rifampicin, rifadin, rifabutin, mycobutin,
        carbamazepine, tegretol, equetro, oxcarbazepine, trileptal, phenytoin, dilantin,
        phenobarbital, primidone, mysoline, efavirenz, sustiva, atripla, nevirapine, viramune,
        etravirine, bosentan, tracleer, modafinil, provigil, st johns wort, st john's wort,
        saint john's wort, hypericum, enzalutamide, xtandi, apalutamide, erleada, mitotane""",
    "glp1": """
        glp1, glp-1, semaglutide, ozempic, wegovy, rybelsus, liraglutide, victoza, saxenda,
        dulaglutide, trulicity, exenatide, byetta, bydureon, tirzepatide, mounjaro, zepbound,
        lixisenatide, adlyxin, soliqua, xultophy, orforglipron""",
    "theophylline": """
        theophylline, theophyllin, teofilina, theo-24, theochron, theo-dur, uniphyl, elixophyllin,
        slo-bid, aminophylline, aminophyllin, aminofilina, truphylline""",
    "topical_ketamine": """
        topical ketamine, ketamine cream, ketamine gel, ketamine ointment, ketamine lotion,
        ketamine topical, cream with ketamine, ketamine patch""",
    "ketamine_elsewhere": "ketamine, ketalar, esketamine, spravato",
}

_SEPARATORS = re.compile(r"[,;\n+&|•·]|\b(?:and|plus)\b", re.IGNORECASE)
_NOTHING = frozenset(
    {"", "no", "none", "nothing", "na", "n a", "nil", "nope", "not any", "no medicines"}
    | {"no medications", "no other medicines", "none at all", "no others", "nada", "ninguna"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a free text names: classes in table order, and whether any part was not recognised."""

    classes: tuple[str, ...]
    unrecognised: bool


def _plain(text: str) -> str:
    """Fold case and accents, and set words and numbers apart by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W\d_]+|\d+", bare.casefold()))


def _by_name() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for medicine_class, names in NAMES.items():
        for name in names.split(","):
            table.setdefault(_plain(name), set()).add(medicine_class)
    return table


_CLASSES_OF = _by_name()
# Longest first, so that "ketamine cream" is not read as "ketamine".
_NAME = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, sorted(_CLASSES_OF, key=len, reverse=True)))})\b"
)


def says_nothing(text: str) -> bool:
    """Whether a free text is empty, or only says that there is nothing to say."""
    return _plain(text) in _NOTHING


def read(text: str) -> Reading:
    """Find the medicines a patient wrote down, part by part."""
    found: set[str] = set()
    unrecognised = False
    for part in map(_plain, _SEPARATORS.split(text)):
        classes = set().union(*(_CLASSES_OF[name] for name in _NAME.findall(part)))
        found |= classes
        unrecognised |= not classes and part not in _NOTHING
    return Reading(tuple(one for one in NAMES if one in found), unrecognised)
