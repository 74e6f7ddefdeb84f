"""Fixed statements, which each connection has PostgreSQL plan once and Django word never.

For the few that run at every search and every booking: to word one costs Django, and to plan it
PostgreSQL, more than to answer it. Columns are named, not `*`: a plan outlives a migration that
adds one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models

from config.core.postgres.base import DatabaseWrapper

M = TypeVar("M", bound=models.Model)
Row = tuple[Any, ...]


def rows(sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """Ask, and return every row."""
    with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[Row] = cursor.fetchall()
        return found


def row(sql: str, parameters: Sequence[Any] = ()) -> Row | None:
    """Ask, and return the first row."""
    with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
        cursor.execute(sql, parameters)
        found: Row | None = cursor.fetchone()
        return found


def change(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Change rows, and return how many were."""
    with cast("DatabaseWrapper", connection).prepared_cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


# -- models ----------------------------------------------------------------------------------------


@cache
def columns(model: type[models.Model], table: str = "") -> str:
    """Name the columns that `load` takes, in order."""
    before = f"{table}." if table else ""
    return ", ".join(f'{before}"{field.column}"' for field in _stored(model))


def load(model: type[M], values: Sequence[Any]) -> M:
    """Return the instance that a row of its `columns` holds."""
    names, converters = _reading(model)
    if converters:
        values = list(values)
        for place, convert in converters:
            values[place] = convert(values[place], None, connection)
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


def part(model: type[M], **values: Any) -> M:
    """Return a stored instance of which only some columns were read."""
    return model.from_db(DEFAULT_DB_ALIAS, list(values), list(values.values()))


def save(instance: models.Model) -> None:
    """Write an instance as `save` does; what PostgreSQL generates is read when it is looked at."""
    state = instance._state  # noqa: SLF001 -- as documented by Django
    if not state.adding:
        instance.save()
        return
    values = [_value(field, instance) for field in _written(type(instance))]
    change(_insertion(type(instance)), values)
    state.adding, state.db = False, DEFAULT_DB_ALIAS


def insert_each(like: models.Model, *, each: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows in one go, but for those that a unique constraint knows already.

    Parameters
    ----------
    like
        An instance, not saved itself, that every row is like but for what is its own.
    each
        What is each row's own, by the attributes of an instance; the same ones for all.
    """
    if not each:
        return
    own = frozenset(each[0])
    shared = [_value(field, like) for field in _written(type(like)) if field.attname not in own]
    # One text is sent sooner, and read not later, than an array for each column.
    change(_insertion_of_each(type(like), own), [*shared, json.dumps(each, default=str)])


def _value(field: models.Field[Any, Any], instance: models.Model) -> Any:
    return field.get_db_prep_save(getattr(instance, field.attname), connection)


def _known(model: type[models.Model]) -> Any:
    return model._meta  # noqa: SLF001 -- as documented by Django


@cache
def _stored(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in _known(model).concrete_fields if not field.generated]


@cache
def _reading(model: type[models.Model]) -> tuple[list[str], list[tuple[int, Any]]]:
    fields = _stored(model)
    found = ((place, getattr(field, "from_db_value", None)) for place, field in enumerate(fields))
    converters = [(place, convert) for place, convert in found if convert is not None]
    return [field.attname for field in fields], converters


@cache
def _written(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the fields of a new row: all but a number that PostgreSQL counts."""
    return [field for field in _stored(model) if not isinstance(field, models.AutoField)]


@cache
def _insertion(model: type[models.Model]) -> str:
    fields = _written(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join("%s" for _ in fields)
    return f'INSERT INTO "{_known(model).db_table}" ({names}) VALUES ({places})'  # noqa: S608


@cache
def _insertion_of_each(model: type[models.Model], own: frozenset[str]) -> str:
    fields = _written(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    given = ", ".join(
        f'own."{field.attname}"' if field.attname in own else f"%s::{_type(field)}"
        for field in fields
    )
    columns = ", ".join(f'"{f.attname}" {_type(f)}' for f in fields if f.attname in own)
    return (
        f'INSERT INTO "{_known(model).db_table}" ({names}) SELECT {given}'  # noqa: S608
        f" FROM json_to_recordset(%s::json) AS own({columns}) ON CONFLICT DO NOTHING"
    )


def _type(field: models.Field[Any, Any]) -> str:
    """Return a column's type without its length: cast to that, too long a text would be cut."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    name = target.db_type(connection) if target is field else target.rel_db_type(connection)
    return str(name).partition("(")[0]
