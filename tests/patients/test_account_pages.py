"""The account: what a person says of themselves, a copy of it all, and closing it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import reverse

from booking import closing
from booking.models import Appointment, Notice, StaffTask, Status
from booking.pages import account
from config.core.errors import Refused, WrongState
from config.core.models import User
from patients import accounts, contacts, data_rights, homes
from patients.models import (
    AccountClosure,
    ClosedContact,
    HomeNotes,
    Intake,
    Patient,
    Signature,
    TextConsent,
)
from tests.factories import (
    PASSWORD,
    make_appointment,
    make_nurse,
    make_patient,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 2, 1, 15, tzinfo=UTC)
VISIT = NOW + timedelta(days=10)
HOME = {"line1": "1201 Lake St", "line2": "", "postal_code": "60301"}
NEW_HOME = {"line1": "35 W Wacker Dr", "line2": "Apt 9", "postal_code": "60601"}
WAY_IN = {"parking": "Behind the house", "entry": "Code 4711", "pets": "A dog, Rex"}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(client: Client) -> Patient:
    patient = make_patient()
    client.force_login(patient.user)
    return patient


def fresh(patient: Patient) -> Patient:
    return Patient.objects.select_related("user", "address").get(pk=patient.pk)


def shown(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == 200, name
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()


def again(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


# -- what is on file -------------------------------------------------------------------------------

PAGES = ["account", "account-about", "account-home", "account-escort", "account-messages"]


@pytest.mark.parametrize("name", [*PAGES, "account-devices", "account-data"])
def test_it_has_a_page_for_everything(
    client: Client, ada: Patient, name: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15):
        text = shown(client, name)
    assert text.count("<h1") == 1
    assert "style=" not in text
    assert ada.user.name in text or name != "account-about"


@pytest.mark.parametrize("name", PAGES[1:])
def test_it_is_for_patients_and_for_nobody_else(client: Client, name: str) -> None:
    assert client.get(reverse(name)).headers["Location"].startswith("/accounts/login/?next=")
    client.force_login(make_nurse().user)
    assert client.get(reverse(name)).status_code == 403


def test_it_shows_others_only_how_they_sign_in(client: Client) -> None:
    client.force_login(make_user(role="dispatcher", name="Dan Whitlock"))
    text = shown(client, "account")
    assert reverse("account-devices") in text
    assert reverse("account-data") not in text


def test_it_says_what_is_missing(client: Client) -> None:
    ben = make_patient(name="Ben Okoye", ready=False)
    client.force_login(ben.user)
    assert shown(client, "account").count(">missing<") == 2


def test_it_keeps_who_somebody_is(client: Client, ada: Patient) -> None:
    told = {"name": "Ada  Byrne-King", "date_of_birth": "1985-05-18", "phone": "312-555-0177"}
    assert client.post(reverse("account-about"), told).headers["Location"] == reverse("account")
    known = fresh(ada)
    assert known.user.name == "Ada Byrne-King"
    assert (str(known.date_of_birth), known.phone) == ("1985-05-18", "+13125550177")


def test_it_shows_again_what_was_typed_and_says_what_is_wrong(client: Client, ada: Patient) -> None:
    told = {"name": "Ada King", "date_of_birth": "2085-05-18", "phone": "12"}
    text = client.post(reverse("account-about"), told).content.decode()
    assert "Please check the year." in text
    assert "We cannot read this number." in text
    assert 'value="Ada King"' in text
    assert fresh(ada).user.name == "Ada Byrne"


# -- the home --------------------------------------------------------------------------------------


def test_it_keeps_where_the_nurse_comes_to_and_how_she_gets_in(
    client: Client, ada: Patient
) -> None:
    client.post(reverse("account-home"), NEW_HOME | WAY_IN)
    known = fresh(ada)
    assert (known.address.city, known.address.state) == ("Chicago", "IL")
    assert homes.as_said(homes.notes_of(known)) == {
        "parking": "Behind the house",
        "entry": "Code 4711",
        "pets": "A dog, Rex",
    }
    text = shown(client, "account-home")
    assert "We come to Chicago, IL." in text
    assert 'value="Code 4711"' in text


@pytest.mark.parametrize(
    ("code", "said"),
    [("00000", "We do not know this ZIP code."), ("603", "A ZIP code has five digits")],
)
def test_it_refuses_a_zip_code_that_is_none(
    client: Client, ada: Patient, code: str, said: str
) -> None:
    told = NEW_HOME | WAY_IN | {"postal_code": code}
    text = client.post(reverse("account-home"), told).content.decode()
    assert said in text
    assert 'value="Code 4711"' in text
    assert fresh(ada).address.line1 == HOME["line1"]


def test_it_says_where_nobody_comes_to(client: Client, ada: Patient) -> None:
    told = NEW_HOME | {"line1": "1 Ferry St", "postal_code": "94111"}
    text = client.post(reverse("account-home"), told, follow=True).content.decode()
    assert "We do not come to 94111 yet" in text


def test_it_moves_no_visit_with_the_home_and_says_so(client: Client, ada: Patient) -> None:
    nurse = make_nurse()
    client.post(reverse("account-home"), HOME | WAY_IN)
    visit = make_appointment(patient=ada, nurse=nurse, starts_at=VISIT)
    assert "You have 1 visit booked at this address." in shown(client, "account-home")
    client.post(reverse("account-home"), NEW_HOME | {"entry": "Code 1"})
    text = shown(client, "account-home")
    assert "These visits were booked at another address, and stay there:" in text
    assert reverse("visit", args=[visit.pk]) in text
    visit.refresh_from_db()
    assert visit.line1 == HOME["line1"]
    told = homes.notes_at([visit])[visit.pk]
    assert told.entry == "Code 4711", "the way into the home the nurse goes to"


def test_it_tells_the_nurse_the_way_in_and_nobody_elses(client: Client, ada: Patient) -> None:
    nurse = make_nurse()
    accounts.update(patient=ada, profile={}, notes=WAY_IN)
    visit = make_appointment(patient=ada, nurse=nurse, starts_at=VISIT)
    client.force_login(nurse.user)
    page = client.get(reverse("nurse-visit", args=[visit.pk])).content.decode()
    assert "Code 4711" in page
    [stop] = client.get("/api/v1/route/", {"date": "2027-02-11"}).json()["stops"]
    assert stop["directions"]["entry"] == "Code 4711"
    client.force_login(make_nurse(name="Nora Bell").user)
    assert client.get(reverse("nurse-visit", args=[visit.pk])).status_code == 404


# -- the escort and messages -----------------------------------------------------------------------


def test_it_keeps_the_adult_who_stays_and_the_words_they_agreed_to(
    client: Client, ada: Patient
) -> None:
    told = {"escort_name": "Robin Hale", "escort_phone": "312 555 0143", "escort_texts": "on"}
    client.post(reverse("account-escort"), told)
    known = fresh(ada)
    assert (known.escort_name, known.escort_phone) == ("Robin Hale", "+13125550143")
    said = TextConsent.objects.filter(patient=ada, whose="escort").first()
    assert said is not None
    assert (said.agreed, said.wording) == (True, str(contacts.ESCORT_WORDING))
    assert said.wording in shown(client, "account-escort")


def test_it_keeps_how_to_write_and_in_which_language(client: Client, ada: Patient) -> None:
    client.post(reverse("account-messages"), {"email": "on", "language": "es"})
    known = fresh(ada)
    assert (known.channels, known.language, known.sms_in_quiet_hours) == (["email"], "es", False)


def test_it_texts_nobody_without_a_number(client: Client) -> None:
    ben = make_patient(name="Ben Okoye", ready=False)
    Patient.objects.filter(pk=ben.pk).update(phone="")
    client.force_login(ben.user)
    told = {"email": "on", "sms": "on", "language": "en"}
    assert "There is no phone number yet" in (
        client.post(reverse("account-messages"), told).content.decode()
    )


def shut(channel: str, address: str, reason: str) -> None:
    contacts.close(channel=channel, address=address, reason=reason, told_by="test")


def test_it_opens_an_address_again_that_bounced(client: Client, ada: Patient) -> None:
    shut("email", ada.user.email, "bounced")
    shut("email", "ben@example.com", "bounced")
    assert f"We no longer write to {ada.user.email}" in shown(client, "account-messages")
    client.post(reverse("account-reopen"), {"channel": "email"})
    assert contacts.closed(channel="email", address=ada.user.email) == ""
    assert contacts.closed(channel="email", address="ben@example.com") == "bounced"
    assert ClosedContact.objects.get(address=ada.user.email).reopened_by == ada.user


def test_it_leaves_a_number_that_said_stop_to_the_number(client: Client, ada: Patient) -> None:
    shut("sms", ada.phone, "stopped")
    assert "send START" in shown(client, "account-messages")
    client.post(reverse("account-reopen"), {"channel": "sms"})
    assert contacts.closed(channel="sms", address=ada.phone) == "stopped"


# -- a copy of everything --------------------------------------------------------------------------


def download(client: Client) -> Any:
    again(client)
    # Another run may have counted an account of the same number.
    cache.delete(f"throttle/copy/{client.session['_auth_user_id']}")
    answer = client.get(reverse("account-copy"))
    assert "attachment" in answer.headers["Content-Disposition"]
    return json.loads(b"".join(answer))


def test_it_holds_every_table_that_leads_to_a_patient(client: Client, ada: Patient) -> None:
    leading: set[type[models.Model]] = {Patient}
    while True:
        more = {
            model
            for model in apps.get_models()
            for field in model._meta.concrete_fields
            if field.is_relation and field.related_model in leading
        }
        if more <= leading:
            break
        leading |= more
    titles = {str(model._meta.verbose_name_plural) for model in leading - {Patient}}
    assert data_rights.tables().keys() == leading - {Patient}
    assert len(titles) == len(leading) - 1, "two tables of one name would hide each other"
    copy = download(client)
    assert copy.keys() == titles | {"made_at", "account"}
    assert {"intakes", "signatures", "orders", "appointments", "notices", "check ins"} <= titles


def test_it_holds_what_is_ones_own_and_nobody_elses(client: Client, ada: Patient) -> None:
    ben = make_patient(name="Ben Okoye")
    nurse = make_nurse()
    for patient, hours in ((ada, 0), (ben, 8)):
        starts_at = VISIT + timedelta(hours=hours)
        visit = make_appointment(patient=patient, nurse=nurse, starts_at=starts_at)
        for recipient in ("patient", "on_call"):
            Notice.objects.create(
                appointment=visit,
                kind="booked",
                recipient=recipient,
                channel="email",
                notice_class="F",
                ideal_at=NOW,
                send_from=NOW,
                address=f"{recipient}@example.com",
            )
    copy = download(client)
    assert copy["account"]["email"] == ada.user.email
    assert [row["id"] for row in copy["appointments"]] == [
        str(pk) for pk in Appointment.objects.filter(patient=ada).values_list("pk", flat=True)
    ]
    assert [row["address"] for row in copy["notices"]] == ["patient@example.com"]
    assert copy["orders"][0]["prescriber"] == "clinician"
    text = json.dumps(copy)
    assert "Ben" not in text
    assert ada.user.password not in text


def test_it_makes_no_copy_after_copy(
    client: Client, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "COPIES_AN_HOUR", 1)
    download(client)
    assert client.get(reverse("account-copy")).headers["Location"] == reverse("account-data")


def test_it_says_what_was_found_as_the_patient_was_told(client: Client) -> None:
    ben = make_patient(name="Ben Okoye", ready=False)
    told = {"code": "x", "severity": "review", "detail": "We look at this.", "note": "Sedation."}
    Intake.objects.create(
        patient=ben,
        version="1",
        answers={"medicines": ["lorazepam"]},
        outcome="review",
        status="awaiting_review",
        findings=[told | {"clearable": True}],
        submitted_at=NOW,
        valid_until=NOW + timedelta(days=90),
    )
    client.force_login(ben.user)
    [intake] = download(client)["intakes"]
    assert intake["findings"] == [{"found": "We look at this."}]
    assert intake["answers"] == {"medicines": ["lorazepam"]}


# -- closing ---------------------------------------------------------------------------------------


def test_it_closes_no_account_while_a_visit_is_booked(client: Client, ada: Patient) -> None:
    visit = make_appointment(patient=ada, nurse=make_nurse(), starts_at=VISIT)
    assert reverse("visit", args=[visit.pk]) in shown(client, "account-data")
    again(client)
    text = client.post(reverse("account-close"), follow=True).content.decode()
    assert "Cancel your visits first." in text
    with pytest.raises(Refused):
        closing.ask(patient=ada, by=ada.user)
    visit.refresh_from_db()
    assert (visit.status, AccountClosure.objects.count()) == (Status.BOOKED, 0)


def test_it_waits_a_week_and_tells_staff(client: Client, ada: Patient) -> None:
    again(client)
    assert "What stays" in shown(client, "account-close")
    for _ in range(2):
        client.post(reverse("account-close"))
    wish = AccountClosure.objects.get(patient=ada)
    assert (wish.asked_by, wish.closes_at) == (ada.user, NOW + timedelta(days=7))
    assert StaffTask.objects.get(kind="account_closing", done_at=None).patient == ada
    assert "Your account is going to be closed" in shown(client, "account-data")
    assert closing.sweep() == 0
    with pytest.raises(WrongState):
        data_rights.close(patient=ada)


def test_it_takes_the_wish_back(client: Client, ada: Patient) -> None:
    closing.ask(patient=ada, by=ada.user)
    client.post(reverse("account-keep"))
    assert AccountClosure.objects.get(patient=ada).withdrawn_by == ada.user
    assert not StaffTask.objects.filter(done_at=None).exists()
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        assert closing.sweep() == 0
    assert fresh(ada).user.is_active
    closing.ask(patient=ada, by=ada.user)


def test_it_forgets_how_to_reach_a_person_and_keeps_the_record_of_care(
    client: Client, ada: Patient
) -> None:
    accounts.update(patient=ada, profile={}, notes=WAY_IN)
    email, phone = ada.user.email, ada.phone
    closing.ask(patient=ada, by=ada.user)
    with time_machine.travel(NOW + timedelta(days=7, minutes=1), tick=False):
        assert closing.sweep() == 1
        assert closing.sweep() == 0
    known = fresh(ada)
    assert (known.phone, known.escort_phone, known.escort_name, known.channels) == ("", "", "", [])
    assert not User.objects.filter(email=email).exists()
    assert not known.user.is_active
    assert not known.user.has_usable_password()
    assert not HomeNotes.objects.filter(patient=ada).exists()
    for channel, address in (("email", email), ("sms", phone)):
        assert contacts.closed(channel=channel, address=address) == "stopped"
    assert Intake.objects.filter(patient=ada).exists()
    assert Signature.objects.filter(patient=ada).exists()
    assert (known.user.name, known.date_of_birth) == ("Ada Byrne", ada.date_of_birth)
    assert client.get(reverse("account")).status_code == 302
    make_user(email=email)  # whoever it was may come again


def test_it_goes_on_writing_to_others_at_the_same_number(ada: Patient) -> None:
    make_patient(name="Ben Okoye", ready=False)  # the two share a telephone
    closing.ask(patient=ada, by=ada.user)
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        closing.sweep()
    assert contacts.closed(channel="sms", address="+13125550123") == ""


def test_it_asks_staff_about_a_visit_that_was_booked_since(ada: Patient) -> None:
    closing.ask(patient=ada, by=ada.user)
    make_appointment(patient=ada, nurse=make_nurse(), starts_at=VISIT)
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        assert [closing.sweep(), closing.sweep()] == [1, 0]
    assert fresh(ada).user.is_active
    assert StaffTask.objects.filter(kind="account_closing_booked", done_at=None).count() == 1


def test_one_who_booked_since_does_not_hold_up_the_closing_of_others(
    ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "AT_ONCE", 1)
    ben = make_patient(name="Ben Okoye", ready=False)
    for one in (ada, ben):
        closing.ask(patient=one, by=one.user)
    visit = make_appointment(patient=ada, nurse=make_nurse(), starts_at=VISIT)
    with time_machine.travel(NOW + timedelta(days=8), tick=False):
        assert [closing.sweep(), closing.sweep(), closing.sweep()] == [1, 1, 0]
        assert not fresh(ben).user.is_active
        Appointment.objects.filter(pk=visit.pk).update(status=Status.CANCELLED)
        assert closing.sweep() == 1
    assert not fresh(ada).user.is_active
