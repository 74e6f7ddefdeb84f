"""Links in messages: ours and nobody else's, for one purpose, until their end."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.signing import BASE62_ALPHABET, b62_decode, b62_encode
from django.test import Client
from pytest_django import Settings

from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Notice
from config.core import proofs
from tests.booking.link_help import old_token
from tests.booking.notice_help import STARTS_AT, booked, row, utc

pytestmark = pytest.mark.django_db


def a_notice() -> Notice:
    booked()
    return row(kind="confirm_escort", channel="sms")


@pytest.mark.parametrize("purpose", Purpose)
def test_it_reads_back_what_it_wrote(purpose: Purpose) -> None:
    notice = a_notice()
    found = tokens.read(tokens.token(purpose, notice))
    assert (found.purpose, found.notice) == (purpose, notice)


def test_a_link_given_out_before_links_were_short_opens_the_same() -> None:
    notice = a_notice()
    old = old_token(Purpose.ate, notice)
    found = tokens.read(old)
    assert (found.purpose, found.notice) == (Purpose.ate, notice)
    for changed in (f"e{old[1:]}", old.replace("-", "0-"), old.replace("-", ""), old[:-1]):
        with pytest.raises(tokens.NoSuchLink):
            tokens.read(changed)


def test_a_link_is_short_enough_for_a_text_even_after_very_many_messages() -> None:
    notice = a_notice()
    notice.pk = 2**63 - 1
    found = urlsplit(tokens.url(Purpose.escort, notice))
    assert len(found.path) <= len("/go/") + 1 + 11 + 11
    assert re.fullmatch(r"/go/[a-zA-Z0-9]+", found.path)


def test_to_guess_one_is_one_in_more_than_two_to_the_64(settings: Settings) -> None:
    assert len(BASE62_ALPHABET) ** proofs.SHORT_LENGTH > 2**64
    notice = a_notice()
    codes = {tokens.token(purpose, notice)[-11:] for purpose in Purpose}
    assert len(codes) == len(Purpose)
    settings.SECRET_KEY = "another"
    assert not codes & {tokens.token(purpose, notice)[-11:] for purpose in Purpose}


@pytest.mark.parametrize("number", [0, 1, 61, 62, 3843, 2**63 - 1])
def test_a_number_is_written_shortly_and_read_again(number: int) -> None:
    written = b62_encode(number)
    assert len(written) <= 11
    assert b62_decode(written) == number


def test_a_letter_is_for_one_purpose() -> None:
    assert len(tokens.BY_LETTER) == len(Purpose)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_for_another_purpose_is_none(purpose: Purpose) -> None:
    ours = tokens.token(Purpose.ate, a_notice())
    changed = purpose[0] + ours[1:]
    if purpose is Purpose.ate:
        assert tokens.read(changed)
    else:
        with pytest.raises(tokens.NoSuchLink):
            tokens.read(changed)


def test_a_link_to_another_message_is_none() -> None:
    ours = tokens.token(Purpose.ate, a_notice())
    other = row(kind="booked", channel="sms")
    with pytest.raises(tokens.NoSuchLink):
        tokens.read(f"a{b62_encode(other.pk)}{ours[-11:]}")


@pytest.mark.parametrize(
    "text",
    ["", "a", "e1", "e0-" + "a" * 20, "e99999999999999999999-" + "a" * 20, "é1-" + "a" * 20,
     "e1" + "a" * 11, "e0" + "a" * 11, "e" + "z" * 22, "e" + "z" * 23, "e1" + "é" * 11,
     "e1-" + "A" * 20, "e1-" + "a" * 21, "z1-" + "a" * 20, "e９-" + "a" * 20, "\x00" * 30],
)  # fmt: skip
def test_what_nobody_wrote_is_no_link(text: str) -> None:
    a_notice()
    with pytest.raises(tokens.NoSuchLink):
        tokens.read(text)


def test_a_number_given_anew_after_a_restore_opens_nothing() -> None:
    notice = a_notice()
    old = tokens.token(Purpose.visit, notice)
    notice.created_at += timedelta(microseconds=1)
    assert tokens.token(Purpose.visit, notice) != old


def test_a_link_made_under_the_last_secret_is_read_until_that_is_dropped(
    settings: Settings,
) -> None:
    old = tokens.token(Purpose.visit, a_notice())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert tokens.read(old)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(tokens.NoSuchLink):
        tokens.read(old)


@pytest.mark.parametrize(
    ("purpose", "ends"),
    [
        (Purpose.escort, STARTS_AT),
        (Purpose.visit, STARTS_AT),
        (Purpose.ate, utc(11, 24, 18, 40)),
        (Purpose.warning, utc(11, 25, 18, 40)),
        (Purpose.feeling, utc(11, 27, 18, 40)),
        (Purpose.unwell, utc(12, 8, 18, 40)),
    ],
)
def test_a_link_ends_with_what_it_is_for(purpose: Purpose, ends: object) -> None:
    link = tokens.read(tokens.token(purpose, a_notice()))
    assert link.ends_at == ends
    assert not link.is_over(at=link.ends_at - timedelta(seconds=1))
    assert link.is_over(at=link.ends_at)


@pytest.mark.parametrize("text", ["nonsense", "%00", "e1-" + "a" * 20, "é🦄"])
def test_a_link_that_is_none_has_a_kind_page(client: Client, text: str) -> None:
    answer = client.get(f"/go/{text}")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()
