"""The demo's data: all there, safe to run again, and never in somebody else's database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from booking.models import Appointment, Notice
from config.core.clock import now
from config.core.models import User
from config.demo import past_visit, people, seed
from patients import gate
from patients.models import Intake, Order, Patient
from tests.factories import make_user

pytestmark = pytest.mark.django_db
# 03:00, 08:05, 11:00 and 23:30 in Chicago, and the morning after clocks go forward.
HOURS = (
    datetime(2027, 2, 1, 9, tzinfo=UTC),
    datetime(2027, 2, 1, 14, 5, tzinfo=UTC),
    datetime(2027, 2, 1, 17, tzinfo=UTC),
    datetime(2027, 2, 2, 5, 30, tzinfo=UTC),
    datetime(2027, 3, 14, 14, tzinfo=UTC),
)


def test_it_opens_every_gate_for_the_demo_s_patients_and_none_for_the_new_one() -> None:
    seed.seed()
    for number in ("", 1, 60):
        patient = Patient.objects.get(user__email=f"patient{number}@example.com")
        assert set(gate.summary(patient=patient).values()) == {"ok"}
        assert set(patient.orders.values_list("therapy", flat=True)) == set(seed.ORDERS)
    assert not Patient.objects.filter(user__email="new@example.com").exists()
    waiting = Patient.objects.get(user__email="waiting@example.com")
    assert waiting.intakes.get().status == Intake.Status.AWAITING_REVIEW
    assert not Appointment.objects.exists()


def test_it_can_be_seeded_again_and_renews_what_has_lapsed() -> None:
    seed.seed()
    rows = (User.objects.count(), Order.objects.count())
    seed.seed()
    assert (User.objects.count(), Order.objects.count()) == rows
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        seed.seed()
        patient = Patient.objects.get(user__email="patient7@example.com")
        assert set(gate.summary(patient=patient).values()) == {"ok"}
    assert User.objects.count() == rows[0]


def test_it_refuses_a_database_that_holds_real_accounts() -> None:
    make_user(name="Ada Byrne")
    with pytest.raises(CommandError, match="real accounts"):
        call_command("seed_demo")
    assert User.objects.count() == 1


@pytest.mark.parametrize("hour", HOURS)
def test_it_places_a_visit_that_has_passed_and_rests_on_older_papers(
    hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PATIENTS", 2)
    with time_machine.travel(hour, tick=False):
        seed.seed()
        visit = past_visit.place()
        assert visit is not None
        assert past_visit.place() is None
    asked_at = visit.starts_at - past_visit.ASKED_BEFORE
    patient, order = visit.patient, visit.order
    assert visit.ends_at <= hour < visit.ends_at + timedelta(hours=24)
    assert (visit.status, visit.booked_at) == ("booked", asked_at)
    assert visit.nurse is not None
    assert visit.nurse.user.email == "nurse@example.com"
    assert order is not None
    order.refresh_from_db()
    assert order.created_at < asked_at
    assert order.sessions_reserved == 1
    assert all(signature.signed_at < asked_at for signature in patient.signatures.all())
    assert patient.intakes.get().submitted_at < asked_at
    assert not patient.user.email.startswith("patient")
    assert Notice.objects.filter(appointment=visit, kind="driving_warning").exists()
