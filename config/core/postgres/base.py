"""Django's PostgreSQL backend, with a clear word where no database is configured."""

from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format


class DatabaseWrapper(base.DatabaseWrapper):
    """Refuse to connect while `DATABASE_URL` is unset, at the first connection and not before."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a connection, or say which variable to set."""
        if not settings.DATABASE_URL:
            raise OperationalError(
                "No database is configured: set DATABASE_URL (postgres://user:password@host/name), "
                "or run bin/demo, or use bin/manage while bin/demo runs."
            )
        opened = super().get_new_connection(conn_params)
        opened.prepare_threshold = 0  # of `prepared_cursor`; Django's own cursors never prepare
        return opened

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
