"""Where a visit stands, and where it may go from there."""

from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    """Where a visit stands."""

    BOOKED = "booked", "Booked"
    EN_ROUTE = "en_route", "Nurse on the way"
    ON_SITE = "on_site", "Nurse on site"
    INFUSING = "infusing", "Infusing"
    OBSERVING = "observing", "Observing"
    DISCHARGED = "discharged", "Discharged"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No show"
    ABORTED = "aborted", "Aborted"
    TRANSFERRED = "transferred", "Transferred to emergency care"


# The promise holds the nurse's and the patient's time in all but these.
FREED = (Status.CANCELLED, Status.NO_SHOW, Status.ABORTED)
OCCUPYING = tuple(status for status in Status if status not in FREED)

UNDER_WAY = (Status.EN_ROUTE, Status.ON_SITE, Status.INFUSING, Status.OBSERVING)
ENDED = (Status.DISCHARGED, Status.COMPLETED, *FREED, Status.TRANSFERRED)

TRANSITIONS = [
    ("booked", "en_route"),
    ("booked", "on_site"),
    ("booked", "cancelled"),
    ("booked", "no_show"),
    ("booked", "aborted"),
    ("booked", "completed"),
    ("en_route", "on_site"),
    ("en_route", "cancelled"),
    ("en_route", "no_show"),
    ("en_route", "aborted"),
    ("on_site", "infusing"),
    ("on_site", "cancelled"),
    ("on_site", "no_show"),
    ("on_site", "aborted"),
    ("on_site", "completed"),
    ("on_site", "transferred"),
    ("infusing", "observing"),
    ("infusing", "aborted"),
    ("infusing", "transferred"),
    ("observing", "discharged"),
    ("observing", "transferred"),
]
