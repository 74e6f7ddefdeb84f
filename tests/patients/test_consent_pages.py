"""Documents as a patient reads and signs them, in either language, and what they keep."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, strategies as st

from config.core.errors import Malformed, WrongState
from config.core.models import Role
from patients import catalogue, consent, paragraphs
from patients.models import ConsentTranslation, Patient, Signature
from patients.paragraphs import Fate, Kind
from tests import factories
from tests.patients.pdf_text import words_of

pytestmark = pytest.mark.django_db
ENGLISH = "What it is\n\nYou are offered this treatment, and may stop at any time.\n\nYou agree."
SPANISH = "Qué es\n\nSe le ofrece este tratamiento y puede parar cuando quiera.\n\nUsted acepta."


def publish(text: str = ENGLISH, text_es: str = SPANISH) -> Any:
    """The next version of a document in both languages."""
    return consent.publish(
        slug="treatment", title="Consent", text=text, title_es="Acuerdo", text_es=text_es
    )


@pytest.fixture
def ada(client: Client) -> Patient:
    patient = factories.make_patient(ready=False)
    client.force_login(patient.user)
    return patient


def sent(sha256: str, **changes: str) -> dict[str, str]:
    return {"sha256": sha256, "typed_name": "Ada Byrne", "has_read": "on", **changes}


def page(**query: str) -> str:
    return reverse("consent-page", args=["treatment"], query=query or None)


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


# -- reading and signing -------------------------------------------------------------------------


def test_it_is_signed_once_however_often_the_form_is_sent(client: Client, ada: Patient) -> None:
    document = publish()
    for _ in range(2):
        response = client.post(page(), sent(document.sha256))
        assert (response.status_code, response["Location"]) == (302, page())
    signature = ada.signatures.get()
    assert (signature.typed_name, signature.language) == ("Ada Byrne", "en")
    assert signature.ip_address == "127.0.0.1"
    assert "You signed this" in words(client.get(page()))
    assert not consent.is_missing(patient=ada)


def test_it_binds_the_signature_to_the_text_that_was_read(client: Client, ada: Patient) -> None:
    publish()
    shown = client.get(page(language="es"))
    assert "puede parar cuando quiera" in words(shown)
    client.post(page(language="es"), sent(shown.context["wording"].sha256))
    signature = ada.signatures.get()
    assert (signature.language, signature.sha256) == ("es", consent.fingerprint(SPANISH))
    # From now on it is shown as it was read, whatever the language of the page.
    assert "puede parar cuando quiera" in words(client.get(page()))
    said = words_of(client.get(reverse("consent-copy", args=["treatment"])).content)
    assert "puede parar cuando quiera" in said
    assert consent.fingerprint(SPANISH) in said


def test_it_asks_for_the_name_and_the_box_and_keeps_what_was_typed(
    client: Client, ada: Patient
) -> None:
    document = publish()
    response = client.post(page(), {"sha256": document.sha256, "typed_name": "Ada Byrne"})
    assert response.status_code == 400
    assert 'value="Ada Byrne"' in words(response)
    assert "Please tick the box" in words(response)
    nameless = client.post(page(), sent(document.sha256, typed_name="\u0007 "))
    assert "Please type your full name" in words(nameless)
    assert not ada.signatures.exists()


def test_it_signs_nothing_when_the_text_changed_while_it_was_read(
    client: Client, ada: Patient
) -> None:
    read = publish().sha256
    publish(text=ENGLISH.replace("may stop", "may pause or stop"))
    response = client.post(page(), sent(read))
    assert response.status_code == 409
    assert "changed while you were reading" in words(response)
    assert 'value="Ada Byrne"' in words(response)
    assert "checked" not in words(response)
    assert read not in words(response)
    assert not ada.signatures.exists()


def test_it_says_what_changed_since_the_version_that_was_signed(
    client: Client, ada: Patient
) -> None:
    client.post(page(), sent(publish().sha256))
    publish(text=ENGLISH.replace("may stop", "may pause or stop"))
    shown = words(client.get(page()))
    assert "What changed since you signed version 1" in shown
    assert "new version" in words(client.get(reverse("consent-list")))
    (change,) = client.get(page()).context["changes"]
    assert [run.text for run in change.runs if run.fate is Fate.NEW] == ["pause or"]


def test_it_takes_an_optional_text_for_what_it_is(client: Client, ada: Patient) -> None:
    consent.publish(slug="research", title="Research", text="You may take part.", is_required=False)
    assert "Everything is signed" in words(client.get(reverse("consent-list")))
    assert "if you like" in words(client.get(reverse("consent-list")))
    assert not consent.is_missing(patient=ada)


def test_it_says_so_while_there_is_nothing_to_sign(client: Client, ada: Patient) -> None:
    assert "There is nothing to sign" in words(client.get(reverse("consent-list")))
    assert client.get(page()).status_code == 404
    assert client.post(page(), sent("0" * 64)).status_code == 404


# -- copies --------------------------------------------------------------------------------------


def test_it_gives_a_copy_with_all_that_was_signed(
    client: Client, ada: Patient, time_machine: Any
) -> None:
    factories.make_address(patient=ada)
    time_machine.move_to(datetime(2027, 3, 3, 15, 30, tzinfo=UTC))
    client.force_login(ada.user)
    document = publish()
    client.post(page(), sent(document.sha256))
    response = client.get(reverse("consent-copy", args=["treatment"]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="treatment-version-1.pdf"'
    assert "no-store" in response["Cache-Control"]
    said = words_of(response.content)
    for part in (
        "You are offered this treatment, and may stop at any time.",
        "Ada Byrne",
        "3 Mar 2027, 9:30 AM CST",
        "2027-03-03T15:30:00+00:00",
        document.sha256,
        "version 1",
        "Stillwater",
    ):
        assert part in said


def test_it_gives_a_copy_to_read_before_anybody_signs(client: Client, ada: Patient) -> None:
    publish()
    said = words_of(client.get(reverse("consent-copy", args=["treatment"])).content)
    assert "Nobody has signed it." in said
    assert "Name as typed" not in said


def test_it_gives_copies_of_versions_that_the_patient_signed_and_of_no_others(
    client: Client, ada: Patient
) -> None:
    first = publish()
    client.post(page(), sent(first.sha256))
    publish(text=ENGLISH + "\n\nMore.")
    publish(text=ENGLISH + "\n\nStill more.")
    address = reverse("consent-copy", args=["treatment"])
    assert first.sha256 in words_of(client.get(address, {"version": "1"}).content)
    assert client.get(address, {"version": "2"}).status_code == 404
    assert client.get(address, {"version": "9" * 5}).status_code == 404
    assert client.get(reverse("consent-copy", args=["no-such"])).status_code == 404
    assert "version 1 (PDF)" in words(client.get(reverse("consent-list")))


@pytest.mark.parametrize("name", ["consent-list", "consent-page", "consent-copy"])
def test_it_is_for_patients_who_are_signed_in(client: Client, name: str) -> None:
    publish()
    address = reverse(name, args=[] if name == "consent-list" else ["treatment"])
    assert client.get(address).status_code == 302
    client.force_login(factories.make_user(role=Role.NURSE, name="Cleo Marsh"))
    assert client.get(address).status_code == 403


# -- publishing ----------------------------------------------------------------------------------


def test_it_publishes_a_new_version_when_only_the_spanish_changed() -> None:
    publish()
    with pytest.raises(WrongState):
        publish()
    assert publish(text_es=SPANISH + " Gracias.").version == 2


def test_it_takes_a_spanish_text_whole_and_once_a_version() -> None:
    document = consent.publish(slug="treatment", title="Consent", text=ENGLISH)
    with pytest.raises(Malformed):
        consent.publish(slug="treatment", title="Consent", text="New.", text_es=SPANISH)
    with pytest.raises(Malformed):
        consent.translate(document=document, title=" ", text=SPANISH)
    consent.translate(document=document, title="Acuerdo", text=SPANISH)
    with pytest.raises(WrongState):
        consent.translate(document=document, title="Acuerdo", text=SPANISH)


def test_it_adds_our_spanish_to_our_own_text_and_to_no_other() -> None:
    catalogue.install()
    assert ConsentTranslation.objects.count() == len(catalogue.CONSENTS)
    assert catalogue.install() == 0
    consent.publish(slug="treatment", title="Consent", text="The clinic's own words.")
    assert catalogue.install() == 0


def test_it_has_a_spanish_paragraph_for_each_english_one() -> None:
    for slug in catalogue.CONSENTS:
        kinds = [
            [block.kind for block in paragraphs.blocks(path.read_text(encoding="utf-8"))]
            for path in (
                Path(catalogue.TEXTS / f"{slug}.txt"),
                Path(catalogue.TEXTS / f"{slug}.es.txt"),
            )
        ]
        assert kinds[0] == kinds[1]


def test_it_publishes_both_languages_from_the_admin(client: Client) -> None:
    client.force_login(factories.make_user(role=Role.ADMINISTRATOR, name="Avery Stone"))
    asked = {
        "slug": "treatment",
        "title": "Consent",
        "text": ENGLISH,
        "is_required": "on",
        "title_es": "Acuerdo",
        "text_es": SPANISH,
    }
    address = reverse("admin:patients_consentdocument_add")
    assert "Give" not in words(client.get(address))
    assert client.post(address, {**asked, "title_es": ""}).status_code == 200
    assert client.post(address, asked).status_code == 302
    assert ConsentTranslation.objects.get().text == SPANISH
    document = consent.publish(slug="privacy", title="Privacy", text="Kept.")
    later = {"document": document.pk, "title": "Privacidad", "text": "Guardado."}
    assert client.post(reverse("admin:patients_consenttranslation_add"), later).status_code == 302
    assert (
        client.get(reverse("admin:patients_consentdocument_change", args=[document.pk])).status_code
        == 200
    )
    assert not Signature.objects.exists()


# -- paragraphs ----------------------------------------------------------------------------------


def test_it_reads_headings_lists_and_paragraphs() -> None:
    found = paragraphs.blocks("## One\nFirst\nline.\n\n- a\n- b\n\nTwo words\n\nEnd")
    assert [(block.kind, block.lines) for block in found] == [
        (Kind.HEADING, ("One",)),
        (Kind.PARAGRAPH, ("First line.",)),
        (Kind.LIST, ("a", "b")),
        (Kind.HEADING, ("Two words",)),
        (Kind.PARAGRAPH, ("End",)),
    ]


@given(st.lists(st.sampled_from(["a word", "Ends.", "", "- point", "* star", "\r", "x" * 90])))
def test_it_loses_no_word_of_a_text(lines: list[str]) -> None:
    read = [word for block in paragraphs.blocks("\n".join(lines)) for word in block.text.split()]
    written = [word for line in lines for word in line.split()]
    assert [word for word in read if word not in "-*"] == [
        word for word in written if word not in "-*"
    ]


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_it_names_every_change_and_nothing_else(was: list[str], now: list[str]) -> None:
    old, new = ("\n\n".join(f"Para {one}." for one in text) for text in (was, now))
    found = paragraphs.changes(was=old, now=new)
    assert (not found) == (was == now)
    gone = sum(len(change.was) for change in found)
    added = sum(len(change.now) for change in found)
    assert added - gone == len(now) - len(was)
