"""Migrating draws a model anew only when its fields change, and does the same as Django's."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

import pytest
from django.core.management import get_commands
from django.db import connection, models, transaction
from django.db.migrations import Migration, operations
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext
from pgtrigger import compiler
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from config.core.management.commands import migrate

WORDS = compiler.UpsertTriggerSql(
    func="RETURN NULL;",
    hash="1",
    operation="DELETE",
    pgid="pgtrigger_duck_stays",
    table="ponds_duck",
    when="BEFORE",
)
NAMED = models.CheckConstraint(condition=~models.Q(name=""), name="named")
ALONE = models.UniqueConstraint(fields=["name"], name="alone")


class Tables(Migration):
    operations: ClassVar = [
        operations.CreateModel("Pond", [("id", models.BigAutoField(primary_key=True))]),
        operations.CreateModel(
            "Duck",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=9)),
                ("pond", models.ForeignKey("ponds.Pond", models.CASCADE)),
            ],
        ),
    ]


class Noted(Migration):
    operations: ClassVar = [
        operations.AddConstraint("duck", NAMED),
        operations.AddConstraint("duck", ALONE),
        operations.AddIndex("duck", models.Index(fields=["name"], name="by_name")),
        AddTrigger("duck", compiler.Trigger(name="stays", sql=WORDS)),
    ]


class Changed(Migration):
    operations: ClassVar = [
        operations.AddField("duck", "born", models.DateField(null=True)),
        operations.RenameIndex("duck", new_name="by_its_name", old_name="by_name"),
        operations.AlterField("duck", "name", models.CharField(max_length=20)),
        RemoveTrigger("duck", "stays"),
        operations.RemoveIndex("duck", "by_its_name"),
        operations.RemoveConstraint("duck", "named"),
        operations.RenameField("duck", "name", "called"),
        operations.RemoveConstraint("duck", "alone"),
        operations.RenameModel("duck", "Goose"),
    ]


def _carry_out(state: ProjectState, *migrations: type[Migration]) -> ProjectState:
    with connection.schema_editor(atomic=False) as editor:
        for each in migrations:
            state = each("story", "ponds").apply(state, editor)
    return state


def _new() -> ProjectState:
    state = ProjectState()
    assert state.apps  # from now on each change is drawn
    return state


def test_it_is_what_migrates() -> None:
    assert get_commands()["migrate"] == "config.core"


@pytest.mark.django_db
def test_it_says_the_same_to_the_database_as_djangos_own() -> None:
    def said(how: AbstractContextManager[None]) -> list[str]:
        with how, CaptureQueriesContext(connection) as queries, transaction.atomic():
            _carry_out(_new(), Tables, Noted, Changed)
            transaction.set_rollback(True)
        return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]

    ours, djangos = said(migrate.noting()), said(nullcontext())
    assert sum("ponds_" in one for one in ours) > 12
    assert ours == djangos


@pytest.mark.django_db
def test_it_notes_constraints_on_the_class_that_is_there() -> None:
    with migrate.noting(), transaction.atomic():
        state = _carry_out(_new(), Tables)
        duck, pond = (state.apps.get_model("ponds", name) for name in ("duck", "pond"))
        state = _carry_out(state, Noted)
        assert state.apps.get_model("ponds", "duck") is duck
        assert [one.name for one in duck._meta.constraints] == ["named", "alone"]
        assert [one.name for one in duck._meta.indexes] == ["by_name"]
        state = _carry_out(state, Changed)
        goose = state.apps.get_model("ponds", "goose")
        assert {one.name for one in goose._meta.fields} == {"id", "called", "pond", "born"}
        assert goose._meta.constraints == []
        assert state.apps.get_model("ponds", "pond") is not pond
        transaction.set_rollback(True)
