"""What a visitor may ask of the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _, gettext_lazy

from booking import clock, rehearsal
from config.core.clock import now
from config.core.errors import Refused
from patients import places
from patients.models import Therapy


class DayInput(forms.DateInput):
    """A day as browsers pick one, written as they read it whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    """A quarter of an hour as browsers pick one."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M", attrs={"step": 900})


class PrepareForm(forms.Form):
    """A visit one thinks of: `times` holds what it would mean once the form is valid."""

    therapy = forms.ChoiceField(label=gettext_lazy("Treatment"))
    day = forms.DateField(label=gettext_lazy("Day"), input_formats=["%Y-%m-%d"], widget=DayInput())
    at = forms.TimeField(
        label=gettext_lazy("Nurse arrives at"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=ClockInput(),
    )
    zip = forms.CharField(
        label=gettext_lazy("ZIP code of the visit"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("So that the times are local to it. We do not keep it."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )

    times: clock.Times | None = None

    def __init__(self, *args: Any, therapies: list[Therapy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.therapies = {therapy.slug: therapy for therapy in therapies}
        self.zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
        self.place: places.ZipPlace | None = None
        self.asked_at: datetime = now()
        choices = [(therapy.slug, _(therapy.name)) for therapy in therapies]
        self.fields["therapy"].choices = choices  # type: ignore[attr-defined]

    def clean_zip(self) -> str:
        """Find the zone of the ZIP code."""
        postal_code = "".join(self.cleaned_data["zip"].split())
        if not postal_code:
            return ""
        self.place = places.look_up_zip(postal_code)
        if self.place is None:
            said = _("We do not know the time zone of this ZIP code. Leave it empty to use ours.")
            raise forms.ValidationError(said, "unknown_zip")
        self.zone = ZoneInfo(self.place.time_zone)
        return postal_code

    def clean(self) -> dict[str, Any]:
        """Reckon the times."""
        asked = super().clean() or {}
        if self.errors:
            return asked
        try:
            self.times = rehearsal.of(
                therapy=self.chosen,
                day=asked["day"],
                at=asked["at"],
                zone=self.zone,
                asked_at=self.asked_at,
            )
        except Refused as refused:
            for reason in refused.reasons:
                self.add_error(reason.attr, forms.ValidationError(reason.detail, reason.code))
        return asked

    @property
    def chosen(self) -> Therapy:
        """The therapy that was chosen."""
        return self.therapies[self.cleaned_data["therapy"]]

    @property
    def is_bookable(self) -> bool:
        """Whether such a visit could be booked now."""
        return self.times is not None and rehearsal.is_bookable(
            self.times, therapy=self.chosen, asked_at=self.asked_at
        )
