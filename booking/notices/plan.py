"""Which notices a visit should have, and when: pure values in, values out.

`booking.notices.kinds` says for each kind who is told, how, when at best and until when it is of
use. Here what would land in quiet hours is moved, and what another message says is folded into it.
The same function serves preview, planning and re-planning.

The figures are this clinic's policy (``docs/domain.md``, "Messages").
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.clock import at_local, check_range, local_day
from booking.notices.kinds import TABLE, Row
from booking.notices.moments import Case
from booking.notices.planned import (
    Channel,
    Kind,
    NoticeClass,
    PlannedNotice,
    PlanRules,
    Preferences,
    Recipient,
    Visit,
)

__all__ = [
    "Channel",
    "Kind",
    "NoticeClass",
    "PlanRules",
    "PlannedNotice",
    "Preferences",
    "Recipient",
    "Visit",
    "plan",
    "questionnaire",
]

DEFAULT_RULES = PlanRules()
PLACE_IN_TABLE = {(row.kind, row.occurrence): place for place, row in enumerate(TABLE)}
FIRST_WORD = (Kind.booked, Kind.changed)
FOLDS = {row.kind: row.folds_into for row in TABLE if row.folds_into}
NOT_IN_DIGEST = {row.kind for row in TABLE if not row.in_digest}
REMINDERS = 3
MOVED, NO_TEXTS, DIGEST = "quiet hours", "no texts", "digest"


def plan(
    *, visit: Visit, preferences: Preferences, now: datetime, rules: PlanRules = DEFAULT_RULES
) -> list[PlannedNotice]:
    """Every notice a visit should have, soonest first.

    What is too late is judged by when the visit was booked or changed, not by `now`, so that
    planning again gives the same rows. `now` only leaves out what can no longer be of use; a row
    whose `send_from` has passed is due at once.

    Parameters
    ----------
    visit, preferences
        As they stand at `now`.
    now
        Aware instant of planning.

    Returns
    -------
    list of PlannedNotice
        Each with `send_from` before `not_after`, and `not_after` after `now`. Two never share
        kind, occurrence, recipient and channel.

    Raises
    ------
    ValueError
        If an instant is naive or out of range.
    """
    moment = check_range(now)
    case = Case(visit, rules)
    placed = [notice for row in TABLE for notice in _place(row, case, preferences)]
    useful = [n for n in _folded(placed) if n.not_after is None or moment < n.not_after]
    return sorted(useful, key=_place_in_time)


def _place_in_time(notice: PlannedNotice) -> tuple[datetime, int, Channel]:
    return notice.send_from, PLACE_IN_TABLE[notice.kind, notice.occurrence], notice.channel


def questionnaire(
    *,
    begun_at: datetime,
    zone: ZoneInfo,
    preferences: Preferences,
    now: datetime,
    subject: str = "",
    rules: PlanRules = DEFAULT_RULES,
) -> list[PlannedNotice]:
    """What to remind of who began the questionnaire and did not send it, soonest first.

    A day after it was begun, and twice more; each is of no use once the next one is due.

    Parameters
    ----------
    zone
        Where the patient lives.
    subject
        What tells this beginning from a later one.

    Raises
    ------
    ValueError
        If an instant is naive or out of range.
    """
    begun, moment, day = check_range(begun_at), check_range(now), timedelta(days=1)
    planned = []
    for channel in preferences.taken(Recipient.patient, (Channel.email,)):
        for occurrence in range(REMINDERS):
            ideal_at = begun + (occurrence + 1) * day
            send_from = _awake(ideal_at, zone=zone, rules=rules, notice_class=NoticeClass.F)
            notice = PlannedNotice(
                kind=Kind.intake_incomplete,
                recipient=Recipient.patient,
                channel=channel,
                notice_class=NoticeClass.F,
                ideal_at=ideal_at,
                send_from=send_from,
                not_after=ideal_at + day,
                occurrence=occurrence,
                why=MOVED if send_from != ideal_at else "",
                subject=subject,
            )
            planned.append(notice)
    return [notice for notice in planned if notice.not_after and moment < notice.not_after]


def _place(row: Row, case: Case, preferences: Preferences) -> Iterator[PlannedNotice]:
    """One row of the table on the calendar, out of quiet hours; nothing if it would be useless."""
    ideal_at = row.ideal(case)
    if ideal_at is None:
        return
    not_after = row.useless_from(case)
    awake = _out_of_quiet(ideal_at, row, case)
    for channel in preferences.taken(row.recipient, row.channels):
        send_from = awake if _is_bound(row, channel, preferences) else ideal_at
        if not_after is not None and not_after <= send_from:
            continue
        yield PlannedNotice(
            kind=row.kind,
            recipient=row.recipient,
            channel=channel,
            notice_class=row.notice_class,
            ideal_at=ideal_at,
            send_from=send_from,
            not_after=not_after,
            occurrence=row.occurrence,
            version=case.visit.version,
            revision=case.visit.revision if row.tells_of_discharge else 0,
            why=_why(row, channel, is_moved=send_from != ideal_at),
            subject=row.subject(case),
        )


def _why(row: Row, channel: Channel, *, is_moved: bool) -> str:
    moved = MOVED if is_moved else ""
    if channel in row.channels:
        return moved
    return f"{NO_TEXTS}, {moved}" if moved else NO_TEXTS


def _is_bound(row: Row, channel: Channel, preferences: Preferences) -> bool:
    """Whether quiet hours hold for a message."""
    if row.notice_class is NoticeClass.O or channel in row.unbound:
        return False
    if row.notice_class is NoticeClass.S:
        agreed = preferences.sms_in_quiet_hours and row.recipient is Recipient.patient
        return channel is Channel.sms and not agreed
    return True


def _out_of_quiet(ideal_at: datetime, row: Row, case: Case) -> datetime:
    zone, rules = case.visit.zone, case.rules
    if row.early_on_the_day:
        the_day = local_day(case.visit.starts_at, zone)
        return _awake(
            ideal_at, zone=zone, rules=rules, notice_class=row.notice_class, the_day=the_day
        )
    return _awake(ideal_at, zone=zone, rules=rules, notice_class=row.notice_class)


def _awake(
    ideal_at: datetime,
    *,
    zone: ZoneInfo,
    rules: PlanRules,
    notice_class: NoticeClass,
    the_day: date | None = None,
) -> datetime:
    """The nearest time that is not quiet: for P the evening before, for the others the morning.

    On one day, if given, the morning begins earlier.
    """
    local = ideal_at.astimezone(zone)
    late = local.time() >= rules.quiet_from
    evening = local.date() if late else local.date() - timedelta(days=1)
    morning = evening + timedelta(days=1)
    ends = rules.quiet_until_on_the_day if morning == the_day else rules.quiet_until
    if not late and local.time() >= ends:
        return ideal_at
    if notice_class is not NoticeClass.P:
        return at_local(morning, ends, zone)
    earlier = at_local(evening, rules.moved_earlier_to, zone)
    # A zone may leave out a whole day: its evening is that of the day after.
    day_before = evening - timedelta(days=1)
    return earlier if earlier <= ideal_at else at_local(day_before, rules.moved_earlier_to, zone)


def _folded(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Leave out what another message says, and note it there."""
    return _without_late(_without_moved(notices))


def _without_moved(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Fold what would only come the evening before into the message of that evening."""
    planned = {notice.kind for notice in notices}
    moved = {
        notice.kind: FOLDS[notice.kind]
        for notice in notices
        if MOVED in notice.why and FOLDS.get(notice.kind) in planned
    }
    kept = [notice for notice in notices if notice.kind not in moved]
    for kind, into in moved.items():
        kept = [_noted(n, f"with {kind}") if n.kind is into else n for n in kept]
    return kept


def _without_late(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Fold preparation whose time had passed when the patient was first told into that telling."""
    told_at = min((n.send_from for n in notices if n.kind in FIRST_WORD), default=None)
    if told_at is None:
        return notices
    kept = [n for n in notices if n.send_from > told_at or not _is_said_by_digest(n)]
    if len(kept) == len(notices):
        return notices
    return [_noted(n, DIGEST) if n.kind in FIRST_WORD else n for n in kept]


def _is_said_by_digest(notice: PlannedNotice) -> bool:
    return notice.notice_class is NoticeClass.P and notice.kind not in NOT_IN_DIGEST


def _noted(notice: PlannedNotice, why: str) -> PlannedNotice:
    return replace(notice, why=f"{notice.why}, {why}" if notice.why else why)
