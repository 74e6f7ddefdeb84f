"""A page of questions as a form: what the browser sends, read as answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from patients.answers import clean_each, figure, sentence
from patients.progress import BY_ID
from patients.questions import MAX_TEXT_LENGTH, Answer, Question, QuestionType, ShowIf

YES, NO = "yes", "no"
SCALE = 3  # so many short answers stand side by side


class DayWidget(forms.MultiWidget):
    """A day as month, day and year: nobody looks for a birthday in a calendar."""

    template_name = "patients/intake/_day.html"
    use_fieldset = True

    def __init__(self) -> None:
        parts = {
            "month": ("bday-month", 2),
            "day": ("bday-day", 2),
            "year": ("bday-year", 4),
        }
        super().__init__(
            {
                name: forms.TextInput(
                    attrs={
                        "inputmode": "numeric",
                        "autocomplete": filled_in,
                        "maxlength": 10,
                        "size": size,
                    }
                )
                for name, (filled_in, size) in parts.items()
            }
        )

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give each part its label."""
        context = super().get_context(name, value, attrs)
        for part, label in zip(
            context["widget"]["subwidgets"], (_("Month"), _("Day"), _("Year")), strict=True
        ):
            part["label"] = label
        return context

    def decompress(self, value: str | None) -> list[str]:
        """Return month, day and year as they were given."""
        year, month, day = [*(value or "").split("-"), "", "", ""][:3]
        return [month.lstrip("0"), day.lstrip("0"), year]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the day as year-month-day; what is no number stays as it was typed."""
        month, day, year = (
            str(part or "").strip() for part in super().value_from_datadict(data, files, name)
        )
        if not (month or day or year):
            return ""
        return f"{year}-{month:0>2}-{day:0>2}"


class QuestionField(forms.Field):
    """One question; what its answer has to be is the questionnaire's to say."""

    def __init__(self, question: Question, **shown: Any) -> None:
        super().__init__(
            label=_(question.text),
            help_text=_(question.help) if question.help else "",
            widget=_widget(question),
            required=question.required,
            **shown,
        )
        self.question = question

    def validate(self, value: object) -> None:
        """Leave it to the form, which asks the questionnaire."""


def _widget(question: Question) -> forms.Widget:
    choices = [(str(one.value), _(one.label)) for one in question.choices]
    if question.type is QuestionType.BOOLEAN:
        return forms.RadioSelect(choices=[(YES, _("Yes")), (NO, _("No"))])
    if question.type is QuestionType.CHOICE:
        return forms.RadioSelect(choices=choices)
    if question.type is QuestionType.MULTI_CHOICE:
        return forms.CheckboxSelectMultiple(choices=choices)
    if question.type is QuestionType.INTEGER:
        return forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    if question.type is QuestionType.DATE:
        return DayWidget()
    return forms.Textarea(attrs={"rows": 4, "data-most": MAX_TEXT_LENGTH})


