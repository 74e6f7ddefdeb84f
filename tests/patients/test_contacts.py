"""Where people may be written to, and what they agreed to."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from config.core.models import Role
from patients import contacts
from patients.models import ClosedContact, Patient, TextConsent
from tests import factories

pytestmark = pytest.mark.django_db
Reason = ClosedContact.Reason


def consents() -> list[tuple[str, str, bool]]:
    return list(TextConsent.objects.order_by("pk").values_list("whose", "phone", "agreed"))


def test_each_yes_and_no_of_the_profile_is_kept_with_its_words(client: Client) -> None:
    patient = factories.make_patient()
    Patient.objects.filter(pk=patient.pk).update(phone="", escort_phone="", escort_texts=False)
    client.force_login(patient.user)

    def say(**profile: object) -> None:
        answer = client.patch("/api/v1/me/", profile, content_type="application/json")
        assert answer.status_code == 200, answer.content

    say(phone="+13125550123", channels=["email", "sms"])
    say(name="Ada B.")
    say(channels=["email"])
    say(escort={"name": "Ben", "phone": "+13125550177", "texts": True})
    assert consents() == [
        ("patient", "+13125550123", True),
        ("patient", "+13125550123", False),
        ("escort", "+13125550177", True),
    ]
    assert "STOP" in TextConsent.objects.earliest("pk").wording


def test_an_address_is_closed_whatever_its_letters_case_until_it_is_opened() -> None:
    assert contacts.close(
        channel="email", address="Ada@Example.com", reason=Reason.BOUNCED, told_by="Postmark"
    )
    again = contacts.close(
        channel="email", address="ada@example.com", reason=Reason.BOUNCED, told_by="Postmark"
    )
    assert again is None
    assert contacts.closed(channel="email", address="ADA@example.com") == "bounced"
    assert contacts.closed(channel="sms", address="ada@example.com") == ""
    by = factories.make_user(role=Role.DISPATCHER, name="Dan Fox")
    assert contacts.reopen(
        channel="email", address="ada@example.com", reasons=[Reason.BOUNCED], by=by
    )
    assert contacts.closed(channel="email", address="ada@example.com") == ""
    assert contacts.close(
        channel="email", address="ada@example.com", reason=Reason.BOUNCED, told_by="Postmark"
    )


def test_staff_open_what_bounced_and_leave_what_said_stop(client: Client) -> None:
    bounced = contacts.close(
        channel="email", address="a@example.com", reason=Reason.BOUNCED, told_by="Postmark"
    )
    stopped = contacts.close(
        channel="sms", address="+13125550123", reason=Reason.STOPPED, told_by="text"
    )
    assert bounced
    assert stopped
    client.force_login(factories.make_user(role=Role.DISPATCHER, name="Dan Fox"))
    chosen = {"action": "open_again", "_selected_action": [bounced.pk, stopped.pk]}
    assert client.post("/admin/patients/closedcontact/", chosen).status_code == 302
    bounced.refresh_from_db()
    stopped.refresh_from_db()
    assert (bounced.reopened_at is None, stopped.reopened_at is None) == (False, True)
    for page in ("closedcontact", "textconsent"):
        assert client.get(f"/admin/patients/{page}/").status_code == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("reason = 'stopped'", "never changes"),
        ("address = 'x'", "never changes"),
        ("reopened_at = closed_at - interval '1 day'", "contact_is_reopened_after_it_was_closed"),
    ],
)
def test_what_was_closed_never_changes(change: str, said: str) -> None:
    contacts.close(channel="sms", address="+1", reason=Reason.BOUNCED, told_by="staff")
    with (
        pytest.raises(DatabaseError, match=said),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE patients_closedcontact SET {change}")


def test_a_yes_cannot_be_rewritten() -> None:
    contacts.record(
        patient=factories.make_patient(), whose="patient", agreed=True, told_by="profile"
    )
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE patients_textconsent SET agreed = false")
