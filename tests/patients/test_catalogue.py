"""What a new clinic starts with."""

from __future__ import annotations

import hashlib
from io import StringIO

import pytest
from django.core.management import call_command

from patients import articles, catalogue, places
from patients.models import ConsentDocument, Permit, ServiceArea, Therapy

pytestmark = pytest.mark.django_db
# Therapies, consents and their Spanish, permits, an area, and each public page in two languages.
ROWS = 4 + 3 + 3 + 4 + 1 + 2 * len(articles.SLUGS)
OAK_PARK, NEW_YORK = (41.885, -87.7845), (40.7128, -74.006)


def test_it_installs_once_and_then_leaves_everything_alone() -> None:
    assert catalogue.install() == ROWS
    Therapy.objects.filter(slug="mood-40").update(price_cents=1)
    assert catalogue.install() == 0
    assert Therapy.objects.get(slug="mood-40").price_cents == 1


def test_it_is_a_command_as_well() -> None:
    call_command("install_catalogue", stdout=(said := StringIO()))
    assert said.getvalue() == f"{ROWS} rows created.\n"


@pytest.mark.parametrize(
    ("slug", "minutes", "hours"),
    [
        ("consultation", (0, 30, 0), 0),
        ("mood-40", (30, 40, 120), 48),
        ("pain-240", (30, 240, 120), 20),
        ("maintenance-40", (30, 40, 120), 28 * 24),
    ],
)
def test_it_offers_the_therapies_of_the_domain(
    slug: str, minutes: tuple[int, int, int], hours: int
) -> None:
    catalogue.install()
    therapy = Therapy.objects.get(slug=slug)
    held = (therapy.prep_minutes, therapy.infusion_minutes, therapy.observation_minutes)
    assert (held, therapy.min_interval_hours) == (minutes, hours)
    assert (therapy.price_cents == 0) is (slug == "consultation")


def test_it_publishes_texts_a_person_can_read() -> None:
    catalogue.install()
    for document in ConsentDocument.objects.all():
        assert document.version == 1
        assert document.is_required
        assert document.sha256 == hashlib.sha256(document.text.encode()).hexdigest()
        assert document.text.count("\n\n") >= 5


def test_it_marks_every_permit_as_an_example_and_denies_one() -> None:
    catalogue.install()
    assert not Permit.objects.filter(is_example=False).exists()
    assert set(Permit.objects.filter(is_permitted=True).values_list("state", flat=True)) == {
        "IL",
        "WI",
        "IN",
    }
    assert Permit.objects.filter(is_permitted=False).exists()


def test_it_serves_metropolitan_chicago() -> None:
    catalogue.install()
    assert places.is_near(OAK_PARK, places.allowed("IL"))
    assert not places.is_near(NEW_YORK, places.allowed("IL"))
    ServiceArea.objects.update(is_open=False)
    assert not places.is_near(OAK_PARK, places.allowed("IL"))
