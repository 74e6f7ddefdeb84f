"""Names and texts made fit to be sent: short, plain, and nothing a stranger slipped in."""

from __future__ import annotations

import re
import unicodedata

READ = 400  # of what somebody wrote; what comes after is not said anyway
NAME_LENGTH = 40
REASON_LENGTH = 100
A_CLOSURE = "a closure"
# What names the drug, how it is given, what it is for or the therapy, in both languages.
NAMING = re.compile(
    r"ketamin|infusi[oó]n|intraven|depres|suicid|anxi|ansied|ptsd|\btept\b|\bocd\b|\btoc\b|crps|"
    r"bipolar|neurop[aá]t|\biv\b|\bpain\b|\bdolor\b|\bmood\b|maintenance|mantenimiento|therap|"
    r"terapi",
    re.IGNORECASE,
)
# What would say what a visit is for, to whoever else reads the message.
TELLING = re.compile(
    rf"{NAMING.pattern}|mood|treatment|tratamiento|diagn[oó]s|\bdrug|\bdos(e|es|ing|is)\b|medic",
    re.IGNORECASE,
)
SMS_LENGTH = 160
NAME_MARKS = "'’-"

# GSM 03.38, the characters that cost one septet; a message of these alone holds 160.
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


def name(text: str) -> str:
    """Return a name's letters: no links, no markup, no emoji, nothing that turns the line round.

    A word that names what the visit is for is left out: anybody can call themselves so.
    """
    kept = "".join(c for c in text[:READ] if _is_letter(c) or c in NAME_MARKS or c.isspace())
    said = " ".join(word for word in kept.split() if not NAMING.search(word))
    return "" if NAMING.search(said) else said[:NAME_LENGTH].strip(NAME_MARKS + " ")


def first_name(text: str) -> str:
    """Return the first word of a name."""
    return name(text).split(" ")[0]


def clinic(text: str) -> str:
    """Return the clinic's name as messages may say it; empty if it names what visits are for."""
    return neutral(text, marks=",.&", telling=NAMING)


def neutral(text: str, *, marks: str = ",", telling: re.Pattern[str] = TELLING) -> str:
    """Return a free text's letters and figures; empty if it would say what the visit is for."""
    kept = "".join(c for c in text[:READ] if _is_said(c) or c in marks)
    plain = " ".join(kept.split())[:REASON_LENGTH].strip(f"{NAME_MARKS}{marks} ")
    return "" if telling.search(plain) else plain


def because(text: str) -> str:
    """Return why an area is closed, as it goes on after "because of"; told for certain."""
    return neutral(text) or A_CLOSURE


def initials(text: str) -> str:
    """Return the first letters of a name's words."""
    return "".join(word[0].upper() for word in name(text).split()[:3])


def spoken(kind: str) -> str:
    """Return a name of ours as a person says it: `adverse_event`, Adverse event."""
    return kind.replace("_", " ").capitalize()


def gsm(text: str) -> str:
    """Return the text in GSM-7: accents that it lacks are dropped, the rest left out."""
    return " ".join("".join(map(_gsm_letter, text.translate(PLAIN))).split())


def fits_sms(text: str) -> bool:
    """Whether the text is one SMS."""
    return len(text) <= SMS_LENGTH and GSM_7.issuperset(text)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _is_said(character: str) -> bool:
    return (
        _is_letter(character)
        or character.isdecimal()
        or character.isspace()
        or character in NAME_MARKS
    )


def _gsm_letter(character: str) -> str:
    if character in GSM_7:
        return character
    return "".join(c for c in unicodedata.normalize("NFKD", character) if c in GSM_7)
