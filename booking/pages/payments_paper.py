"""A receipt to keep: the facts of its page as a PDF."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import get_language, gettext as _

from booking.models import Payment
from booking.pages.payments_shown import Row
from patients import papers, paragraphs
from patients.papers import Fact, Paper


def receipt(payment: Payment, *, rows: Sequence[Row], back: Sequence[str]) -> Paper:
    """Return the receipt of a payment; it says "visit", and nothing of what the visit was for."""
    title = _("Receipt")
    data = papers.data_of(
        title=title,
        language=get_language() or settings.LANGUAGE_CODE,
        blocks=paragraphs.blocks("\n\n".join(back)),
        facts_title=_("Payment"),
        facts=[Fact(row.label, ", ".join(filter(None, (row.value, row.more)))) for row in rows],
        foot=f"{settings.CLINIC_NAME}, {settings.CLINIC_PHONE}",
    )
    name = f"receipt-{str(payment.pk).split('-', maxsplit=1)[0]}"
    at = payment.paid_at or payment.created_at
    return Paper(name=name, pdf=papers.pdf("visit", data=data, at=at))
