"""Django's migrate, in a fraction of its time: models are not drawn anew for each constraint.

Whenever a migration adds a constraint, an index or a trigger, Django builds the class of its model
again, and with it those of all that stand next to it. On an empty database that was most of the
work. Yet no other class refers to these: it is enough to note them on the one that is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps.registry import Apps
from django.core.management.commands import migrate
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Model

# What can be noted on a class that is there.
NOTED = ("constraints", "indexes", "triggers")
DRAWN_FROM = "_drawn_from"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Do what Django's does."""
        with noting():
            super().handle(*args, **options)


@contextmanager
def noting() -> Iterator[None]:
    """Draw a model again only if more of it has changed than what can be noted."""
    draw, redraw = ModelState.render, ProjectState.reload_model

    def render(state: ModelState, apps: Apps) -> Any:
        model = draw(state, apps)
        setattr(model, DRAWN_FROM, _without_noted(state))
        return model

    def reload_model(state: ProjectState, app_label: str, name: str, **how: Any) -> None:
        if "apps" in state.__dict__ and not _note(state, app_label, name):
            redraw(state, app_label, name, **how)

    _put(render, reload_model)
    try:
        yield
    finally:
        _put(draw, redraw)


def _put(render: Any, reload_model: Any) -> None:
    ModelState.render = render  # type: ignore[method-assign]
    ProjectState.reload_model = reload_model  # type: ignore[method-assign]


def _note(state: ProjectState, app_label: str, name: str) -> bool:
    """Note what can be on the class of a model; gives whether that is all that has changed."""
    wanted = state.models[app_label, name]
    try:
        model: type[Model] = state.apps.get_model(app_label, name)
    except LookupError:
        return False
    if getattr(model, DRAWN_FROM, None) != _without_noted(wanted):
        return False
    for option in NOTED:
        setattr(model._meta, option, list(wanted.options.get(option, ())))  # noqa: SLF001
    return True


def _without_noted(state: ModelState) -> tuple[object, ...]:
    rest = {name: value for name, value in state.options.items() if name not in NOTED}
    return dict(state.fields), rest, state.bases, state.managers
