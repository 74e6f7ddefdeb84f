"""The admin's sidebar, grouped by job; each person sees what their role may open."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from config.core.api import IsDispatcher
from config.core.models import STAFF_ROLES

# job -> (what it is called, its symbol, a model or the name of an address)
JOBS: dict[str, list[tuple[str, str, str]]] = {
    "Review": [
        ("Intakes", "fact_check", "patients.Intake"),
        ("Check-ins", "monitoring", "patients.CheckIn"),
        ("Tasks", "task_alt", "booking.StaffTask"),
    ],
    "Orders": [
        ("Orders", "prescriptions", "patients.Order"),
        ("Signatures", "signature", "patients.Signature"),
    ],
    "Appointments": [
        ("Dispatch board", "route", "board"),
        ("Appointments", "calendar_month", "booking.Appointment"),
        ("Waiting list", "hourglass_top", "booking.WaitingEntry"),
        ("Offers", "event_available", "booking.Offer"),
        ("Patients", "person", "patients.Patient"),
        ("Closures", "event_busy", "scheduling.Closure"),
    ],
    "Messages": [
        ("Outbox", "outgoing_mail", "staff-messages"),
        ("Notices", "schedule_send", "booking.Notice"),
        ("Undelivered", "report", "undelivered-messages"),
        ("Texts received", "sms", "booking.IncomingText"),
        ("Told by link", "touch_app", "booking.VisitAnswer"),
        ("Closed contacts", "contact_support", "patients.ClosedContact"),
        ("Consent to texts", "fact_check", "patients.TextConsent"),
    ],
    "On call": [
        ("On call now", "emergency", "on-call"),
        ("Adverse events", "warning", "nurses.AdverseEvent"),
    ],
    "Nurses": [
        ("Nurses", "medical_services", "scheduling.Nurse"),
        ("Visit records", "clinical_notes", "nurses.Event"),
    ],
    "Catalogue": [
        ("Therapies", "vaccines", "patients.Therapy"),
        ("Consent forms", "description", "patients.ConsentDocument"),
        ("Consent forms in Spanish", "translate", "patients.ConsentTranslation"),
        ("Public pages", "article", "patients.Article"),
        ("Service areas", "location_on", "patients.ServiceArea"),
        ("Permits by state", "gavel", "patients.Permit"),
    ],
    "Money": [
        ("Payments", "payments", "booking.Payment"),
        ("Paid back", "undo", "booking.Refund"),
        ("News of Stripe", "webhook", "booking.StripeEvent"),
    ],
    "Accounts": [
        ("Accounts", "group", "core.User"),
    ],
}

# The name of an address -> who may open it, where that is not everybody at the desk.
OPEN_TO = {"board": IsDispatcher.roles}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of links, leaving out what the person may not open."""
    groups = []
    for job, entries in JOBS.items():
        links = [_link(request, *entry) for entry in entries]
        items = [link for link in links if link]
        if items:
            groups.append({"title": job, "separator": False, "items": items})
    return groups


def _link(request: HttpRequest, title: str, icon: str, target: str) -> dict[str, Any] | None:
    if "." not in target:
        if getattr(request.user, "role", "") not in OPEN_TO.get(target, STAFF_ROLES):
            return None
        return {"title": title, "icon": icon, "link": reverse(target)}
    model = apps.get_model(target)
    if not admin.site.is_registered(model):
        return None
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return None
    address = f"admin:{target.lower().replace('.', '_')}_changelist"
    return {"title": title, "icon": icon, "link": reverse(address)}
