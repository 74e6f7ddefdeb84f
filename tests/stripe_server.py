"""A local server that speaks as much of Stripe's documented API as the product uses.

Checkout sessions, refunds, idempotency keys, errors, and events signed by the documented scheme.
Its time is the test's time. What it was told is kept, so that tests can see what it hears.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_test_stillwater"
SECRET = "whsec_stillwater"
HALF_AN_HOUR, A_DAY = 30 * 60, 24 * 60 * 60
PAGE = """<!doctype html><html lang="en"><head><title>Pay</title></head><body><main>
<h1>{name} {amount}</h1><form method="post"><button>Pay</button></form>
<a href="{back}">Back</a></main></body></html>"""


class Refusal(Exception):
    """An answer of 400 or more, as Stripe words it."""

    def __init__(self, status: int, kind: str, code: str = "", param: str = "") -> None:
        super().__init__(code or kind)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "param": param, "message": code}}


@dataclass
class Failure:
    """What goes wrong with a request, and whether the work was done before."""

    status: int = 0  # 0: the connection ends without an answer
    after: bool = False
    code: str = ""


@dataclass
class Stripe:
    """The account on the other side."""

    address: str = ""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    told: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refunds_are: str = "succeeded"
    waits: threading.Event | None = None
    _answers: dict[str, tuple[str, int, Any] | None] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # -- what a test does ------------------------------------------------------------------------

    def fail(self, *, status: int = 0, after: bool = False, code: str = "") -> None:
        """Have the next request go wrong."""
        self.failures.append(Failure(status=status, after=after, code=code))

    def pay(self, session_id: str) -> dict[str, Any]:
        """Pay on a page, and return the session as it is then."""
        session = self.sessions[session_id]
        assert session["status"] == "open"
        session |= {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": f"pi_{next(self._numbers)}",
            "url": None,
        }
        return session

    def event(
        self, kind: str, about: dict[str, Any], *, event_id: str = "", at: float | None = None
    ) -> tuple[bytes, str]:
        """Return the body of an event and its signature."""
        at = time.time() if at is None else at
        event = {
            "id": event_id or f"evt_{next(self._numbers)}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(at),
            "type": kind,
            "data": {"object": about},
        }
        body = json.dumps(event).encode()
        return body, signature(body, at=at)

    def forget_keys(self) -> None:
        """Forget every idempotency key, as Stripe does after a day."""
        self._answers.clear()

    # -- what the API does -----------------------------------------------------------------------

    def answer(
        self, method: str, path: str, given: dict[str, str], key: str
    ) -> tuple[int, dict[str, Any]]:
        """Answer one request."""
        self.told.append((method, path, given))
        if method == "GET" or not key:
            return 200, self._do(method, path, given)
        said = hashlib.sha256(json.dumps([path, sorted(given.items())]).encode()).hexdigest()
        with self._lock:
            if key in self._answers:
                known = self._answers[key]
                if known is None:
                    raise Refusal(409, "idempotency_error", "idempotency_key_in_use")
                if known[0] != said:
                    raise Refusal(400, "idempotency_error")
                return known[1], known[2]
            self._answers[key] = None
        try:
            status, body = 200, self._do(method, path, given)
        except Refusal:
            with self._lock:
                del self._answers[key]
            raise
        with self._lock:
            self._answers[key] = (said, status, body)
        return status, body

    def _do(self, method: str, path: str, given: dict[str, str]) -> dict[str, Any]:
        match [method, *path.strip("/").split("/")]:
            case ["POST", "v1", "checkout", "sessions"]:
                return self._open(given)
            case ["GET", "v1", "checkout", "sessions", name]:
                return self._session(name)
            case ["POST", "v1", "checkout", "sessions", name, "expire"]:
                return self._expire(name)
            case ["POST", "v1", "refunds"]:
                return self._refund(given)
            case ["GET", "v1", "refunds"]:
                found = [
                    one
                    for one in self.refunds.values()
                    if one["payment_intent"] == given.get("payment_intent")
                ]
                return {"object": "list", "url": "/v1/refunds", "has_more": False, "data": found}
        raise Refusal(404, "invalid_request_error", "resource_missing")

    def _open(self, given: dict[str, str]) -> dict[str, Any]:
        amounts, number = [], 0
        while f"line_items[{number}][quantity]" in given:
            item = f"line_items[{number}]"
            cents = int(given[f"{item}[price_data][unit_amount]"])
            if cents < 50:
                raise Refusal(400, "invalid_request_error", "amount_too_small", item)
            amounts.append(cents * int(given[f"{item}[quantity]"]))
            number += 1
        ends = int(given["expires_at"])
        if given.get("mode") != "payment" or not amounts or not given.get("success_url"):
            raise Refusal(400, "invalid_request_error", "parameter_missing")
        if not HALF_AN_HOUR <= ends - time.time() + 1 <= A_DAY:
            raise Refusal(400, "invalid_request_error", "parameter_invalid", "expires_at")
        name = f"cs_test_{next(self._numbers)}"
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"{self.address}/c/pay/{name}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": sum(amounts),
            "currency": given["line_items[0][price_data][currency]"],
            "client_reference_id": given.get("client_reference_id"),
            "expires_at": ends,
            "success_url": given["success_url"],
            "cancel_url": given.get("cancel_url"),
            "metadata": {},
        }
        return dict(self.sessions[name])

    def _session(self, name: str) -> dict[str, Any]:
        session = self.sessions.get(name)
        if session is None:
            raise Refusal(404, "invalid_request_error", "resource_missing")
        if session["status"] == "open" and session["expires_at"] <= time.time():
            session |= {"status": "expired", "url": None}
        return dict(session)

    def _expire(self, name: str) -> dict[str, Any]:
        if self._session(name)["status"] != "open":
            raise Refusal(400, "invalid_request_error", "resource_state_invalid")
        self.sessions[name] |= {"status": "expired", "url": None}
        return dict(self.sessions[name])

    def _refund(self, given: dict[str, str]) -> dict[str, Any]:
        intent = given.get("payment_intent", "")
        paid = [one for one in self.sessions.values() if one["payment_intent"] == intent]
        if not intent or not paid:
            raise Refusal(404, "invalid_request_error", "resource_missing", "payment_intent")
        cents = int(given["amount"])
        gone = sum(
            one["amount"] for one in self.refunds.values() if one["payment_intent"] == intent
        )
        if gone + cents > paid[0]["amount_total"]:
            raise Refusal(400, "invalid_request_error", "charge_already_refunded")
        name = f"re_{next(self._numbers)}"
        self.refunds[name] = {
            "id": name,
            "object": "refund",
            "amount": cents,
            "currency": paid[0]["currency"],
            "payment_intent": intent,
            "status": self.refunds_are,
            "metadata": {"refund": given.get("metadata[refund]", "")},
        }
        return dict(self.refunds[name])


def signature(body: bytes, *, at: float, secret: str = SECRET) -> str:
    """Sign a body as Stripe documents it."""
    signed = f"{int(at)}.".encode() + body
    proof = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={proof}"


class _Door(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length).decode()
        asked = urlsplit(self.path)
        if asked.path.startswith("/c/pay/"):
            self._page(method, asked.path.rsplit("/", 1)[-1])
            return
        stripe = self.server.stripe
        if stripe.waits is not None:
            stripe.waits.wait(10)
        failure = stripe.failures.pop(0) if stripe.failures else None
        given = dict(parse_qsl(sent or asked.query, keep_blank_values=True))
        if failure and not failure.after:
            self._fail(failure)
            return
        try:
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                raise Refusal(401, "invalid_request_error")
            key = self.headers.get("Idempotency-Key") or ""
            status, body = stripe.answer(method, asked.path, given, key)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        if failure:
            self._fail(failure)
        else:
            self._send(status, json.dumps(body).encode(), "application/json")

    def _fail(self, failure: Failure) -> None:
        if not failure.status:
            self.close_connection = True
            self.connection.close()
            return
        kinds = {402: "card_error", 429: "rate_limit_error"}
        body = Refusal(failure.status, kinds.get(failure.status, "api_error"), failure.code).body
        self._send(failure.status, json.dumps(body).encode(), "application/json")

    def _page(self, method: str, name: str) -> None:
        stripe = self.server.stripe
        session = stripe.sessions[name]
        if method == "POST":
            stripe.pay(name)
            self.send_response(303)
            self.send_header("Location", session["success_url"])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        amount = f"{session['amount_total'] / 100:.2f}"
        page = PAGE.format(name="Visit", amount=amount, back=session["cancel_url"])
        self._send(200, page.encode(), "text/html; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    """The listener."""

    daemon_threads = True

    def __init__(self, stripe: Stripe) -> None:
        self.stripe = stripe
        super().__init__(("127.0.0.1", 0), _Door)


@contextmanager
def running() -> Iterator[Stripe]:
    """Run the server, and give the account behind it."""
    stripe = Stripe()
    server = _Server(stripe)
    stripe.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], name="stripe")
    thread.start()
    try:
        yield stripe
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
