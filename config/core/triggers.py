"""Triggers that refuse a change by name, as a constraint would."""

from __future__ import annotations

from functools import reduce
from operator import or_

import pgtrigger


def refused(name: str, sentence: str, *, condition: pgtrigger.Q) -> pgtrigger.Trigger:
    """Return a row trigger that refuses an UPDATE under a condition on its old and new row."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=condition,
        func=_refusal(name, sentence),
    )


def refused_where(
    name: str,
    sentence: str,
    *,
    sql: str,
    operation: pgtrigger.Operation = pgtrigger.Insert,
    condition: pgtrigger.Q | None = None,
    at_commit: bool = False,
) -> pgtrigger.Trigger:
    """Return a row trigger that refuses where an SQL expression is true, such as of other rows."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After if at_commit else pgtrigger.Before,
        timing=pgtrigger.Deferred if at_commit else None,
        operation=operation,
        condition=condition,
        func=f"IF {sql} THEN {_refusal(name, sentence)} END IF; RETURN NEW;",
    )


def _refusal(name: str, sentence: str) -> str:
    """Return the statement that refuses, with the trigger's name as the constraint's."""
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


def written(column: str) -> pgtrigger.Operation:
    """Return an INSERT, or an UPDATE that names the column."""
    either: pgtrigger.Operation
    either = pgtrigger.Insert | pgtrigger.UpdateOf(column)  # type: ignore[no-untyped-call]
    return either


def changed(*fields: str) -> pgtrigger.Q:
    """Any of the fields changes."""
    return reduce(or_, (pgtrigger.Q(**{f"old__{f}__df": pgtrigger.F(f"new__{f}")}) for f in fields))


def changed_once_set(*fields: str) -> pgtrigger.Q:
    """Any of the fields changes after it was set, or becomes empty again."""
    each = (pgtrigger.Q(**{f"old__{f}__isnull": False}) & changed(f) for f in fields)
    return reduce(or_, each)
