"""Accounts and the few tables that belong to no app."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Lower

from config.core.clock import now


def period_column() -> models.GeneratedField:
    """Return a column that PostgreSQL keeps: the stretch from `starts_at` to `ends_at`."""
    return models.GeneratedField(
        expression=Func(
            F("starts_at"), F("ends_at"), function="TSTZRANGE", output_field=DateTimeRangeField()
        ),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )


def append_only(name: str) -> pgtrigger.Trigger:
    """Return a row trigger that refuses UPDATE and DELETE (TRUNCATE stays for the test flush)."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def never_deleted(name: str) -> pgtrigger.Trigger:
    """Return a row trigger that refuses DELETE: nobody deletes clinical rows."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Delete)


class Role(models.TextChoices):
    """What a person may do here."""

    PATIENT = "patient", "Patient"
    NURSE = "nurse", "Nurse"
    DISPATCHER = "dispatcher", "Dispatcher"
    CLINICIAN = "clinician", "Clinician"
    ADMINISTRATOR = "administrator", "Administrator"


STAFF_ROLES = (Role.DISPATCHER, Role.CLINICIAN, Role.ADMINISTRATOR)


class UserManager(BaseUserManager["User"]):
    """Makes accounts that sign in by e-mail."""

    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an account; without a password it cannot sign in."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator from the command line."""
        fields = {"role": Role.ADMINISTRATOR, "is_superuser": True, **fields}
        return self.create_user(email=email, password=password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find an account by e-mail, however it was typed."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail, in exactly one role."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.PATIENT)
    is_active = models.BooleanField("may sign in", default=True)
    is_demo = models.BooleanField("made by the demo", default=False, editable=False)
    date_joined = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_belongs_to_one_account"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="user_has_a_known_role"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether the person may open the admin."""
        return self.role in STAFF_ROLES

    @property
    def first_name(self) -> str:
        """The first word of the name, for greeting."""
        return self.name.split(maxsplit=1)[0] if self.name.strip() else ""


class IdempotentAnswer(models.Model):
    """The first answer to a POST, kept to be given again to the same key and body."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "method", "path", "key"], name="idempotent_answer_is_given_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Heartbeat(models.Model):
    """When a part of the running service last gave a sign of life."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