class PageForm(forms.Form):
    """The questions of a page, filled in with what is known."""

    use_required_attribute = False

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        answers: Mapping[str, Answer],
        today: date,
        data: Any = None,
    ) -> None:
        super().__init__(data, initial=dict(_as_typed(questions, answers)))
        self.questions, self.today, self.known = questions, today, answers
        self.by_id = {question.id: question for question in questions}
        self.answers: dict[str, Answer | None] = {}
        for question in questions:
            self.fields[question.id] = QuestionField(question)

    def clean(self) -> dict[str, Any]:
        """Keep what can be kept, and say what is wrong with the rest."""
        sent = {one.id: _read(one, self.cleaned_data.get(one.id)) for one in self.questions}
        self.answers, problems = clean_each(self.questions, sent, today=self.today)
        for id_, found in problems.items():
            for code, _message in found:
                self.add_error(id_, problem(self.by_id[id_], code))
        return self.cleaned_data

    def ask_for(self, missing: Sequence[str]) -> None:
        """Say which questions have to be answered before going on."""
        for id_ in missing:
            if id_ in self.fields and id_ not in self.errors:
                self.add_error(id_, _("Please answer this question."))

    @property
    def shown(self) -> dict[str, Answer | None]:
        """What the page was shown with, as it says itself; what makes no sense was not shown."""
        try:
            sent = json.loads(self.data.get("shown") or "{}")
        except (ValueError, RecursionError):
            return {}
        if not isinstance(sent, dict):
            return {}
        return clean_each(self.questions, sent, today=self.today)[0]

    @property
    def shown_with(self) -> str:
        """What the page shows now, to be sent back with it: what was sent where it was read."""
        now = {**self.shown, **self.answers} if self.is_bound else self.known
        ids = [id_ for id_ in self.by_id if now.get(id_) is not None]
        return json.dumps({id_: now[id_] for id_ in ids})

    def asked(self) -> Iterator[dict[str, Any]]:
        """Yield each question with how it is laid out and what brings it up."""
        for question in self.questions:
            yield {"field": self[question.id], "question": question, **self._layout(question)}

    def _layout(self, question: Question) -> dict[str, Any]:
        laid_out: dict[str, Any] = {"columns": _columns(question)}
        if condition := question.show_if:
            parent = self.by_id.get(condition.question)
            laid_out["depends_on"] = condition.question
            laid_out["any_of"] = json.dumps([_typed_in(one) for one in condition.any_of])
            # Of a question on another page the answer is known: this one is asked, or not here.
            laid_out["only_if"] = _only_if(parent, condition) if parent else ""
        return laid_out

    def medicine_groups(self) -> list[tuple[str, list[BoundField]]]:
        """Return the common medicines under their headings."""
        groups: dict[str, list[Any]] = {}
        choices = BY_ID["medicines_common"].choices
        for choice, box in zip(choices, self["medicines_common"].subwidgets, strict=True):
            groups.setdefault(_(choice.group), []).append(box)
        return list(groups.items())


def problem(question: Question, code: str) -> str:
    """Say what is wrong with an answer, in the reader's language."""
    if question.type is QuestionType.DATE and code == "invalid":
        return _("Please give a day that exists: month, day and year, in numbers.")
    return _(sentence(question, code)) % {"limit": figure(question, code)}


def _columns(question: Question) -> int:
    """Return how many answers stand side by side where there is room."""
    if question.type is QuestionType.BOOLEAN:
        return 2
    is_scale = question.type is QuestionType.CHOICE and len(question.choices) > SCALE
    return len(question.choices) if is_scale and isinstance(question.choices[0].value, int) else 1


def _only_if(parent: Question, condition: ShowIf) -> str:
    if parent.id == "subject":
        return ""
    if parent.id == "auditc_1":
        return _("Only if you drink alcohol.")
    if parent.type is QuestionType.MULTI_CHOICE:
        chosen = [_(one.label) for one in parent.choices if one.value in condition.any_of]
        return _("Only if you chose: %(choice)s") % {"choice": ", ".join(chosen)}
    facts = {"question": _(parent.text)}
    if condition.any_of == (True,):
        return _("Only if you answered yes to: %(question)s") % facts
    return _("Only if you answered no to: %(question)s") % facts


def _as_typed(
    questions: Sequence[Question], answers: Mapping[str, Answer]
) -> Iterator[tuple[str, Any]]:
    for question in questions:
        if question.id in answers:
            yield question.id, _typed_in(answers[question.id])


def _typed_in(answer: Answer) -> str | list[str]:
    if isinstance(answer, bool):
        return YES if answer else NO
    return answer if isinstance(answer, list) else str(answer)


def _read(question: Question, typed: Any) -> object:
    """Return what the questionnaire takes; what cannot be read is left for it to refuse."""
    if question.type is QuestionType.BOOLEAN:
        return {YES: True, NO: False}.get(typed, typed)
    if question.type is QuestionType.CHOICE:
        values = {str(one.value): one.value for one in question.choices}
        return values.get(typed, typed)
    if question.type is QuestionType.MULTI_CHOICE:
        return typed or None
    if question.type is QuestionType.INTEGER:
        digits = str(typed or "").strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else typed
    return typed
