"""What every template may show of the clinic."""

from django.conf import settings
from django.http import HttpRequest


def site(_: HttpRequest) -> dict[str, object]:
    """Return the clinic's name, phone and emergency number, and languages by their own names."""
    return {
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "emergency_number": settings.EMERGENCY_NUMBER,
        "spoken_here": settings.LANGUAGES,
    }
