"""Names and texts made fit to be sent: short, plain, and nothing a stranger slipped in."""

from __future__ import annotations

import unicodedata

NAME_LENGTH = 40
SMS_LENGTH = 160
NAME_MARKS = "'’-"

# GSM 03.38, the characters that cost one septet; a message of these alone holds 160.
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


def name(text: str) -> str:
    """Return a name's letters: no links, no markup, no emoji, nothing that turns the line round."""
    kept = "".join(c for c in text[:2000] if _is_letter(c) or c in NAME_MARKS or c.isspace())
    return " ".join(kept.split())[:NAME_LENGTH].strip(NAME_MARKS + " ")


def first_name(text: str) -> str:
    """Return the first word of a name."""
    return name(text).split(" ")[0]


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


def _gsm_letter(character: str) -> str:
    if character in GSM_7:
        return character
    return "".join(c for c in unicodedata.normalize("NFKD", character) if c in GSM_7)
