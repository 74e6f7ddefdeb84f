"""What we promised, and keeping the promise."""

from booking.models.answer import VisitAnswer
from booking.models.appointment import Appointment, AppointmentQuerySet
from booking.models.course import Course
from booking.models.delivery import Line, Outage, Restoration
from booking.models.feed import CalendarFeed
from booking.models.incoming import IncomingText
from booking.models.notice import OPEN, Notice, NoticeQuerySet, NoticeStatus
from booking.models.payment import Payment, PaymentEvent, Refund, StripeEvent
from booking.models.status import ENDED, FREED, OCCUPYING, TRANSITIONS, UNDER_WAY, Status
from booking.models.task import StaffTask
from booking.models.waiting import Offer, WaitingDay, WaitingEntry

__all__ = [
    "ENDED",
    "FREED",
    "OCCUPYING",
    "OPEN",
    "TRANSITIONS",
    "UNDER_WAY",
    "Appointment",
    "AppointmentQuerySet",
    "CalendarFeed",
    "Course",
    "IncomingText",
    "Line",
    "Notice",
    "NoticeQuerySet",
    "NoticeStatus",
    "Offer",
    "Outage",
    "Payment",
    "PaymentEvent",
    "Refund",
    "Restoration",
    "StaffTask",
    "Status",
    "StripeEvent",
    "VisitAnswer",
    "WaitingDay",
    "WaitingEntry",
]
