"""The questions of a check-in, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from config.core.doors import OnceForm
from patients import check_ins
from patients.questions import Question

SCALE = "patients/check_ins/_scale.html"
UNANSWERED = _("Please choose one of the answers.")
TOGETHER = _("Please answer this one too: the seven count together.")


class ScaleField(forms.TypedChoiceField):
    """One question with its answers side by side."""

    def __init__(self, question: Question, choices: list[tuple[int, str]], *, look: str) -> None:
        super().__init__(
            label=gettext(question.text),
            choices=choices,
            coerce=int,
            empty_value=None,
            required=question.required,
            widget=forms.RadioSelect,
            error_messages={"required": UNANSWERED, "invalid_choice": UNANSWERED},
        )
        self.template_name = SCALE
        self.look = look


class CheckInForm(OnceForm):
    """The PHQ-9; then, for whoever likes, the GAD-7 and pain."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in (*check_ins.MOOD, *check_ins.WORRY):
            answers = [(int(one.value), gettext(one.label)) for one in question.choices]
            self.fields[question.id] = ScaleField(question, answers, look="four")
        numbers = [(number, str(number)) for number in range(11)]
        self.fields[check_ins.PAIN.id] = ScaleField(check_ins.PAIN, numbers, look="numbers")

    def clean(self) -> dict[str, Any]:
        """Ask for all of the GAD-7 where some of it is there."""
        cleaned = super().clean() or {}
        unanswered = [one.id for one in check_ins.WORRY if cleaned.get(one.id) is None]
        if 0 < len(unanswered) < len(check_ins.WORRY):
            for name in unanswered:
                if name not in self.errors:
                    self.add_error(name, TOGETHER)
        return cleaned

    def answers(self) -> dict[str, int]:
        """Return what was answered, by question."""
        asked = [one.id for one in (*check_ins.MOOD, *check_ins.WORRY, check_ins.PAIN)]
        given = {name: self.cleaned_data.get(name) for name in asked}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def mood(self) -> list[forms.BoundField]:
        """The nine questions."""
        return [self[one.id] for one in check_ins.MOOD]

    @property
    def worry(self) -> list[forms.BoundField]:
        """The seven questions."""
        return [self[one.id] for one in check_ins.WORRY]
