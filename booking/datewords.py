"""How days and hours are said in each language: tables of words, and nothing else.

A language that is not here is said in English.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DateWords:
    """The words of one language, Monday and January first.

    Attributes
    ----------
    halves
        Of the day: before noon, and from noon on.
    weekdays, months, day
        Short, for texts and tables.
    full_weekdays, full_months, full_day
        As they stand in a sentence.
    """

    halves: tuple[str, str]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    full_weekdays: tuple[str, ...]
    full_months: tuple[str, ...]
    day: str = "{weekday} {day} {month}"
    full_day: str = "{weekday} {day} {month}"

    def half(self, local: datetime) -> str:
        """Say which half of the day it is."""
        return self.halves[local.hour >= 12]

    def say_day(self, local: datetime, *, in_full: bool) -> str:
        """Say the day of a local moment."""
        weekdays = self.full_weekdays if in_full else self.weekdays
        months = self.full_months if in_full else self.months
        pattern = self.full_day if in_full else self.day
        return pattern.format(
            weekday=weekdays[local.weekday()], day=local.day, month=months[local.month - 1]
        )


_ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
ENGLISH = DateWords(
    halves=("AM", "PM"),
    weekdays=_ENGLISH_DAYS,
    months=_ENGLISH_MONTHS,
    full_weekdays=_ENGLISH_DAYS,
    full_months=_ENGLISH_MONTHS,
)
SPANISH = DateWords(
    halves=("a.m.", "p.m."),
    weekdays=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    # March and May in full: `mar` is a Tuesday, and May has no shorter form.
    months=(
        "ene", "feb", "marzo", "abr", "mayo", "jun", "jul", "ago", "sept", "oct", "nov", "dic",
    ),
    full_weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    full_months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre",
    ),
    full_day="{weekday} {day} de {month}",
)  # fmt: skip
BY_LANGUAGE = {"en": ENGLISH, "es": SPANISH}


def of(language: str) -> DateWords:
    """Return the words of a language, such as `es` or `en-us`."""
    return BY_LANGUAGE.get(language.partition("-")[0], ENGLISH)
