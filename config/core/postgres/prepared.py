"""Fixed statements, which each connection has PostgreSQL plan once and Django word never.

For the few that run at every search and every booking: to word one costs Django, and to plan it
PostgreSQL, more than to answer it. Columns are named, not `*`: a plan outlives a migration that
adds one.
"""

from __future__ import annotations

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


def insert(instance: models.Model, *, returning: str) -> Row:
    """Write a new row as `save` does; what PostgreSQL generates is read when it is looked at.

    Parameters
    ----------
    returning
        Expressions of the row to be answered.
    """
    fields = _written(type(instance))
    values = [
        field.get_db_prep_save(getattr(instance, field.attname), connection) for field in fields
    ]
    sql = f"{_insertion(type(instance))} RETURNING {returning}"
    found = row(sql, values)
    state = instance._state  # noqa: SLF001 -- as documented by Django
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    return found or ()


def insert_new(like: models.Model, varying: Mapping[str, Sequence[Any]]) -> None:
    """Write rows like one, save for some fields, whose values are given in columns.

    A row that a unique constraint knows already is left out.
    """
    values = [
        [field.get_db_prep_save(value, connection) for value in varying[field.name]]
        if field.name in varying
        else field.get_db_prep_save(getattr(like, field.attname), connection)
        for field in _written(type(like))
        if field.name in varying or not field.primary_key
    ]
    change(_insertion_of_many(type(like), frozenset(varying)), values)


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
def _insertion_of_many(model: type[models.Model], varying: frozenset[str]) -> str:
    fields = _written(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    given = ", ".join(
        f"unnest(%s::{_type(field)}[])" if field.name in varying else f"%s::{_type(field)}"
        for field in fields
    )
    table = _known(model).db_table
    return f'INSERT INTO "{table}" ({names}) SELECT {given} ON CONFLICT DO NOTHING'


def _type(field: models.Field[Any, Any]) -> str:
    """Return a column's type without its length: cast to that, too long a text would be cut."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    name = target.db_type(connection) if target is field else target.rel_db_type(connection)
    return str(name).partition("(")[0]
