"""The questionnaire as a patient meets it: saved as they go, nothing lost, help at once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from booking import sweeps
from booking.models import Notice
from booking.notices import facts
from config.core.clock import now
from config.core.models import Role
from config.demo.answers import eligible_answers
from patients import drafts, intake
from patients.models import Draft, Intake, Patient
from patients.questionnaire import QUESTIONS, SECTIONS
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
HOSTILE = '"><script>alert(1)</script> {{ 7*7 }} %(x)s \u202e\x00'


@pytest.fixture
def ada() -> Patient:
    ada = make_patient(ready=False)
    ada.date_of_birth = None
    ada.save()
    return ada


@pytest.fixture
def browser(ada: Patient) -> Client:
    client = Client()
    client.force_login(ada.user)
    return client


def typed(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers as a browser sends them."""
    sent: dict[str, Any] = {}
    for id_, answer in answers.items():
        if id_ == "date_of_birth":
            year, month, day = answer.split("-")
            sent |= {f"{id_}_year": year, f"{id_}_month": month, f"{id_}_day": day}
        elif isinstance(answer, bool):
            sent[id_] = "yes" if answer else "no"
        else:
            sent[id_] = answer
    return sent


def on(section: str, answers: dict[str, Any]) -> dict[str, Any]:
    ids = {one.id for one in QUESTIONS if one.section == section}
    return typed({id_: answer for id_, answer in answers.items() if id_ in ids})


def page(browser: Client, section: str, **sent: Any) -> Any:
    return browser.post(reverse("intake-section", args=[section]), sent)


def quietly(browser: Client, section: str, **sent: Any) -> str:
    address = reverse("intake-section", args=[section])
    body: str = browser.post(address, sent, headers={"HX-Request": "true"}).content.decode()
    return body


def shown_on(browser: Client, section: str) -> str:
    body = browser.get(reverse("intake-section", args=[section])).content.decode()
    found = re.search(r'name="shown" value="([^"]*)"', body)
    assert found
    return found[1].replace("&quot;", '"')


def fill_in(browser: Client, **changes: Any) -> None:
    answers = eligible_answers(**changes)
    for section in SECTIONS:
        assert page(browser, section.id, **on(section.id, answers)).status_code == 302


def send(browser: Client) -> Any:
    body = browser.get(reverse("intake-review-page")).content.decode()
    found = dict(re.findall(r'name="(draft|seen)" value="([^"]*)"', body))
    return browser.post(reverse("intake-review-page"), found)


def words(browser: Client, name: str, *args: Any) -> str:
    response = browser.get(reverse(name, args=args))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# -- from the first question to the outcome --------------------------------------------------------


def test_it_leads_from_page_to_page_to_an_outcome(browser: Client) -> None:
    assert "Begin" in words(browser, "intake")
    assert browser.post(reverse("intake")).url == reverse("intake-section", args=["about"])  # type: ignore[attr-defined]
    answers = eligible_answers()
    ids = [section.id for section in SECTIONS]
    for id_, following in zip(ids, [*ids[1:], None], strict=True):
        went = page(browser, id_, **on(id_, answers)).url
        expected = reverse("intake-section", args=[following]) if following else (
            reverse("intake-review-page")
        )  # fmt: skip
        assert went == expected
    assert "Complex regional" not in words(browser, "intake-review-page")
    outcome = send(browser)
    row = Intake.objects.get()
    assert (row.status, row.answers) == ("cleared", answers)
    assert outcome.url == reverse("intake-outcome", args=[row.pk])
    assert "You are cleared for a visit" in words(browser, "intake-outcome", row.pk)
    assert "Has anything changed?" in words(browser, "intake")


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"seizures": True}, "A clinician will look at your answers"),
        ({"systolic": 170}, "Not as things stand, but we look at it again"),
        ({"psychosis": True}, "An infusion at home is not right for you now"),
        ({"cssrs_6": True, "cssrs_6_recent": True}, "You matter to us more than this form"),
    ],
)
def test_it_says_kindly_what_came_of_it_and_what_comes_next(
    browser: Client, changes: dict[str, Any], headline: str
) -> None:
    fill_in(browser, **changes)
    row_id = send(browser).url.rstrip("/").rpartition("/")[2]
    said = words(browser, "intake-outcome", row_id)
    assert headline in said
    assert "What you can do now" in said
    if "cssrs_6" in changes:
        assert "988" in said
        assert "Please talk to someone now" in words(browser, "intake")
    else:
        details = [f["detail"] for f in Intake.objects.get().findings]
        assert details[0].replace("'", "&#x27;") in said


