"""Who is signed in: the session and its account, each read by a statement that is planned once."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db

from config.core.clock import now
from config.core.models import User
from config.core.postgres import prepared

SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
ACCOUNT = "SELECT {columns} FROM core_user WHERE id = %s"


class SessionStore(db.SessionStore):
    """Django's own sessions in the database."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; one that is unknown or over loses its key."""
        # A cookie may hold anything; what is no key of ours is not asked for.
        key = self.session_key or ""
        is_ours = key.isascii() and key.isalnum()
        found = prepared.row(SESSION, [key, now()]) if is_ours else None
        if found is None:
            self._session_key = None
            return {}
        held: dict[str, Any] = self.decode(found[0])
        return held


class Backend(AuthenticationBackend):
    """Signs people in as allauth does."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the account of a session, if it may still sign in."""
        found = prepared.row(ACCOUNT.format(columns=prepared.columns(User)), [user_id])
        user = prepared.load(User, found) if found else None
        return user if user and self.user_can_authenticate(user) else None
