"""How to get into a home, in the patient's own words."""

from __future__ import annotations

from django.db import models

from config.core.clock import now
from patients.models.patient import Address, Patient

WHERE = ("line1", "line2", "postal_code")


class HomeNotes(models.Model):
    """Directions for the nurse, of one home: those of the last one stay with its visits."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="home_notes")
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=10)
    parking = models.CharField(max_length=200, blank=True)
    entry = models.CharField("door, code and bell", max_length=200, blank=True)
    stairs = models.CharField("stairs and elevator", max_length=200, blank=True)
    pets = models.CharField(max_length=200, blank=True)
    more = models.CharField("anything else", max_length=300, blank=True)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "home notes"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", *WHERE], name="home_notes_are_one_of_each_home"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.postal_code}"

    @classmethod
    def where(cls, address: Address) -> dict[str, str]:
        """Return what names the home of an address."""
        return {name: getattr(address, name) for name in WHERE}
