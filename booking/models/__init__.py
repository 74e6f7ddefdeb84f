"""What we promised, and keeping the promise."""

from booking.models.answer import VisitAnswer
from booking.models.appointment import Appointment, AppointmentQuerySet
from booking.models.course import Course
from booking.models.notice import OPEN, Notice, NoticeQuerySet, NoticeStatus
from booking.models.status import ENDED, FREED, OCCUPYING, TRANSITIONS, UNDER_WAY, Status
from booking.models.task import StaffTask

__all__ = [
    "ENDED",
    "FREED",
    "OCCUPYING",
    "OPEN",
    "TRANSITIONS",
    "UNDER_WAY",
    "Appointment",
    "AppointmentQuerySet",
    "Course",
    "Notice",
    "NoticeQuerySet",
    "NoticeStatus",
    "StaffTask",
    "Status",
    "VisitAnswer",
]
