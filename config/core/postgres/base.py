"""Django's PostgreSQL backend, with a clear word where no database is configured."""

import math
import time
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.db.backends.postgresql import base, operations
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

from config.core.sockets import is_readable

# What is prepared is planned once; by itself PostgreSQL plans most of it anew for each use.
PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"
# A firewall forgets a connection that idles for minutes, and says so only when asked.
SURE_SECONDS = 30


class DatabaseOperations(operations.DatabaseOperations):
    """Knows what a prepared statement was, of which psycopg remembers only the name."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return what was asked; of a prepared statement without its values."""
        told: str | None = super().last_executed_query(cursor, sql, params)
        return sql.strip() if told is None else told


class DatabaseWrapper(base.DatabaseWrapper):
    """Refuse to connect while `DATABASE_URL` is unset, at the first connection and not before."""

    ops_class = DatabaseOperations
    _asked_at = -math.inf

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a connection, or say which variable to set."""
        if not settings.DATABASE_URL:
            raise OperationalError(
                "No database is configured: set DATABASE_URL (postgres://user:password@host/name), "
                "or run bin/demo, or use bin/manage while bin/demo runs."
            )
        chosen = f"{conn_params.get('options') or ''} {PLANNED_ONCE}".strip()
        opened = super().get_new_connection({**conn_params, "options": chosen})
        opened.prepare_threshold = 0  # of `prepared_cursor`; Django's own cursors never prepare
        return opened

    def is_usable(self) -> bool:
        """Whether the connection still stands; asked once for each request.

        One that has just been used and has nothing to be read, not even its end, does.
        """
        asked, self._asked_at = self._asked_at, time.monotonic()
        if self._asked_at - asked < SURE_SECONDS and not is_readable(self.connection):
            return True
        return bool(super().is_usable())

    def prepared_cursor(self, *, binary: bool = False) -> CursorWrapper:
        """Open a cursor for statements that are always worded alike.

        Parameters
        ----------
        binary
            Have answers come as PostgreSQL holds them, not spelled out as text.
        """
        self.ensure_connection()
        cursor: Any = psycopg.Cursor(self.connection)  # Django calls a wrapper what it wraps
        cursor.format = Format.BINARY if binary else Format.TEXT
        wrap = self.make_debug_cursor if self.queries_logged else self.make_cursor
        return wrap(cursor)

    def binary_cursor(self) -> CursorWrapper:
        """Open one whose answers come as PostgreSQL holds them."""
        return self.prepared_cursor(binary=True)
