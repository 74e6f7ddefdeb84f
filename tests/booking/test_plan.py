"""Which notices a visit should have: days told by hand, then properties over zones and days."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from booking import clock
from booking.notices.plan import (
    Channel,
    Kind,
    NoticeClass,
    Preferences,
    Recipient,
    Visit,
    plan,
)
from tests.booking.plan_help import (
    AFTERWARDS,
    BOOKED,
    CHICAGO,
    DAY,
    EVERYTHING,
    NEW_YORK,
    ONE_O_CLOCK,
    ORDINARY,
    PREFERENCES,
    consultation,
    infusion,
    is_quiet,
    kinds,
    local,
    may_be_at_night,
    one,
    planned,
    stories,
    visits,
)


def test_it_plans_everything_ada_should_hear_about_an_ordinary_visit() -> None:
    said = [(n.kind, n.channel, n.notice_class, n.send_from) for n in planned(ORDINARY)]

    P, F, S, O = NoticeClass  # noqa: E741, N806
    email, sms = Channel
    assert said == [
        (Kind.booked, email, F, local(11, 10, 10, 3)),
        (Kind.booked, sms, F, local(11, 10, 10, 3)),
        (Kind.prepare, email, P, local(11, 20, 13)),
        (Kind.confirm_escort, email, P, local(11, 22, 13)),
        (Kind.confirm_escort, sms, P, local(11, 22, 13)),
        (Kind.evening_before, email, P, local(11, 22, 19)),
        (Kind.evening_before, sms, P, local(11, 22, 19)),
        (Kind.last_check, sms, P, local(11, 23, 9)),
        (Kind.today, sms, P, local(11, 23, 10)),
        (Kind.driving_warning, email, S, local(11, 23, 16, 10)),
        (Kind.driving_warning, sms, S, local(11, 23, 16, 10)),
        (Kind.driving_warning_escort, sms, S, local(11, 23, 16, 10)),
        (Kind.no_discharge, email, O, local(11, 23, 16, 40)),
        (Kind.how_are_you, email, F, local(11, 24, 10)),
        (Kind.how_are_you, sms, F, local(11, 24, 10)),
        (Kind.driving_ended, email, F, local(11, 24, 16, 10)),
        (Kind.coming_days, email, F, local(11, 24, 16, 10)),
        (Kind.coming_days, email, F, local(11, 26, 16, 10)),
        (Kind.maintenance, email, F, local(12, 21, 16, 10)),
        (Kind.maintenance, email, F, local(12, 31, 16, 10)),
    ]


def test_it_says_until_when_each_message_is_useful() -> None:
    useless = {n.kind: n.not_after for n in planned(ORDINARY)}

    assert useless == {
        Kind.booked: local(11, 23, 13),
        Kind.prepare: local(11, 22, 13),
        Kind.confirm_escort: local(11, 23, 1),
        Kind.evening_before: local(11, 23, 7),
        Kind.last_check: local(11, 23, 11),
        Kind.today: local(11, 23, 13),
        Kind.driving_warning: local(11, 24, 16, 10),
        Kind.driving_warning_escort: local(11, 24, 16, 10),
        Kind.no_discharge: None,
        Kind.how_are_you: local(11, 25, 10),
        Kind.driving_ended: local(11, 25, 4, 10),
        Kind.coming_days: local(11, 30, 16, 10),
        Kind.maintenance: local(1, 11, 16, 10),
    }


def test_it_moves_nothing_but_the_last_meal_on_an_ordinary_day() -> None:
    whys = {n.kind: n.why for n in planned(ORDINARY)}

    # The food stop is at seven: what says so at six would wake Ada.
    assert whys.pop(Kind.evening_before) == "with fasting"
    assert set(whys.values()) == {""}
    assert all(n.send_from == n.ideal_at for n in planned(ORDINARY))


@pytest.mark.parametrize("start", [local(11, 23, 8), local(11, 23, 9, 45)])
def test_it_says_early_in_the_evening_what_would_wake_ada_in_the_morning(start: datetime) -> None:
    notices = planned(infusion(start, BOOKED))

    assert Kind.today not in kinds(notices)
    told = "with fasting, with last_check, with today"
    assert one(notices, Kind.evening_before, Channel.email).why == told
    assert one(notices, Kind.evening_before, Channel.sms).why == told


def test_it_may_write_at_seven_on_the_day_itself() -> None:
    notices = planned(infusion(local(11, 23, 10), BOOKED))

    assert one(notices, Kind.today, Channel.sms).send_from == local(11, 23, 7)
    assert "today" not in one(notices, Kind.evening_before, Channel.sms).why


def test_it_prepares_once_per_run() -> None:
    assert Kind.prepare not in kinds(planned(replace(ORDINARY, first_of_run=False)))


def test_it_gives_a_late_booking_one_digest() -> None:
    notices = planned(infusion(ONE_O_CLOCK, booked_at=local(11, 22, 12, 59)))

    assert {n.why for n in notices if n.kind is Kind.booked} == {"digest"}
    assert Kind.confirm_escort not in kinds(notices)
    assert one(notices, Kind.evening_before, Channel.email).send_from == local(11, 22, 19)


def test_it_still_tells_by_text_in_the_morning_what_began_in_the_night() -> None:
    visit = infusion(local(11, 23, 11, 15), booked_at=local(11, 22, 22, 30))
    notices = planned(visit, Preferences(email=False))

    text = one(notices, Kind.booked, Channel.sms)
    assert (text.send_from, text.why) == (local(11, 23, 8), "quiet hours, digest")


def test_it_counts_as_late_what_would_come_with_the_confirmation() -> None:
    with_it = planned(infusion(ONE_O_CLOCK, booked_at=local(11, 22, 12, 57)))
    after_it = planned(infusion(ONE_O_CLOCK, booked_at=local(11, 22, 12, 56)))

    assert Kind.confirm_escort not in kinds(with_it)
    assert one(after_it, Kind.confirm_escort, Channel.sms).send_from == local(11, 22, 13)


def test_it_leaves_out_what_is_useless_from_now_on() -> None:
    at_start = plan(visit=ORDINARY, preferences=EVERYTHING, now=ONE_O_CLOCK)
    just_before = plan(
        visit=ORDINARY, preferences=EVERYTHING, now=ONE_O_CLOCK - timedelta(minutes=1)
    )

    assert Kind.today in kinds(just_before)
    assert Kind.today not in kinds(at_start)


def test_it_confirms_at_once_what_staff_book_within_a_day() -> None:
    booked_at = local(11, 22, 20)
    notices = planned(infusion(local(11, 23, 8), booked_at))

    first = one(notices, Kind.booked, Channel.email)
    assert (first.send_from, first.why) == (booked_at, "digest")
    assert not kinds(notices) & {Kind.prepare, Kind.evening_before, Kind.today}


def test_it_confirms_by_email_at_night_but_by_text_in_the_morning() -> None:
    notices = planned(infusion(ONE_O_CLOCK, booked_at=local(11, 10, 23)))

    assert one(notices, Kind.booked, Channel.email).send_from == local(11, 10, 23, 3)
    text = one(notices, Kind.booked, Channel.sms)
    assert (text.send_from, text.why) == (local(11, 11, 8), "quiet hours")


@pytest.mark.parametrize(
    ("booked_at", "send_from"),
    [
        (local(11, 10, 20, 56), local(11, 10, 20, 59)),
        (local(11, 10, 20, 57), local(11, 11, 8)),
        (local(11, 11, 7, 56), local(11, 11, 8)),
        (local(11, 11, 7, 57), local(11, 11, 8)),
        (local(11, 11, 7, 58), local(11, 11, 8, 1)),
    ],
)
def test_it_is_quiet_from_nine_until_just_before_eight(
    booked_at: datetime, send_from: datetime
) -> None:
    text = one(planned(infusion(ONE_O_CLOCK, booked_at)), Kind.booked, Channel.sms)

    assert text.send_from == send_from


def test_it_moves_preparation_earlier_out_of_the_night() -> None:
    # 72 elapsed hours before 8:15 on the Monday after clocks went forward is 7:15 on Friday.
    notices = planned(infusion(local(3, 15, 8, 15), local(2, 20, 10)))

    prepare = one(notices, Kind.prepare, Channel.email)
    assert prepare.ideal_at == local(3, 12, 7, 15)
    assert (prepare.send_from, prepare.why) == (local(3, 11, 20, 30), "quiet hours")


def test_it_tells_the_food_stop_six_elapsed_hours_ahead_when_clocks_go_forward() -> None:
    start = local(3, 14, 8, zone=NEW_YORK)
    notices = planned(infusion(start, local(3, 1, 10, zone=NEW_YORK), NEW_YORK))

    evening = one(notices, Kind.evening_before, Channel.email)
    assert evening.send_from == local(3, 13, 19, zone=NEW_YORK)
    assert evening.not_after == local(3, 14, 1, zone=NEW_YORK)
    assert evening.not_after - evening.send_from == timedelta(hours=6)


def test_it_tells_the_food_stop_sooner_where_clocks_jump_two_hours() -> None:
    troll = ZoneInfo("Antarctica/Troll")
    visit = infusion(local(3, 28, 8, zone=troll), local(3, 1, 10, zone=troll), troll)

    evening = one(planned(visit), Kind.evening_before, Channel.email)
    assert evening.send_from == local(3, 27, 18, zone=troll)
    assert evening.not_after == local(3, 28, 0, zone=troll)


def test_it_writes_nobody_who_did_not_ask_for_it() -> None:
    by_mail = planned(ORDINARY, Preferences(email=True, sms=False))
    by_text = planned(ORDINARY, Preferences(email=False, sms=True))

    assert {n.channel for n in by_mail} == {Channel.email}
    told = {n.channel for n in by_text if n.recipient is Recipient.patient}
    assert told == {Channel.sms}
    assert Recipient.escort not in {n.recipient for n in by_mail + by_text}


def test_it_only_confirms_reminds_and_changes_a_consultation() -> None:
    notices = planned(consultation(ONE_O_CLOCK, BOOKED))

    assert kinds(notices) == {Kind.booked, Kind.today}
    assert one(notices, Kind.today, Channel.sms).send_from == local(11, 23, 10)


def test_it_reminds_of_an_early_consultation_the_evening_before() -> None:
    notices = planned(consultation(local(11, 23, 8), BOOKED))

    assert one(notices, Kind.today, Channel.sms).send_from == local(11, 22, 20, 30)


def test_it_tells_a_change_in_place_of_a_booking() -> None:
    changed_at = local(11, 15, 10)
    moved = replace(ORDINARY, version=2, changed_at=changed_at, preparation_told=True)
    notices = planned(moved)

    assert not kinds(notices) & {Kind.booked, Kind.prepare}
    email = one(notices, Kind.changed, Channel.email)
    assert (email.notice_class, email.send_from) == (NoticeClass.F, local(11, 15, 10, 3))
    assert {n.version for n in notices} == {2}


def test_it_tells_a_change_by_email_at_night_but_by_text_in_the_morning() -> None:
    notices = planned(replace(ORDINARY, changed_at=local(11, 15, 23), version=2))

    assert one(notices, Kind.changed, Channel.email).send_from == local(11, 15, 23, 3)
    assert one(notices, Kind.changed, Channel.sms).send_from == local(11, 16, 8)


def test_it_gives_a_late_change_the_digest() -> None:
    notices = planned(replace(ORDINARY, changed_at=local(11, 22, 13, 30), version=2))

    assert one(notices, Kind.changed, Channel.email).why == "digest"
    assert Kind.confirm_escort not in kinds(notices)


def test_it_tells_a_change_within_a_day_at_once() -> None:
    changed_at = local(11, 22, 22)
    cancelled = replace(ORDINARY, changed_at=changed_at, cancelled=True)
    notices = planned(cancelled)

    assert kinds(notices) == {Kind.changed}
    assert {n.notice_class for n in notices} == {NoticeClass.S}
    assert one(notices, Kind.changed, Channel.email).send_from == changed_at
    assert one(notices, Kind.changed, Channel.sms).send_from == local(11, 23, 8)
    opted_in = planned(cancelled, Preferences(sms_in_quiet_hours=True))
    assert one(opted_in, Kind.changed, Channel.sms).send_from == changed_at


def test_it_tells_a_cancellation_made_after_the_start() -> None:
    changed_at = ONE_O_CLOCK + timedelta(minutes=20)
    notices = planned(replace(ORDINARY, changed_at=changed_at, cancelled=True))

    assert one(notices, Kind.changed, Channel.email).not_after == ORDINARY.ends_at


def test_it_keeps_the_warning_of_a_cancelled_visit_where_a_dose_was_given() -> None:
    changed_at = ONE_O_CLOCK + timedelta(minutes=50)
    visit = replace(ORDINARY, changed_at=changed_at, cancelled=True, dose_given=True)

    assert kinds(planned(visit)) == {
        Kind.changed,
        Kind.driving_warning,
        Kind.driving_warning_escort,
        Kind.how_are_you,
    }


def test_it_warns_about_driving_even_if_the_nurse_never_closed_the_visit() -> None:
    later = plan(visit=ORDINARY, preferences=EVERYTHING, now=ORDINARY.ends_at + timedelta(hours=2))

    assert kinds(later) - AFTERWARDS == {
        Kind.driving_warning,
        Kind.driving_warning_escort,
        Kind.no_discharge,
    }
    assert one(later, Kind.driving_warning, Channel.email).send_from == ORDINARY.ends_at


def test_it_warns_about_driving_at_discharge_with_the_time_that_follows() -> None:
    discharged_at = local(11, 23, 16, 42)
    free = clock.drive_after(observation_end=discharged_at, zone=CHICAGO)
    visit = replace(
        ORDINARY, dose_given=True, discharged_at=discharged_at, drive_after=free, revision=1
    )
    notices = plan(visit=visit, preferences=EVERYTHING, now=discharged_at)

    assert kinds(notices) - AFTERWARDS == {Kind.driving_warning, Kind.driving_warning_escort}
    warnings = [n for n in notices if n.kind not in AFTERWARDS]
    assert {(n.send_from, n.not_after, n.revision) for n in warnings} == {(discharged_at, free, 1)}
    assert one(notices, Kind.driving_ended, Channel.email).send_from == free


def test_it_warns_by_email_at_night_and_by_text_in_the_morning_unless_agreed() -> None:
    discharged_at = local(11, 23, 21, 15)
    visit = replace(ORDINARY, discharged_at=discharged_at, drive_after=local(11, 24, 21, 15))
    asked = Preferences(sms_in_quiet_hours=True, escort_sms=True)
    silent = plan(visit=visit, preferences=EVERYTHING, now=discharged_at)
    agreed = plan(visit=visit, preferences=asked, now=discharged_at)

    assert one(silent, Kind.driving_warning, Channel.email).send_from == discharged_at
    assert one(silent, Kind.driving_warning, Channel.sms).send_from == local(11, 24, 8)
    assert one(agreed, Kind.driving_warning, Channel.sms).send_from == discharged_at
    # The patient cannot agree for the escort.
    escort = one(agreed, Kind.driving_warning_escort, Channel.sms)
    assert escort.send_from == local(11, 24, 8)


def test_it_does_not_send_what_was_told_again_when_a_discharge_is_corrected() -> None:
    before = {n.kind: n.revision for n in planned(ORDINARY)}
    after = {n.kind: n.revision for n in planned(replace(ORDINARY, revision=3))}

    assert set(before.values()) == {0}
    assert {kind for kind, revision in after.items() if revision == 3} == {
        Kind.driving_warning,
        Kind.driving_warning_escort,
        Kind.driving_ended,
    }


@pytest.mark.parametrize("dose_given", [False, True])
def test_it_owes_only_the_warning_and_a_question_once_a_visit_ended_without_discharge(
    dose_given: bool,
) -> None:
    visit = replace(ORDINARY, over=True, dose_given=dose_given)
    warnings = {Kind.driving_warning, Kind.driving_warning_escort, Kind.how_are_you}

    notices = plan(visit=visit, preferences=EVERYTHING, now=ONE_O_CLOCK)
    assert kinds(notices) == (warnings if dose_given else set())


def test_it_says_that_cleo_is_on_her_way_until_she_is_there() -> None:
    departed_at = ONE_O_CLOCK - timedelta(minutes=40)
    under_way = replace(ORDINARY, departed_at=departed_at)
    there = replace(under_way, arrived_at=ONE_O_CLOCK - timedelta(minutes=5))

    for visit, until in (
        (under_way, departed_at + timedelta(minutes=60)),
        (there, there.arrived_at),
    ):
        notices = plan(visit=visit, preferences=EVERYTHING, now=departed_at)
        notice = one(notices, Kind.on_the_way, Channel.sms)
        assert (notice.send_from, notice.not_after) == (departed_at, until)


def test_it_waits_until_seven_to_say_that_cleo_is_on_her_way() -> None:
    departed_at = local(11, 23, 6, 50)
    visit = replace(infusion(local(11, 23, 8), BOOKED), departed_at=departed_at)
    notices = plan(visit=visit, preferences=EVERYTHING, now=departed_at)

    assert one(notices, Kind.on_the_way, Channel.sms).send_from == local(11, 23, 7)


def test_it_refuses_far_dates() -> None:
    with pytest.raises(ValueError, match="out of range"):
        plan(visit=ORDINARY, preferences=EVERYTHING, now=datetime.max.replace(tzinfo=CHICAGO))
    with pytest.raises(ValueError, match="out of range"):
        replace(ORDINARY, discharged_at=datetime.min.replace(tzinfo=CHICAGO))


@given(visit=stories(), preferences=PREFERENCES)
def test_it_lets_nothing_land_in_quiet_hours_that_may_not(
    visit: Visit, preferences: Preferences
) -> None:
    for notice in planned(visit, preferences):
        if may_be_at_night(notice, preferences):
            continue
        early = notice.kind in {Kind.today, Kind.on_the_way}
        day = clock.local_day(notice.send_from, visit.zone)
        on_the_day = day == clock.local_day(visit.starts_at, visit.zone)
        assert not is_quiet(notice.send_from, visit.zone, until=7 if early and on_the_day else 8)


@given(visit=stories(), preferences=PREFERENCES)
def test_it_moves_each_class_only_its_own_way(visit: Visit, preferences: Preferences) -> None:
    for notice in planned(visit, preferences):
        match notice.notice_class, notice.channel:
            case (NoticeClass.O, _) | (NoticeClass.S, Channel.email):
                assert notice.send_from == notice.ideal_at
            case NoticeClass.P, _:
                assert notice.send_from <= notice.ideal_at
            case _:
                assert notice.send_from >= notice.ideal_at
        assert ("quiet hours" in notice.why) == (notice.send_from != notice.ideal_at)
        assert notice.not_after is None or notice.send_from < notice.not_after


@given(visit=stories(), preferences=PREFERENCES)
def test_it_gives_each_message_one_row_in_a_stable_order(
    visit: Visit, preferences: Preferences
) -> None:
    notices = planned(visit, preferences)

    keys = [(n.kind, n.occurrence, n.recipient, n.channel) for n in notices]
    assert len(keys) == len(set(keys))
    assert [n.send_from for n in notices] == sorted(n.send_from for n in notices)
    assert planned(visit, preferences) == notices


@given(visit=stories(), preferences=PREFERENCES, minutes=st.integers(0, 3 * DAY))
def test_it_plans_the_same_rows_again_later_but_for_the_useless(
    visit: Visit, preferences: Preferences, minutes: int
) -> None:
    later = (visit.changed_at or visit.booked_at) + timedelta(minutes=minutes)
    again = plan(visit=visit, preferences=preferences, now=later)

    still = [n for n in planned(visit, preferences) if n.not_after is None or n.not_after > later]
    assert again == still


@given(visit=visits(), preferences=PREFERENCES)
@example(
    visit=infusion(local(3, 14, 8, zone=NEW_YORK), local(3, 13, 7, zone=NEW_YORK), NEW_YORK),
    preferences=EVERYTHING,
)
def test_it_always_tells_the_food_stop_six_hours_ahead_and_not_at_night(
    visit: Visit, preferences: Preferences
) -> None:
    assume(preferences.email or preferences.sms)
    assert visit.fast_from is not None
    told = [
        n
        for n in planned(visit, preferences)
        if n.recipient is Recipient.patient
        if n.kind is Kind.evening_before or (n.kind is Kind.booked and n.why.endswith("digest"))
    ]

    by_day = [n.send_from for n in told if not is_quiet(n.send_from, visit.zone)]
    assert any(visit.fast_from - at >= timedelta(hours=6) for at in by_day)
    for notice in told:
        by_mail = notice.kind is Kind.booked and notice.channel is Channel.email
        assert by_mail or not is_quiet(notice.send_from, visit.zone)


@given(visit=visits(least_notice=12 * 60))
def test_it_tells_the_food_stop_before_it_even_when_staff_book_late(visit: Visit) -> None:
    assert visit.fast_from is not None
    told = [n for n in planned(visit) if n.kind in {Kind.evening_before, Kind.booked}]

    first = min(n.send_from for n in told)
    assert first < visit.fast_from
    if visit.starts_at - visit.booked_at < timedelta(hours=24):
        assert first == visit.booked_at


@given(visit=visits(least_notice=12 * 60))
def test_it_leaves_nothing_of_the_preparation_unsaid(visit: Visit) -> None:
    notices = planned(visit)
    digest = any(n.why.endswith("digest") for n in notices if n.kind is Kind.booked)
    folded = " ".join(n.why for n in notices if n.kind is Kind.evening_before)
    said = kinds(notices)

    assert digest or {Kind.confirm_escort, Kind.evening_before} <= said
    for kind in (Kind.fasting, Kind.last_check, Kind.today):
        assert digest or f"with {kind}" in folded or kind in said
    assert (
        digest
        or not visit.first_of_run
        or Kind.prepare in said
        or visit.booked_at >= (visit.starts_at - timedelta(hours=24))
    )


@settings(max_examples=50)
@given(visit=visits(), preferences=PREFERENCES)
def test_it_says_that_fasting_begins_an_hour_ahead_by_day_to_whom_knew_it(
    visit: Visit, preferences: Preferences
) -> None:
    notices = planned(visit, preferences)
    told = [n for n in notices if n.kind is Kind.evening_before or n.why.endswith("digest")]

    for notice in notices:
        if notice.kind is not Kind.fasting:
            continue
        assert visit.fast_from is not None
        assert visit.fast_from - notice.send_from == timedelta(minutes=60)
        assert not is_quiet(notice.send_from, visit.zone)
        assert any(visit.fast_from - n.send_from >= timedelta(hours=6) for n in told)


@settings(max_examples=50)
@given(visit=visits())
def test_it_sends_on_the_day_only_what_fits_it(visit: Visit) -> None:
    morning = visit.starts_at - timedelta(hours=12)
    offsets = {at.astimezone(visit.zone).utcoffset() for at in (morning, visit.starts_at)}
    assume(len(offsets) == 1)  # else the hours before the start are not those of the clock
    said = kinds(planned(visit))

    start = visit.starts_at.astimezone(visit.zone).time()
    assert (Kind.fasting in said) == (start >= time(15))
    assert (Kind.last_check in said) == (start >= time(12))


@settings(max_examples=50)
@given(visit=visits(least_notice=12 * 60), preferences=PREFERENCES)
def test_it_gives_at_most_one_digest_to_a_channel(visit: Visit, preferences: Preferences) -> None:
    digests = [n for n in planned(visit, preferences) if "digest" in n.why]

    assert {n.kind for n in digests} <= {Kind.booked}
    assert len({n.channel for n in digests}) == len(digests)


@settings(max_examples=50)
@given(visit=stories())
def test_it_asks_for_what_is_undone_in_time_and_only_since_it_came_up(visit: Visit) -> None:
    notices = [n for n in planned(visit) if n.subject]

    for notice in notices:
        ask = visit.consent_due if notice.kind is Kind.consent_due else visit.intake_lapses
        assert ask is not None
        assert notice.ideal_at >= ask.since
        assert notice.subject == ask.subject
        hours = 24 if notice.kind is Kind.consent_due else 48
        assert notice.not_after == visit.starts_at - timedelta(hours=hours)
    moments = [(n.kind, n.ideal_at) for n in notices]
    assert len(set(moments)) == len(moments)


@given(visit=stories(), corrected=st.integers(1, 180))
def test_it_only_ever_moves_the_end_of_the_warning_later(visit: Visit, corrected: int) -> None:
    assume(visit.discharged_at)
    assert visit.discharged_at is not None
    end = visit.discharged_at + timedelta(minutes=corrected)
    later = replace(
        visit,
        discharged_at=end,
        drive_after=clock.drive_after(observation_end=end, zone=visit.zone),
    )

    before, after = _untils(visit), _untils(later)
    # That one may drive again is left unsaid where only a night is left before the next visit.
    assert {kind for kind, _ in before.keys() - after.keys()} <= {Kind.driving_ended}
    assert all(before[one] <= after[one] for one in before.keys() & after.keys())


def _untils(visit: Visit) -> dict[tuple[Kind, Channel], datetime]:
    """Until when each message says not to drive."""
    said: dict[tuple[Kind, Channel], datetime] = {}
    for notice in planned(visit):
        if notice.kind is Kind.driving_warning:
            assert notice.not_after is not None
            said[notice.kind, notice.channel] = notice.not_after
        elif notice.kind is Kind.driving_ended:
            said[notice.kind, notice.channel] = notice.ideal_at
    return said
