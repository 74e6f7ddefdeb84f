"""The admin by roles: who sees what, who changes what; nobody deletes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as AuthUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from config.core.accounts import set_verified_email
from config.core.errors import Malformed, Refused
from config.core.models import Heartbeat, IdempotentAnswer, Role, User

admin.site.unregister(Group)  # a person has one role, and no groups


Method = TypeVar("Method", bound=Callable[..., Any])


def tagged(
    *, description: str, colours: Mapping[str, str], ordering: str | None = None
) -> Callable[[Method], Method]:
    """Have a column's (value, words) shown as a coloured tag."""
    decorator: Callable[[Method], Method] = display(
        description=description, label=dict(colours), ordering=ordering
    )
    return decorator


def link_to(address: str, words: str) -> SafeString:
    """Link to another page, looking like the links that the admin makes itself."""
    look = "font-medium text-primary-600 dark:text-primary-500"
    return format_html('<a class="{}" href="{}">{}</a>', look, address, words)


def role_of(request: HttpRequest) -> Role | None:
    """Return the role of whoever is signed in and may be here."""
    user = request.user
    return Role(user.role) if isinstance(user, User) and user.is_active else None


def in_words(refusal: Refused | Malformed) -> str:
    """Return what a rule said, as one text."""
    if isinstance(refusal, Malformed):
        return refusal.reason.detail
    return " ".join(reason.detail for reason in refusal.reasons)


class RoleAdmin(ModelAdmin):
    """An admin page whose roles are class attributes; administrators see everything.

    `add_roles` is `change_roles` where it is not given.
    """

    view_roles: tuple[Role, ...] = ()
    change_roles: tuple[Role, ...] = ()
    add_roles: tuple[Role, ...] | None = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        seen_by = (Role.ADMINISTRATOR, *self.view_roles, *self.change_roles)
        return role_of(request) in seen_by

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role_of(request) in self.change_roles

    def has_add_permission(self, request: HttpRequest) -> bool:
        return role_of(request) in (self.change_roles if self.add_roles is None else self.add_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what a rule refused, where the form could not know it beforehand."""
        try:
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except (Refused, Malformed) as refusal:
            messages.error(request, in_words(refusal))
            return redirect(request.path)
        return response


class RuleAdmin(RoleAdmin):
    """Rows that change only through a rule: below the page stands a form that calls it.

    Attributes
    ----------
    rule_form
        What is asked; its cleaned data goes to `rule`.
    rule_roles
        Who is shown the form and may send it.
    rule_label
        What its button says.
    rule_page
        Where the person is taken once the rule has done it: this row, or the list.
    """

    rule_form: type[forms.Form]
    rule_roles: tuple[Role, ...] = ()
    rule_label = "Save"
    rule_page: Literal["change", "changelist"] = "change"
    change_form_outer_after_template = "core/admin/rule_form.html"

    def rule(self, *, request: HttpRequest, obj: Any, data: dict[str, Any]) -> str:
        """Call the rule and return what to tell the person."""
        raise NotImplementedError

    def is_rule_open(self, obj: Any) -> bool:
        """Whether there is anything to decide about the row."""
        return True

    def may_use_rule(self, request: HttpRequest, obj: Any) -> bool:
        """Whether this person is shown the form under this row."""
        return role_of(request) in self.rule_roles and self.is_rule_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        options = self.opts
        name = f"{options.app_label}_{options.model_name}_rule"
        view = self.admin_site.admin_view(self.rule_view)
        urls: list[URLPattern] = super().get_urls()
        return [path("<path:object_id>/rule/", view, name=name), *urls]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if obj is not None and self.may_use_rule(request, obj):
            context |= {"rule_form": self.rule_form(), "rule_label": self.rule_label}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def rule_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the form, call the rule, and say on the page what came of it."""
        obj = get_object_or_404(self.get_queryset(request), pk=self._key(object_id))
        level = messages.ERROR
        if request.method == "POST" and role_of(request) in self.rule_roles:
            level, text = self._call_rule(request, obj)
            messages.add_message(request, level, text)
        elif request.method == "POST":
            messages.error(request, "Your role does not allow this.")
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if level == messages.SUCCESS and self.rule_page == "changelist":
            return redirect(f"{name}_changelist")
        return redirect(f"{name}_change", obj.pk)

    def _key(self, object_id: str) -> Any:
        try:
            return self.opts.pk.to_python(object_id)
        except forms.ValidationError:
            return None

    def _call_rule(self, request: HttpRequest, obj: Model) -> tuple[int, str]:
        form = self.rule_form(request.POST)
        if not form.is_valid():
            return messages.ERROR, " ".join(
                f"{form.fields[name].label or name.replace('_', ' ').capitalize()}: {problem}"
                for name, problems in form.errors.items()
                for problem in problems
            )
        try:
            with transaction.atomic():
                said = self.rule(request=request, obj=obj, data=form.cleaned_data)
                self.log_change(request, obj, said)
        except (Refused, Malformed) as refusal:
            return messages.ERROR, in_words(refusal)
        return messages.SUCCESS, said


@admin.register(User)
class UserAdmin(AuthUserAdmin, RoleAdmin):  # type: ignore[type-arg]
    """Accounts: an administrator gives a role and a first password."""

    change_roles = (Role.ADMINISTRATOR,)
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    ordering = ("email",)
    list_display = ("email", "name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "role", "is_active", "password")}),
        ("Since", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "role", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """An e-mail address that was proven is not replaced by one that was not."""
        return ("email", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: User, form: forms.Form, change: bool) -> None:
        """Save; whoever the clinic itself signs up need not prove their e-mail."""
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        if not change:
            set_verified_email(obj)


@admin.register(Heartbeat)
class HeartbeatAdmin(RoleAdmin):
    """When each part of the service last gave a sign of life, to be read."""

    list_display = ("name", "at")


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(RoleAdmin):
    """Answers kept for repeated requests; what they say stays with whom they were given to."""

    list_display = ("method", "path", "user", "status", "created_at")
    list_select_related = ("user",)
    exclude = ("body", "body_sha256", "key")
