"""The walk, first part: a new patient, the intake, the clinician, the consents."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.launch.walk import outbox
from config.launch.walk.figures import at_local, now
from config.launch.walk.ground import PASSWORD, Failed, Walk, holds, listed, same, say, say_text

HOME = {"line1": "123 Walnut Ct", "city": "Oak Park", "state": "IL", "postal_code": "60302"}
ESCORT = {"name": "Robin Hale", "phone": "+1 312 555 0143", "texts": True}
ZONE = ZoneInfo("America/Chicago")
ORDER = {"therapy": "mood-40", "sessions": 6, "weight_kg": 80, "rate_mg_per_hour": 60}
SIGN_UP = "/_allauth/app/v1/auth/signup"
VERIFY = "/_allauth/app/v1/auth/email/verify"

# What a well patient would not answer with "no", or with the first choice.
ANSWERS: dict[str, object] = {
    "date_of_birth": "1984-05-31",
    "medicines": ["lamotrigine"],  # domain.md, section 2: a clinician decides
    "escort_overnight": True,
    "home_safe": True,
}


def it_is_up(walk: Walk) -> None:
    """The service is up and ready."""
    say(f"/livez: {walk.get('/livez')}", f"/readyz: {walk.get('/readyz')}")


def a_patient_signs_up(walk: Walk) -> None:
    """A new patient signs up and confirms the e-mail address."""
    asked_at = now()
    credentials = {"email": walk.email, "password": f"{PASSWORD}-{walk.run}"}
    answer = walk.ask("POST", SIGN_UP, body=credentials, expect=401)
    token = str(answer["meta"].get("session_token", ""))
    pending = [flow["id"] for flow in answer["data"]["flows"] if flow.get("is_pending")]
    same(pending, ["verify_email"], "what the sign-up waits for")
    letter = outbox.wait_for(walk.outbox, since=asked_at, is_it=lambda sent: sent.to == walk.email)
    if letter is None:
        raise Failed(f"no e-mail to {walk.email} within 60 s, to confirm the address")
    say(f"To {letter.to}: {letter.subject}")
    say_text(letter.text.split("\n\n", 1)[1])
    walk.patient = _confirmed(walk, credentials=credentials, token=token, key=_key(letter.text))
    same(walk.get("/api/v1/me/", token=walk.patient)["email"], walk.email, "who is signed in")
    say(f"signed in as {walk.email}")


def _key(text: str) -> str:
    found = re.search(r"^[0-9]{6}$", text, re.MULTILINE)
    if found is None:
        raise Failed(f"the e-mail holds no code to confirm the address:\n{text}")
    return found.group(0)


def _confirmed(walk: Walk, *, credentials: Mapping[str, str], token: str, key: str) -> str:
    """Return a session token, from the confirmation itself or from signing in after it."""
    headers = {"X-Session-Token": token} if token else {}
    answer = walk.client.post(VERIFY, json={"key": key}, headers=headers)
    walk.last = f"POST {VERIFY} gave {answer.status_code}: {answer.text[:300]}"
    holds(answer.status_code in (200, 401), f"the confirmation was refused: {walk.last}")
    fresh = answer.json()["meta"].get("session_token") or token
    if answer.status_code == 401:
        signed_in = walk.ask("POST", "/_allauth/app/v1/auth/login", body=credentials)
        fresh = signed_in["meta"]["session_token"]
    return str(fresh)


def gates_are_closed(walk: Walk) -> None:
    """Nothing can be booked yet, and each closed gate is named, in order."""
    start = at_local(now().astimezone(ZONE).date() + timedelta(days=5), time(10), ZONE)
    wish = {"therapy": "mood-40", "starts_at": start.isoformat()}
    gates = ["not_cleared", "order_missing", "consent_missing"]
    empty = [*gates, "escort_missing", "outside_service_area"]
    refusal = walk.refused("/api/v1/appointments/", token=walk.patient, body=wish, codes=empty)
    say(f"booking with nothing on file, {refusal}")
    profile = {
        "name": "Wanda Walker",
        "date_of_birth": ANSWERS["date_of_birth"],
        "phone": "+1 312 555 0142",
        "address": HOME,
        "escort": ESCORT,
    }
    me = walk.ask("PATCH", "/api/v1/me/", token=walk.patient, body=profile)
    same(me["time_zone"], ZONE.key, "the time zone of the address")
    address = ", ".join(str(me["address"][part]) for part in ("line1", "city", "postal_code"))
    say(f"{me['name']}, {address}, {me['time_zone']}, escort {me['escort']['name']}")
    say(f"gate: {listed(me['gate'])}")
    for gate, code in zip(("intake", "order", "consents"), gates, strict=True):
        same(me["gate"][gate], code, f"the gate {gate!r}")
    refusal = walk.refused("/api/v1/appointments/", token=walk.patient, body=wish, codes=gates)
    say(f"booking now, {refusal}")


def the_intake_is_screened(walk: Walk) -> None:
    """The intake is answered from its own form, and a medicine calls for a review."""
    form = walk.get("/api/v1/intake/form/", token=walk.patient)
    answers = answered(form["questions"])
    say(f"form {form['version']}: {len(form['questions'])} questions, {len(answers)} answered")
    result = walk.ask(
        "POST", "/api/v1/intakes/", token=walk.patient, body={"answers": answers}, expect=201
    )
    say(f"outcome {result['outcome']}, status {result['status']}")
    say(*(f"{one['severity']} {one['code']}: {one['detail']}" for one in result["findings"]))
    same(result["outcome"], "review", "the outcome of screening")
    review = [one["code"] for one in result["findings"] if one["severity"] == "review"]
    same(len(review), 1, "how many findings call for a review")
    walk.intake = result["id"]


def answered(questions: list[dict[str, Any]]) -> dict[str, object]:
    """Return an answer to every required question that is shown, as a well patient gives it."""
    answers: dict[str, object] = {}
    for question in questions:
        shown = question.get("show_if")
        if shown and answers.get(shown["question"]) not in shown["any_of"]:
            continue
        if question["id"] in ANSWERS:
            answers[question["id"]] = ANSWERS[question["id"]]
        elif question["required"]:
            answers[question["id"]] = _plain_answer(question)
    return answers


def _plain_answer(question: Mapping[str, Any]) -> object:
    """Return "no", the first choice, or a number that is allowed."""
    kind, choices = question["type"], [choice["value"] for choice in question["choices"]]
    plain: dict[str, object] = {
        "boolean": False,
        "choice": choices[0] if choices else None,
        "multi_choice": choices[:1],
        "integer": question.get("minimum") or 0,
        "text": "None",
        "date": "2000-01-01",
    }
    if kind not in plain:
        raise Failed(f"the form asks {question['id']!r} as {kind!r}, which the contract has not")
    return plain[kind]


def a_clinician_decides(walk: Walk) -> None:
    """A clinician clears the intake and writes an order within the dose limit."""
    clinician = walk.sign_in("clinician@example.com")
    waiting = walk.get("/api/v1/reviews/", token=clinician)
    mine = [row for row in waiting if row["id"] == walk.intake]
    same(len(mine), 1, f"how often intake {walk.intake} stands among the reviews")
    say(f"{len(waiting)} to review; this one: {', '.join(f['code'] for f in mine[0]['findings'])}")
    body = {"decision": "clear", "reason": "Lamotrigine noted; no interaction that matters here."}
    path = f"/api/v1/intakes/{walk.intake}/review/"
    say(f"decision: {walk.ask('POST', path, token=clinician, body=body)['status']}")
    order = _order(walk)
    too_high = {**order, "dose_mg": 50, "rate_mg_per_hour": 75}
    path = "/api/v1/orders/"
    refusal = walk.refused(path, token=clinician, body=too_high, codes=["dose_too_high"])
    say(f"order of 50 mg for 80 kg, {refusal}")
    unseen = {name: value for name, value in order.items() if name != "evaluated_on"}
    refusal = walk.refused(path, token=clinician, body=unseen, codes=["evaluation_missing"])
    say(f"order without an evaluation, {refusal}")
    written = walk.ask("POST", path, token=clinician, body=order, expect=201)
    shown = ("therapy", "sessions_left", "dose_mg", "rate_mg_per_hour", "valid_until")
    say(f"order: {listed({name: written[name] for name in shown})}")
    same(written["sessions_left"], ORDER["sessions"], "sessions left on a new order")


def _order(walk: Walk) -> dict[str, object]:
    # Yesterday is past in every zone.
    yesterday: date = now().astimezone(ZONE).date() - timedelta(days=1)
    dates = {name: str(yesterday) for name in ("weighed_on", "valid_from", "evaluated_on")}
    until = str(yesterday + timedelta(days=120))
    return {**ORDER, **dates, "patient": walk.email, "dose_mg": 40, "valid_until": until}


def the_consents_are_signed(walk: Walk) -> None:
    """The patient reads and signs the consents, and every gate is open."""
    documents = walk.get("/api/v1/consents/", token=walk.patient)
    holds(documents, "there is no document to sign")
    for number, document in enumerate(documents):
        path = f"/api/v1/consents/{document['slug']}/sign/"
        if number == 0:
            wrong = {"typed_name": "Wanda Walker", "sha256": "0" * 64}
            refusal = walk.refused(path, token=walk.patient, body=wrong, codes=["document_changed"])
            say(f"{document['slug']} with the hash of another text, {refusal}")
        body = {"typed_name": "Wanda Walker", "sha256": document["sha256"]}
        signed = walk.ask("POST", path, token=walk.patient, body=body, expect=201)
        say(f"{document['slug']} version {signed['version']}, signed {signed['signed_at']}")
    gate = walk.get("/api/v1/me/", token=walk.patient)["gate"]
    say(f"gate: {listed(gate)}")
    same({name: gate[name] for name in gate if gate[name] != "ok"}, {}, "closed gates")
