"""The questionnaire, page by page: it saves as it goes and is sent once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from config.core import doors
from config.core.clock import now
from patients import drafts, progress, rechecks
from patients.accounts import patient_of
from patients.drafts import Opened
from patients.models import Draft, Intake, Patient
from patients.pages import intake_frame as frame
from patients.pages.intake_forms import PageForm
from patients.questionnaire import SECTIONS, InvalidAnswers

TITLES = {section.id: section for section in SECTIONS}
REVIEW = "review"
DIGITS = 18  # digits that a number of ours never has more of


@require_http_methods(["GET", "HEAD", "POST"])
@doors.for_patients
def overview(request: doors.PatientRequest) -> HttpResponse:
    """Show where the patient stands with the questionnaire; begin it, or go on."""
    patient = patient_of(request.user)
    if request.method == "POST":
        drafts.start(patient=patient)
        answers = drafts.opened(patient=patient).answers
        return redirect(_address(progress.first_open(answers) or REVIEW))
    opened = drafts.opened(patient=patient)
    return render(request, "patients/intake/overview.html", _overview(patient, opened))


def _overview(patient: Patient, opened: Opened) -> dict[str, Any]:
    newest = Intake.objects.newest(patient=patient)
    return {
        **frame.around(patient=patient, answers=opened.answers),
        **({"danger": frame.danger_in(newest)} if newest and not opened.draft else {}),
        "draft": opened.draft,
        "saved_on": frame.day(opened.draft.updated_at, patient=patient) if opened.draft else "",
        "anew": frame.asked_anew(opened),
        "newest": newest,
        "sent_on": frame.day(newest.submitted_at, patient=patient) if newest else "",
        "lapses_on": frame.day(newest.valid_until, patient=patient) if newest else "",
        "has_lapsed": newest is not None and newest.valid_until <= now(),
        "can_recheck": bool(newest and rechecks.possible(patient=patient)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@doors.for_patients
def section(request: doors.PatientRequest, section: str) -> HttpResponse:
    """Show one page of questions, or save it and go on."""
    patient = patient_of(request.user)
    if section not in TITLES:
        raise Http404
    opened = drafts.opened(patient=patient)
    if section not in [step.section.id for step in progress.steps(opened.answers)]:
        return redirect("intake")
    form = PageForm(
        progress.on_page(section, opened.answers),
        answers=opened.answers,
        today=frame.today_of(patient),
        data=request.POST if request.method == "POST" else None,
    )
    if request.method == "POST":
        return _saved(request, patient=patient, section=section, form=form)
    return _page(request, patient=patient, section=section, form=form, opened=opened)


def _page(
    request: doors.PatientRequest, *, patient: Patient, section: str, form: PageForm, opened: Opened
) -> HttpResponse:
    ids = [step.section.id for step in progress.steps(opened.answers)]
    before = ids[: ids.index(section)][-1:] if section in ids else []
    context = {
        **frame.around(patient=patient, answers=opened.answers, at=section),
        "form": form,
        "title": _(TITLES[section].title),
        "intro": _(TITLES[section].intro) if TITLES[section].intro else "",
        "section": section,
        "before": before[0] if before else "",
        "draft_id": opened.draft.pk if opened.draft else "",
        "anew": frame.asked_anew(opened),
        "go": request.POST.get("go", ""),
    }
    return render(request, "patients/intake/section.html", context)


def _saved(
    request: doors.PatientRequest, *, patient: Patient, section: str, form: PageForm
) -> HttpResponse:
    form.is_valid()
    try:
        saved = drafts.save(
            patient=patient,
            sent=form.answers,
            shown=form.shown,
            draft_id=number(request, "draft"),
        )
    except drafts.AlreadySent as sent:
        return _was_sent(request, sent.intake)
    except Draft.DoesNotExist:
        return _went_to(request, reverse("intake"))  # somebody else's page, before they signed out
    if request.htmx:  # type: ignore[attr-defined]
        return _quietly(request, patient=patient, section=section, saved=saved, form=form)
    for said in frame.contested(saved.contested, saved.answers):
        messages.info(request, said)
    go = request.POST.get("go", "")
    if not go:
        form.ask_for(_missing(section, saved))
    if form.errors:
        opened = drafts.opened(patient=patient)
        return _page(request, patient=patient, section=section, form=form, opened=opened)
    return redirect(_address(_next(section, go, saved)))


def _quietly(
    request: doors.PatientRequest,
    *,
    patient: Patient,
    section: str,
    saved: drafts.Saved,
    form: PageForm,
) -> HttpResponse:
    """Answer a save in passing: what changed around the questions, never the questions."""
    draft = drafts.opened(patient=patient).draft
    context = {
        **frame.around(patient=patient, answers=saved.answers, at=section),
        "form": form,
        "draft_id": draft.pk if draft else "",
        "unread": len(form.errors),
        "contested": list(frame.contested(saved.contested, saved.answers)),
    }
    return render(request, "patients/intake/_saved.html", context)


def _missing(section: str, saved: drafts.Saved) -> tuple[str, ...]:
    steps = progress.steps(saved.answers)
    return next((step.missing for step in steps if step.section.id == section), ())


def _next(section: str, go: str, saved: drafts.Saved) -> str:
    """Return the page that was asked for, else the one that follows."""
    ids = [step.section.id for step in progress.steps(saved.answers)]
    if go in ids or go == REVIEW:
        return go
    return progress.after(section, saved.answers) or REVIEW


def _address(page: str) -> str:
    return (
        reverse("intake-review-page") if page == REVIEW else reverse("intake-section", args=[page])
    )


def number(request: doors.PatientRequest, name: str) -> int | None:
    """Return a number of ours that a form carries, if it is one."""
    digits = request.POST.get(name, "")
    is_one = digits.isascii() and digits.isdigit() and len(digits) <= DIGITS
    return int(digits) if is_one else None


def _was_sent(request: doors.PatientRequest, row: Intake) -> HttpResponse:
    messages.info(request, _("You have sent these answers already. This is what came of them."))
    return _went_to(request, reverse("intake-outcome", args=[row.pk]))


def _went_to(request: doors.PatientRequest, address: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
@doors.for_patients
def review(request: doors.PatientRequest) -> HttpResponse:
    """Show every answer before it is sent; send them, once."""
    patient = patient_of(request.user)
    if request.method == "POST":
        return _sent(request, patient=patient)
    return _review(request, patient=patient)


def _review(
    request: doors.PatientRequest, *, patient: Patient, problems: list[dict[str, Any]] | None = None
) -> HttpResponse:
    opened = drafts.opened(patient=patient)
    if opened.draft is None:
        return redirect("intake")
    context = {
        **frame.around(patient=patient, answers=opened.answers),
        "pages": list(frame.reviewed(opened.answers)),
        "first_open": progress.first_open(opened.answers),
        "left": sum(len(step.missing) for step in progress.steps(opened.answers)),
        "draft": opened.draft,
        "seen": drafts.stamp(opened.draft),
        "anew": frame.asked_anew(opened),
        "problems": problems or [],
    }
    return render(request, "patients/intake/review.html", context)


def _sent(request: doors.PatientRequest, *, patient: Patient) -> HttpResponse:
    try:
        row = drafts.send(
            patient=patient,
            draft_id=number(request, "draft") or 0,
            seen=request.POST.get("seen", ""),
        )
    except Draft.DoesNotExist:
        return redirect("intake")
    except drafts.Outdated:
        messages.warning(
            request,
            _("Your answers were changed on another page or device. Please look again, then send."),
        )
        return redirect("intake-review-page")
    except InvalidAnswers as invalid:
        return _review(request, patient=patient, problems=frame.problems(invalid))
    return redirect("intake-outcome", row.pk)


@require_safe
@doors.for_patients
def outcome(request: doors.PatientRequest, intake_id: int) -> HttpResponse:
    """Say kindly what came of the answers, and what comes next."""
    patient = patient_of(request.user)
    row = get_object_or_404(Intake, pk=intake_id, patient=patient)
    context = {"intake": row, **frame.outcome(row, patient=patient)}
    return render(request, "patients/intake/outcome.html", context)