def test_an_animal_is_turned_away_after_one_page(browser: Client) -> None:
    went = page(browser, "about", subject="animal")
    assert went.url == reverse("intake-review-page")
    send(browser)
    assert Intake.objects.get().status == "declined"


def test_a_clinicians_question_is_shown_and_answered_again(browser: Client) -> None:
    fill_in(browser, seizures=True)
    send(browser)
    erin = make_user(role=Role.CLINICIAN, name="Erin Cole")
    intake.review(intake=Intake.objects.get(), decision="ask", reason="Since <b>when</b>?", by=erin)
    said = words(browser, "intake")
    assert "Since &lt;b&gt;when&lt;/b&gt;?" in said
    browser.post(reverse("intake"))
    assert Draft.objects.unsent(patient=Patient.objects.get()).get().answers["seizures"] is True


# -- saving --------------------------------------------------------------------------------------


def test_it_saves_as_you_go_and_shows_it_on_another_device(browser: Client, ada: Patient) -> None:
    quietly(browser, "about", shown="{}", sex="male")
    other = Client()
    other.force_login(ada.user)
    body = other.get(reverse("intake-section", args=["about"])).content.decode()
    assert re.search(r'value="male"[^>]*checked', body)


def test_two_tabs_lose_nothing_and_the_page_says_which_answer_counts(browser: Client) -> None:
    was = shown_on(browser, "body")
    page(browser, "body", shown=was, seizures="no", sleep_apnoea="yes", go="heart")
    response = browser.post(
        reverse("intake-section", args=["body"]),
        {"shown": was, "seizures": "yes", "ketamine_allergy": "no", "go": "heart"},
        follow=True,
    )
    answers = Draft.objects.get().answers
    assert answers == {"seizures": True, "sleep_apnoea": True, "ketamine_allergy": False}
    said = response.content.decode()
    assert "Have you ever had seizures or epilepsy?" in said
    assert "What you said last counts: Yes" in said


def test_a_page_that_stays_open_never_writes_back_what_it_did_not_change(browser: Client) -> None:
    was = shown_on(browser, "body")
    page(browser, "body", shown=was, sleep_apnoea="yes", go="heart")
    body = quietly(browser, "body", shown=was, bladder_symptoms="no")
    found = re.search(r'name="shown" value="([^"]*)"', body)
    assert found
    now_shown = found[1].replace("&quot;", '"')
    assert json.loads(now_shown) == {"bladder_symptoms": False}, "what this page shows"
    quietly(browser, "body", shown=now_shown, bladder_symptoms="no", seizures="no")
    assert Draft.objects.get().answers == {
        "sleep_apnoea": True, "bladder_symptoms": False, "seizures": False
    }  # fmt: skip


def test_it_goes_back_and_forth_without_asking_for_what_is_missing(browser: Client) -> None:
    assert page(browser, "mood", phq9_1="2", go="about").url.endswith("/about/")
    assert page(browser, "about", go="review").url == reverse("intake-review-page")
    assert page(browser, "about", go="https://evil.example/").url.endswith("/body/")


def test_what_is_missing_is_named_at_its_question(browser: Client) -> None:
    response = page(browser, "about", subject="person", sex="female")
    said = response.content.decode()
    assert response.status_code == 200
    assert said.count("Please answer this question.") == 4, "two questions, each above and beside"
    assert 'href="#id_date_of_birth_0"' in said
    assert Draft.objects.get().answers == {"subject": "person", "sex": "female"}


@pytest.mark.parametrize(
    ("section", "sent", "message"),
    [
        ("heart", {"systolic": "12O"}, "Please give a whole number."),
        ("heart", {"systolic": "9" * 400}, "Please give a whole number."),
        ("heart", {"systolic": "301"}, "Please give a number of 300 or less."),
        ("about", {"date_of_birth_day": "31", "date_of_birth_month": "2"}, "a day that exists"),
        ("about", {"reasons": ["depression", "boredom"]}, "Please choose only answers"),
        ("medicines", {"medicines_other": "a" * 2001}, "Please use at most 2000 characters."),
        ("body", {"seizures": "maybe"}, "Please answer yes or no."),
    ],
)
def test_what_cannot_be_kept_is_shown_again_as_it_was_typed(
    browser: Client, section: str, sent: dict[str, Any], message: str
) -> None:
    response = page(browser, section, **sent, go="home")
    said = response.content.decode()
    assert response.status_code == 200
    assert message in said
    first = next(iter(sent.values()))
    if isinstance(first, str) and section != "body":
        assert first in said


def test_hostile_text_is_kept_as_text(browser: Client) -> None:
    page(browser, "medicines", medicines="none", medicines_other=HOSTILE)
    said = browser.get(reverse("intake-section", args=["medicines"])).content.decode()
    assert "<script>alert" not in said
    assert "&lt;script&gt;alert(1)" in said
    assert "49" not in Draft.objects.get().answers["medicines_other"]


