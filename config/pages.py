"""The start page and the two questions an operator's probe asks."""

from __future__ import annotations

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from booking.delivery import alarm, watching
from booking.notices import ledger
from booking.pages import public
from config.core import heartbeats
from config.core.models import Role, User
from scheduling import engines

# A bell a minute, and a ring may plan for a few of them.
DISPATCH_STALE_AFTER = timedelta(minutes=10)


def home(request: HttpRequest) -> HttpResponse:
    """Take each role to where its day begins."""
    user = request.user
    if not isinstance(user, User):
        return public.home(request)
    if user.role == Role.NURSE:
        return redirect("route")
    if user.is_staff:
        return redirect("admin:index")
    return redirect("visits")


def livez(_: HttpRequest) -> JsonResponse:
    """Say that the process is up."""
    return JsonResponse({"status": "ok"})


def readyz(_: HttpRequest) -> JsonResponse:
    """Say whether everything a promise rests on is there; 503 names what is not."""
    checks = {
        "database": _database(),
        "redis": _redis(),
        "migrations": _migrations(),
        "worker_and_beat": _heartbeat(),
        "oldest_overdue_notice": _overdue(),
        "messages": _messages(),
    }
    is_ready = all(answer == "ok" for answer in checks.values())
    body = {
        "status": "ok" if is_ready else "unavailable",
        "checks": checks,
        # Without it drives are estimated: worth knowing, no reason to send nobody here.
        "travel_engine": _travel(),
        # Without it no day is planned or published unasked.
        "dispatch": _dispatch(),
        # Without it nobody is called when messages stop.
        "watch": _watch(),
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def _database() -> str:
    try:
        connection.ensure_connection()
    except DatabaseError:
        return "cannot be reached"
    return "ok"


def _redis() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        return "cannot be reached"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return f"{len(plan)} to apply" if plan else "ok"


def _heartbeat() -> str:
    try:
        return "ok" if heartbeats.is_alive(heartbeats.BEAT) else "no sign of life"
    except DatabaseError:
        return "unknown"


def _dispatch() -> str:
    try:
        alive = heartbeats.is_alive(heartbeats.DISPATCH, within=DISPATCH_STALE_AFTER)
    except DatabaseError:
        return "unknown"
    return "ok" if alive else "no sign of life"


def _messages() -> str:
    try:
        return alarm.standing()
    except DatabaseError:
        return "unknown"


def _watch() -> str:
    try:
        return "ok" if watching.is_alive() else "no sign of life"
    except DatabaseError:
        return "unknown"


def _travel() -> str:
    try:
        return engines.standing()
    except DatabaseError:
        return "unknown"


def _overdue() -> str:
    try:
        seconds = ledger.oldest_overdue_seconds()
    except DatabaseError:
        return "unknown"
    return "ok" if seconds < 300 else f"{seconds:.0f} s overdue"
