"""Signing a text in its current version."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from config.core.errors import Malformed, Refused, WrongState
from patients import consent
from patients.models import ConsentDocument, Patient, Signature
from tests.factories import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def document() -> ConsentDocument:
    return consent.publish(slug="treatment", title="Treatment", text="What you agree to.")


@pytest.fixture
def ada() -> Patient:
    return make_patient(ready=False)


def test_it_keeps_who_signed_what_from_where(document: ConsentDocument, ada: Patient) -> None:
    before = ada.changed_at
    signature = consent.sign(
        patient=ada,
        slug="treatment",
        typed_name="  Ada Byrne\x00",
        sha256=document.sha256.upper(),
        ip_address="2001:db8::1",
        user_agent="A browser " + "x" * 400,
    )
    assert (signature.document, signature.sha256) == (document, document.sha256)
    assert (signature.typed_name, signature.ip_address) == ("Ada Byrne", "2001:db8::1")
    assert len(signature.user_agent) == 300
    ada.refresh_from_db()
    assert ada.changed_at > before


def test_signing_again_gives_the_first_signature(document: ConsentDocument, ada: Patient) -> None:
    first = consent.sign(patient=ada, slug="treatment", typed_name="Ada", sha256=document.sha256)
    again = consent.sign(
        patient=ada, slug="treatment", typed_name="Somebody", sha256=document.sha256
    )
    assert again == first
    assert Signature.objects.get().typed_name == "Ada"


def test_it_refuses_the_hash_of_an_older_version(document: ConsentDocument, ada: Patient) -> None:
    consent.publish(slug="treatment", title="Treatment", text="New words.")
    with pytest.raises(Refused) as refused:
        consent.sign(patient=ada, slug="treatment", typed_name="Ada", sha256=document.sha256)
    assert refused.value.codes == ["document_changed"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "\x00", "A" * 201])
def test_it_wants_a_name(document: ConsentDocument, ada: Patient, name: str) -> None:
    with pytest.raises(Malformed) as malformed:
        consent.sign(patient=ada, slug="treatment", typed_name=name, sha256=document.sha256)
    assert malformed.value.reason.attr == "typed_name"


def test_it_knows_only_published_documents(ada: Patient) -> None:
    with pytest.raises(ConsentDocument.DoesNotExist):
        consent.sign(patient=ada, slug="nothing", typed_name="Ada", sha256="")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", None), ("unix:", None), ("fe80::1%eth0", "fe80::1"), ("10.0.0.7", "10.0.0.7")],
)
def test_it_keeps_only_real_addresses(text: str, kept: str | None) -> None:
    assert consent.real_address(text) == kept


def test_a_new_version_asks_again_and_the_old_stays(
    document: ConsentDocument, ada: Patient
) -> None:
    consent.sign(patient=ada, slug="treatment", typed_name="Ada", sha256=document.sha256)
    assert consent.missing(patient=ada) == []
    assert consent.is_missing(patient=ada) is False
    before = Patient.objects.get().changed_at
    new = consent.publish(slug="treatment", title="Treatment", text="New words.")
    assert (new.version, consent.current()) == (2, [new])
    assert consent.missing(patient=ada) == [new]
    assert consent.is_missing(patient=ada) is True
    assert Patient.objects.get().changed_at > before


def test_an_optional_document_closes_no_gate(ada: Patient) -> None:
    consent.publish(slug="news", title="News", text="May we write?", is_required=False)
    assert consent.missing(patient=ada) == []
    assert consent.is_missing(patient=ada) is False


def test_it_publishes_nothing_that_is_not_new(document: ConsentDocument) -> None:
    with pytest.raises(WrongState):
        consent.publish(slug="treatment", title="Treatment", text=f"  {document.text}\n")
    with pytest.raises(Malformed):
        consent.publish(slug="treatment", title="Treatment", text=" \x00 ")


def test_the_database_changes_no_text_and_no_signature(
    document: ConsentDocument, ada: Patient
) -> None:
    consent.sign(patient=ada, slug="treatment", typed_name="Ada", sha256=document.sha256)
    for rows, change in (
        (ConsentDocument.objects.all(), {"text": "Other words."}),
        (Signature.objects.all(), {"typed_name": "Ben"}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
