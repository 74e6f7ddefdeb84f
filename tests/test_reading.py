"""No charset and no NUL that a client sends ends in an error of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from config.core.models import Role
from tests.factories import make_patient, make_user


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["zlib", "base64", "undefined", "punycode", "utf-16"])
@pytest.mark.parametrize("page", ["/", "/api/v1/slots/", "/accounts/login/"])
def test_it_reads_every_request_as_utf_8(page: str, charset: str) -> None:
    client = Client()
    client.force_login(make_patient().user)
    answer = client.generic(
        "GET", f"{page}?therapy=a&next=/b", content_type=f"application/json; charset={charset}"
    )
    assert answer.status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "/admin/patients/intake/?status__exact=%00",
        "/admin/autocomplete/?app_label=patients&model_name=order&field_name=patient&term=%00",
    ],
)
def test_it_refuses_a_nul_in_the_query_of_a_staff_page(page: str) -> None:
    client = Client()
    client.force_login(make_user(role=Role.CLINICIAN, name="Erin Cole"))
    assert client.get(page).status_code == 400
