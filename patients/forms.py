"""The clinic's own forms: a decision, an order, a reason, a new version of a text."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.core.errors import Malformed, Refused, WrongState
from config.core.models import Role, User
from patients import consent, orders
from patients.models import ConsentDocument, ConsentTranslation, Order, Therapy

DECISIONS = [
    ("", "Choose"),
    ("clear", "Clear"),
    ("ask", "Ask for more"),
    ("decline", "Decline"),
]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=4000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class DecisionForm(ReasonForm):
    """What a clinician decides about an intake, and why; a question is read by the patient."""

    field_order = ("decision", "reason")
    decision = forms.ChoiceField(choices=DECISIONS, widget=UnfoldAdminSelectWidget())


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]
    """An order as it is written; what the rule refuses stands at the field."""

    prescriber: ClassVar[User]

    class Meta:
        model = Order
        fields = (
            "patient",
            "therapy",
            "sessions",
            "dose_mg",
            "rate_mg_per_hour",
            "weight_kg",
            "weighed_on",
            "valid_from",
            "valid_until",
            "evaluated_on",
            "second_prescriber",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "therapy" not in self.fields:
            return  # shown to be read, after it was written
        self.fields["evaluated_on"].required = False  # the rule says it by its own name
        self.fields["therapy"].queryset = Therapy.objects.filter(  # type: ignore[attr-defined]
            needs_order=True, is_active=True
        )
        self.fields["second_prescriber"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            role=Role.CLINICIAN, is_active=True
        ).exclude(pk=self.prescriber.pk)

    def clean(self) -> dict[str, Any]:
        """Ask the rule once everything is filled in."""
        cleaned = super().clean() or {}
        if self.errors or not set(self.Meta.fields) <= set(cleaned):
            return cleaned
        try:
            orders.check(prescriber=self.prescriber, **self.asked())
        except Refused as refused:
            for reason in refused.reasons:
                self.add_error(reason.attr, forms.ValidationError(reason.detail, reason.code))
        except Malformed as malformed:
            self.add_error(malformed.reason.attr, malformed.reason.detail)
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Return the figures as the rule takes them."""
        asked: dict[str, Any] = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return asked


class PublishForm(forms.ModelForm):  # type: ignore[type-arg]
    """A text that becomes the next version of its document, with its Spanish where it has one."""

    title_es = forms.CharField(
        label="Title in Spanish",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )
    text_es = forms.CharField(
        label="Text in Spanish",
        required=False,
        widget=UnfoldAdminTextareaWidget(),
        help_text="Who reads Spanish is shown this one, and signs it.",
    )

    class Meta:
        model = ConsentDocument
        fields = ("slug", "title", "text", "is_required")

    def clean(self) -> dict[str, Any]:
        """Ask the rule."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                consent.check_new(**cleaned)
            except WrongState as refused:
                self.add_error(None, refused.reasons[0].detail)
            except Malformed as malformed:
                self.add_error(malformed.reason.attr, malformed.reason.detail)
        return cleaned


class TranslateForm(forms.ModelForm):  # type: ignore[type-arg]
    """The Spanish of a version that is published already."""

    class Meta:
        model = ConsentTranslation
        fields = ("document", "title", "text")
