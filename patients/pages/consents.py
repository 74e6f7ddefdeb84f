"""What a patient reads and signs, and their copies."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from config.core.doors import PatientRequest, for_patients
from config.core.errors import Refused
from patients import accounts, consent, consent_papers, paragraphs
from patients.consent import Standing, Wording
from patients.models import ConsentDocument, Patient
from patients.pages.consents_forms import SignForm


@for_patients
@require_safe
def listed(request: PatientRequest) -> HttpResponse:
    """List every document: what is to be signed, and what was."""
    patient = accounts.patient_of(request.user)
    rows = [_row(one, language=_language(request)) for one in consent.standing(patient=patient)]
    context = {
        "rows": rows,
        "left": sum(row["is_due"] for row in rows),
        "earlier": [
            (one, consent.wording(one.document, language=one.language))
            for row in rows
            for one in row["standing"].earlier
        ],
        "zone": accounts.zone_of(patient),
    }
    return render(request, "patients/consents/list.html", context)


@for_patients
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: PatientRequest, slug: str) -> HttpResponse:
    """Show a document, and take the signature under it."""
    patient = accounts.patient_of(request.user)
    form = SignForm(request.POST or None)
    has_changed = False
    if form.is_valid():
        if _sign(request, patient=patient, slug=slug, form=form):
            return redirect("consent-page", slug=slug)
        has_changed = True
        form = SignForm(initial={"typed_name": form.cleaned_data["typed_name"]})
    shown = _shown(request, patient=patient, slug=slug)
    form.initial["sha256"] = shown["wording"].sha256
    status = 409 if has_changed else 400 if form.errors else 200
    context = shown | {"form": form, "has_changed": has_changed}
    return render(request, "patients/consents/page.html", context, status=status)


@for_patients
@require_safe
def copy(request: PatientRequest, slug: str) -> HttpResponse:
    """Give a document as a file: as it was signed, else as it stands."""
    patient = accounts.patient_of(request.user)
    asked = request.GET.get("version", "")
    paper = consent_papers.copy_of(
        patient=patient,
        slug=slug,
        version=int(asked) if asked.isdecimal() and len(asked) < 6 else None,
        language=_language(request),
    )
    if paper is None:
        raise Http404
    return paper.as_response()


def _language(request: PatientRequest) -> str:
    """Return the language asked for, else that of the page."""
    return request.GET.get("language") or (get_language() or consent.ENGLISH).partition("-")[0]


def _sign(request: PatientRequest, *, patient: Patient, slug: str, form: SignForm) -> bool:
    """Sign what was on the page; return whether it is still the current version."""
    try:
        consent.sign(
            patient=patient,
            slug=slug,
            typed_name=form.cleaned_data["typed_name"],
            sha256=form.cleaned_data["sha256"],
            ip_address=request.META.get("REMOTE_ADDR"),
            user_agent=request.headers.get("User-Agent", ""),
        )
    except Refused:
        return False
    except ConsentDocument.DoesNotExist:
        raise Http404 from None
    return True


def _row(standing: Standing, *, language: str) -> dict[str, Any]:
    return {
        "standing": standing,
        "document": standing.document,
        "wording": consent.wording(standing.document, language=language),
        "signature": standing.signature,
        "is_due": standing.is_due,
    }


def _shown(request: PatientRequest, *, patient: Patient, slug: str) -> dict[str, Any]:
    """Return everything the page of a document shows but its form."""
    rows = consent.standing(patient=patient)
    standing = next((one for one in rows if one.document.slug == slug), None)
    if standing is None:
        raise Http404
    asked = _language(request)
    if standing.signature and "language" not in request.GET:
        asked = standing.signature.language
    row = _row(standing, language=asked)
    return row | {
        "zone": accounts.zone_of(patient),
        "blocks": paragraphs.blocks(row["wording"].text),
        "others": [
            one
            for one in consent.wordings(standing.document)
            if one.language != row["wording"].language
        ],
        "changes": _changes(standing, row["wording"]),
        "next": next((one for one in rows if one.is_due and one is not standing), None),
        "language": _language(request),
    }


def _changes(standing: Standing, now: Wording) -> tuple[paragraphs.Change, ...]:
    """Say what is new since the version signed last, in a language that both have."""
    if standing.signature or not standing.earlier:
        return ()
    was = consent.wording(standing.earlier[0].document, language=now.language)
    if was.language != now.language:
        now = consent.wording(standing.document, language=was.language)
    return paragraphs.changes(was=was.text, now=now.text)
