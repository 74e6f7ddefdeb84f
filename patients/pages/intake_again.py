"""Asking again before a session, in under a minute."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.core import doors
from config.core.errors import WrongState
from patients import recheck_questions, rechecks
from patients.accounts import patient_of
from patients.models import Intake, Patient
from patients.pages import intake_frame as frame
from patients.pages.intake import number
from patients.pages.intake_forms import PageForm, problem
from patients.questionnaire import InvalidAnswers
from patients.screening import Danger


@require_http_methods(["GET", "HEAD", "POST"])
@doors.for_patients
def again(request: doors.PatientRequest) -> HttpResponse:
    """Ask whether anything has changed since the answers that are in force."""
    patient = patient_of(request.user)
    if request.method == "POST":
        return _answered(request, patient=patient)
    earlier = rechecks.possible(patient=patient)
    if earlier is None:
        return redirect("intake")
    return _page(request, patient=patient, earlier=earlier, form=_form(patient))


def _form(patient: Patient, data: Any = None) -> PageForm:
    return PageForm(
        recheck_questions.QUESTIONS, answers={}, today=frame.today_of(patient), data=data
    )


def _page(
    request: doors.PatientRequest,
    *,
    patient: Patient,
    earlier: Intake,
    form: PageForm,
    danger: Danger = Danger.NONE,
) -> HttpResponse:
    rows = {one["question"].id: one for one in form.asked()}
    sections = [
        {
            "id": section.id,
            "title": _(section.title),
            "rows": [one for one in rows.values() if one["question"].section == section.id],
        }
        for section in recheck_questions.SECTIONS
    ]
    context = {
        "form": form,
        "sections": sections,
        "earlier": earlier,
        "since": frame.day(earlier.submitted_at, patient=patient),
        "pages": list(frame.remembered(earlier.answers)),
        "danger": danger.value,
        "phone": frame.phone_of(patient),
    }
    return render(request, "patients/intake/again.html", context)


def _answered(request: doors.PatientRequest, *, patient: Patient) -> HttpResponse:
    earlier_id = number(request, "earlier") or 0
    if not Intake.objects.filter(pk=earlier_id, patient=patient).exists():
        return redirect("intake-again")  # somebody else's page, before they signed out
    form = _form(patient, request.POST)
    form.is_valid()
    said = {id_: answer for id_, answer in form.answers.items() if answer is not None}
    danger = rechecks.overhear(patient=patient, answers=said)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"danger": danger.value, "phone": frame.phone_of(patient)}
        return render(request, "patients/intake/_help.html", context)
    try:
        row = rechecks.submit(patient=patient, earlier_id=earlier_id, answers=_sent(form))
    except InvalidAnswers as invalid:
        return _refused(request, patient=patient, form=form, invalid=invalid, danger=danger)
    except WrongState:
        messages.info(request, _("Your answers have changed meanwhile. Please look again."))
        return redirect("intake-again")
    return _went_on(request, row)


def _sent(form: PageForm) -> dict[str, Any]:
    """Return what was said; what could not be read goes along, to be refused by name."""
    said = {id_: answer for id_, answer in form.answers.items() if answer is not None}
    return said | {id_: form[id_].data for id_ in form.errors}


def _refused(
    request: doors.PatientRequest,
    *,
    patient: Patient,
    form: PageForm,
    invalid: InvalidAnswers,
    danger: Danger,
) -> HttpResponse:
    earlier = rechecks.possible(patient=patient)
    if earlier is None:
        return redirect("intake")
    for id_, found in invalid.errors.items():
        if id_ in form.fields and id_ not in form.errors:
            form.add_error(id_, problem(form.by_id[id_], found[0][0]))
    return _page(request, patient=patient, earlier=earlier, form=form, danger=danger)


def _went_on(request: doors.PatientRequest, row: Intake | None) -> HttpResponse:
    if row is not None:
        return redirect("intake-outcome", row.pk)
    messages.info(
        request,
        _("These are your earlier answers with what you just said. Change what is different."),
    )
    return redirect("intake-review-page")
