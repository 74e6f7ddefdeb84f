"""How hard a text is to read: words per sentence and syllables per word, and nothing cleverer.

English: the grade of Flesch and Kincaid (1975), US school years; 6 is age 11 to 12. Spanish: the
ease of Szigriszt Pazos (1993) on the scale of Inflesz (Barrio Cantalejo, 2008): from 65 on "quite
easy", the level of primary school. Both count; neither knows whether a word is known.
"""

from __future__ import annotations

import re

URL = re.compile(r"\S*https?://\S+")
MOMENT = re.compile(r"\d{1,2}:\d\d (?:[AP]M|[ap]\.m\.) [A-Z]{3,5}")
WORD = re.compile(r"[^\W\d_]+")
ENDS = re.compile(r"[.!?:\n]+")


def english_grade(text: str) -> float:
    """School years that a reader needs."""
    words, sentences = _counted(text)
    syllables = sum(map(_english_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def spanish_ease(text: str) -> float:
    """From 0, very hard, to 100, very easy."""
    words, sentences = _counted(text)
    syllables = sum(map(_spanish_syllables, words))
    return 206.835 - 62.3 * syllables / len(words) - len(words) / sentences


def longest_sentence(text: str) -> int:
    """Words of the longest sentence."""
    return max(len(WORD.findall(one)) for one in ENDS.split(_plain(text)))


def _counted(text: str) -> tuple[list[str], int]:
    plain = _plain(text)
    sentences = [one for one in ENDS.split(plain) if WORD.search(one)]
    return WORD.findall(plain.lower()), len(sentences)


def _plain(text: str) -> str:
    """Leave out addresses; a moment is read as one thing."""
    return MOMENT.sub("", URL.sub("", text))


def _english_syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word)
    silent = word.endswith("e") and not word.endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


def _spanish_syllables(word: str) -> int:
    """Vowels that are spoken apart count twice: two strong ones, or an í or ú beside any."""
    groups = re.findall(r"[aeiouáéíóúü]+", word)
    apart = sum(
        len(re.findall(r"[aeoáéó](?=[aeoáéó])|[íú](?=[aeo])|[aeo](?=[íú])", g)) for g in groups
    )
    return max(1, len(groups) + apart)