@pytest.mark.parametrize("shown", ["", "[", "[1]", '{"sex": 7, "nothing": 1}', "[" * 99_999])
def test_nonsense_about_what_was_shown_does_no_harm(browser: Client, shown: str) -> None:
    assert page(browser, "about", shown=shown, sex="male", draft="9" * 99, go="body").url
    assert Draft.objects.get().answers == {"sex": "male"}


def test_what_depends_on_an_answer_says_so_without_a_script(browser: Client) -> None:
    said = words(browser, "intake-section", "safety")
    assert "Only if you answered yes to: In the past month, have you actually had" in said
    assert 'data-depends-on="cssrs_2" data-any-of="[&quot;yes&quot;]" data-kept' in said
    assert "Only if you drink alcohol." in words(browser, "intake-section", "alcohol")


def test_answers_that_are_too_old_are_asked_anew_and_it_says_so(
    browser: Client, ada: Patient
) -> None:
    page(browser, "mood", phq9_1="2", go="about")
    with time_machine.travel(now() + timedelta(days=15)):
        browser.force_login(ada.user)
        assert "1 answer has to be given again" in words(browser, "intake")


# -- sending -------------------------------------------------------------------------------------


def test_sent_twice_it_is_one_intake(browser: Client) -> None:
    fill_in(browser)
    body = browser.get(reverse("intake-review-page")).content.decode()
    found = dict(re.findall(r'name="(draft|seen)" value="([^"]*)"', body))
    went = {browser.post(reverse("intake-review-page"), found).url for _ in range(2)}  # type: ignore[attr-defined]
    assert went == {reverse("intake-outcome", args=[Intake.objects.get().pk])}


def test_a_tab_left_open_is_led_to_what_came_of_the_answers(browser: Client) -> None:
    fill_in(browser)
    draft = Draft.objects.get()
    send(browser)
    outcome = reverse("intake-outcome", args=[Intake.objects.get().pk])
    assert page(browser, "about", sex="male", draft=str(draft.pk)).url == outcome
    asked = browser.post(
        reverse("intake-section", args=["about"]),
        {"sex": "male", "draft": draft.pk},
        headers={"HX-Request": "true"},
    )
    assert asked.headers["HX-Redirect"] == outcome
    assert Draft.objects.count() == 1


def test_what_changed_meanwhile_is_looked_over_again(browser: Client) -> None:
    fill_in(browser)
    sent = {"draft": Draft.objects.get().pk, "seen": "2026-01-01T00:00:00+00:00"}
    response = browser.post(reverse("intake-review-page"), sent, follow=True)
    assert "changed on another page or device" in response.content.decode()
    assert not Intake.objects.exists()


def test_what_is_left_is_marked_before_it_can_be_sent(browser: Client) -> None:
    fill_in(browser)
    was = shown_on(browser, "body")
    page(browser, "body", shown=was, **(on("body", eligible_answers()) | {"seizures": ""}), go="x")
    said = words(browser, "intake-review-page")
    assert "1 question is left" in said
    assert f"{reverse('intake-section', args=['body'])}#q-seizures" in said
    response = send(browser)
    assert "Nothing was sent. Everything you answered is kept." in response.content.decode()


# -- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "sent", "level"),
    [
        ("mood", {"phq9_9": "1"}, "thoughts"),
        ("safety", {"cssrs_1": "yes"}, "thoughts"),
        ("safety", {"cssrs_4": "yes"}, "acute"),
        ("safety", {"cssrs_6": "yes", "cssrs_6_recent": "yes"}, "acute"),
        ("mood", {"phq9_1": "3"}, "none"),
    ],
)
def test_help_is_there_with_the_answer_that_asks_for_it(
    browser: Client, section: str, sent: dict[str, str], level: str
) -> None:
    said = quietly(browser, section, **sent)
    assert f'class="iq-help {level}"' in said
    assert ('href="tel:988"' in said) is (level != "none")
    assert ("911" in said) is (level != "none")
    assert ("+1 312 555 0100" in said) is (level != "none")


def test_staff_hear_of_a_call_for_help_before_anything_is_sent(browser: Client) -> None:
    said = quietly(browser, "safety", cssrs_5="yes")
    assert "+1 312 555 0123" in said, "where we would call her"
    sweeps.run()
    assert Notice.objects.filter(kind="crisis", occurrence=0).exists()
    assert 'class="iq-help acute"' in words(browser, "intake-section", "home")


# -- asking again --------------------------------------------------------------------------------

