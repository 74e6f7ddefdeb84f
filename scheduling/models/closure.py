"""Days on which an area gets no visits: a storm, a holiday."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Regex

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed_once_set, refused

EARLIEST_DAY, LATEST_DAY = date(1970, 1, 1), date(2199, 12, 31)


def _all_match(field: str, pattern: str) -> Q:
    """Whether an array is empty, or each of its texts matches; "" would close everywhere."""
    null = Value("?")  # else left out
    joined = Func(
        field, Value(","), null, function="ARRAY_TO_STRING", output_field=models.TextField()
    )
    return Q(**{field: []}) | Q(Regex(joined, f"^{pattern}(,{pattern})*$"))


class ClosureQuerySet(models.QuerySet["Closure"]):
    """Reads of closures."""

    def in_force(self) -> Self:
        """Return those that nobody has taken back."""
        return self.filter(taken_back_at__isnull=True)

    def touching(self, *, first: date, last: date) -> Self:
        """Return those with a day from `first` to `last`, both included."""
        return self.filter(first_day__lte=last, last_day__gte=first)


class Closure(models.Model):
    """Days without visits, wherever it says; days are local to the service address.

    Where both states and the beginnings of postal codes are given, one that matches is enough. A
    consultation belongs to no area: a closure stops those of its days everywhere, or none.
    """

    name = models.CharField(
        max_length=100,
        help_text='Patients are told this, as in "because of a winter storm".',
    )
    first_day = models.DateField()
    last_day = models.DateField()
    states = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    postal_prefixes = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    includes_consultations = models.BooleanField(default=False)
    cancels_visits = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    taken_back_at = models.DateTimeField(null=True, editable=False)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ("-first_day", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="closure_ends_after_it_begins",
                violation_error_message="It ends before it begins: look at its two days.",
            ),
            models.CheckConstraint(
                condition=Q(first_day__gte=EARLIEST_DAY) & Q(last_day__lte=LATEST_DAY),
                name="closure_lies_in_the_years_we_reckon_with",
                violation_error_message="That year is out of range.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="closure_says_why",
            ),
            models.CheckConstraint(
                condition=_all_match("states", "[A-Z]{2}"),
                name="closure_names_states_by_two_letters",
                violation_error_message="States are two capital letters each, by comma: IL, IN.",
            ),
            models.CheckConstraint(
                condition=_all_match("postal_prefixes", "[0-9]{1,5}"),
                name="closure_names_areas_by_digits",
                violation_error_message="Postal codes begin with one to five digits, by comma.",
            ),
        ]
        triggers = [
            never_deleted("closure_is_never_deleted"),
            refused(
                "closure_is_taken_back_once",
                "A closure that was taken back stays so: make another.",
                condition=changed_once_set("taken_back_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.first_day:%Y-%m-%d} to {self.last_day:%Y-%m-%d}"

    def covers(self, *, day: date, state: str, postal_code: str, is_consultation: bool) -> bool:
        """Whether it closes a local day for a visit to an address, or for a consultation."""
        if not self.first_day <= day <= self.last_day:
            return False
        if is_consultation:
            return self.includes_consultations
        if not self.states and not self.postal_prefixes:
            return True
        return state in self.states or postal_code.startswith(tuple(self.postal_prefixes))
