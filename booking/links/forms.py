"""What the page behind each link asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.clock import at_local, check_range, local_day
from booking.links.tokens import Purpose
from config.core.clock import now

JUST_NOW = timedelta(minutes=5)


class AnswerForm(forms.Form):
    """One form that was shown; sent twice it is one answer."""

    client_id = forms.UUIDField(widget=forms.HiddenInput(attrs={"id": False}), initial=uuid4)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def facts(self) -> dict[str, Any]:
        """Return what was answered."""
        return {name: value for name, value in self.cleaned_data.items() if name != "client_id"}


class EscortForm(AnswerForm):
    """Whether the adult is ready."""

    answer = forms.ChoiceField(choices=[("yes", ""), ("no", "")])


class VisitForm(AnswerForm):
    """Cancel, move to one of the times shown, or ask for another."""

    answer = forms.ChoiceField(choices=[("cancel", ""), ("change", ""), ("move", "")])
    starts_at = forms.CharField(required=False, max_length=40)

    def clean_starts_at(self) -> datetime | None:
        """Read the instant that the page offered."""
        said = self.cleaned_data["starts_at"]
        if self.cleaned_data.get("answer") != "move":
            return None
        try:
            return check_range(datetime.fromisoformat(said))
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Please choose one of the times.")) from None

    def facts(self) -> dict[str, Any]:
        """Return what to do, and when to where it is to be moved."""
        starts_at = self.cleaned_data["starts_at"]
        moved = {"starts_at": starts_at.isoformat()} if starts_at else {}
        return {"answer": self.cleaned_data["answer"], **moved}


class FeelingForm(AnswerForm):
    """How the patient is."""

    answer = forms.ChoiceField(choices=[("good", ""), ("not_so_good", ""), ("unwell", "")])


class AteForm(AnswerForm):
    """What was taken, and when."""

    what = forms.ChoiceField(
        label=_("What was it?"),
        choices=[
            ("solid", _("Food, or a drink you cannot see through, such as milk or a smoothie")),
            ("drink", _("A clear drink, such as water, apple juice, black coffee or tea")),
        ],
        widget=forms.RadioSelect,
    )
    at = forms.TimeField(
        label=_("At about what time?"),
        input_formats=["%H:%M", "%H:%M:%S", "%I:%M %p", "%I %p"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def facts(self) -> dict[str, Any]:
        """Return what was taken and the instant: the last time that the clock showed this."""
        at = now()
        today = local_day(at, self.zone)
        taken: datetime = at_local(today, self.cleaned_data["at"], self.zone)
        if taken > at + JUST_NOW:
            taken = at_local(today - timedelta(days=1), self.cleaned_data["at"], self.zone)
        return {"what": self.cleaned_data["what"], "at": taken.isoformat()}


FORMS: dict[Purpose, type[AnswerForm]] = {
    Purpose.escort: EscortForm,
    Purpose.ate: AteForm,
    Purpose.visit: VisitForm,
    Purpose.warning: AnswerForm,
    Purpose.unwell: AnswerForm,
    Purpose.feeling: FeelingForm,
    Purpose.page: AnswerForm,
}