UNCHANGED = {
    "phq9_9": "0",
    "cssrs_1": "no",
    "cssrs_2": "no",
    "behavior_recent": "no",
    "changed": "none",
}


@pytest.fixture
def cleared(ada: Patient) -> Intake:
    return intake.submit(patient=ada, answers=eligible_answers(conditions_other=None))


def test_it_asks_again_in_five_answers(browser: Client, cleared: Intake) -> None:
    said = words(browser, "intake-again")
    assert "Has anything changed since" in said
    assert "What you told us on" in said
    sent = UNCHANGED | {"earlier": str(cleared.pk)}
    went = {browser.post(reverse("intake-again"), sent).url for _ in range(2)}  # type: ignore[attr-defined]
    row = Intake.objects.get(rechecks=cleared)
    assert went == {reverse("intake-outcome", args=[row.pk])}
    assert row.status == "cleared"


def test_asking_again_wants_every_answer_about_safety(browser: Client, cleared: Intake) -> None:
    sent = {"earlier": str(cleared.pk), "phq9_9": "0", "systolic": "x"}
    said = browser.post(reverse("intake-again"), sent).content.decode()
    assert said.count("Please answer this question.") == 2 * 4
    assert "Please give a whole number." in said
    more = sent | {"changed": ["pressure", "medicines", "none"]}
    said = browser.post(reverse("intake-again"), more).content.decode()
    assert said.count("Please answer this question.") == 2 * 5, "what was named counts, not none"
    assert not Intake.objects.filter(rechecks=cleared).exists()


def test_asking_again_shows_help_before_it_is_sent(browser: Client, cleared: Intake) -> None:
    said = browser.post(
        reverse("intake-again"),
        {"earlier": cleared.pk, "behavior_recent": "yes"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert 'class="iq-help acute"' in said
    assert Draft.objects.get().crisis_at is not None


def test_something_else_leads_to_the_whole_form(browser: Client, cleared: Intake) -> None:
    sent = UNCHANGED | {"earlier": str(cleared.pk), "changed": ["none", "else"]}
    assert browser.post(reverse("intake-again"), sent).url == reverse("intake-review-page")  # type: ignore[attr-defined]
    assert drafts.opened(patient=cleared.patient).answers["liver_disease"] == "none"


def test_who_has_nothing_to_be_asked_about_again_is_led_to_the_questionnaire(
    browser: Client,
) -> None:
    assert browser.get(reverse("intake-again")).url == reverse("intake")  # type: ignore[attr-defined]
    sent = UNCHANGED | {"earlier": "12"}
    assert browser.post(reverse("intake-again"), sent).url == reverse("intake-again")  # type: ignore[attr-defined]


# -- who sees it, and how dear it is --------------------------------------------------------------


def test_nobody_sees_anothers(browser: Client) -> None:
    ben = make_patient(name="Ben Okafor", ready=False)
    row = intake.submit(patient=ben, answers=eligible_answers(date_of_birth=str(ben.date_of_birth)))
    assert browser.get(reverse("intake-outcome", args=[row.pk])).status_code == 404


def test_strangers_sign_in_and_the_clinics_people_have_pages_of_their_own() -> None:
    assert "/login/" in Client().get(reverse("intake")).url  # type: ignore[attr-defined]
    cleo = Client()
    cleo.force_login(make_user(role=Role.NURSE, name="Cleo Marsh"))
    assert cleo.get(reverse("intake")).status_code == 403


def test_a_page_that_is_not_part_of_the_form_is_not_found(browser: Client) -> None:
    assert browser.get("/intake/shoes/").status_code == 404


@pytest.mark.parametrize(
    "name", ["intake", "intake-review-page", *(section.id for section in SECTIONS)]
)
def test_every_page_is_cheap_kept_out_of_caches_and_has_one_heading(
    browser: Client, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(browser, "about", subject="person", go="about")
    is_page = name.startswith("intake")
    address = reverse(name) if is_page else reverse("intake-section", args=[name])
    with django_assert_max_num_queries(15):
        response = browser.get(address)
    said = response.content.decode()
    assert response.headers["Cache-Control"].find("no-store") >= 0
    assert len(re.findall("<h1", said)) == 1
    assert not re.search(r'style="|<style|onclick|<script>', said)
    assert len(said) < 80_000


def test_a_reminder_leads_to_what_is_to_be_done(browser: Client, ada: Patient) -> None:
    begun = Notice(kind="intake_incomplete", patient=ada, recipient="patient", channel="email")
    link = facts.context(begun)["link"]
    assert link.endswith(reverse("intake-again"))
    assert browser.get(reverse("intake-again")).url == reverse("intake")  # type: ignore[attr-defined]
