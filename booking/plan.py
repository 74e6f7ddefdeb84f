"""Which notices a visit should have, and when: pure values in, values out.

`booking.kinds` says for each kind who is told, how, when at best and until when it is useful. Here
what would land in quiet hours is moved, and what another message says already is folded into it.
The same function serves preview, planning and re-planning.

The figures are this clinic's policy (``docs/domain.md``, "Messages").
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from booking.clock import at_local, check_range, local_day
from booking.kinds import TABLE, Case, Row
from booking.planned import (
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
    "page",
    "plan",
]

DEFAULT_RULES = PlanRules()
PLACE_IN_TABLE = {row.kind: place for place, row in enumerate(TABLE)}
FIRST_WORD = (Kind.booked, Kind.changed)
MOVED, DIGEST = "quiet hours", "digest"


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
    placed = [
        notice
        for row in TABLE
        for channel in row.channels
        if preferences.accept(row.recipient, channel)
        if (notice := _place(row, channel, case, preferences))
    ]
    useful = [n for n in _folded(placed) if n.not_after is None or moment < n.not_after]
    return sorted(useful, key=lambda n: (n.send_from, PLACE_IN_TABLE[n.kind], n.channel))


def page(*, kind: Kind, at: datetime, occurrence: int = 0, version: int = 1) -> PlannedNotice:
    """A page to on-call staff, at once: an adverse event, a crisis in an intake."""
    instant = check_range(at)
    return PlannedNotice(
        kind=kind,
        recipient=Recipient.on_call,
        channel=Channel.email,
        notice_class=NoticeClass.O,
        ideal_at=instant,
        send_from=instant,
        not_after=None,
        occurrence=occurrence,
        version=version,
    )


def _place(
    row: Row, channel: Channel, case: Case, preferences: Preferences
) -> PlannedNotice | None:
    """One row of the table on the calendar, out of quiet hours; None if it would be useless."""
    ideal_at = row.ideal(case)
    if ideal_at is None:
        return None
    bound = _is_bound(row, channel, preferences)
    send_from = _out_of_quiet(ideal_at, row, case) if bound else ideal_at
    not_after = row.useless_from(case)
    if not_after is not None and not_after <= send_from:
        return None
    return PlannedNotice(
        kind=row.kind,
        recipient=row.recipient,
        channel=channel,
        notice_class=row.notice_class,
        ideal_at=ideal_at,
        send_from=send_from,
        not_after=not_after,
        version=case.visit.version,
        revision=case.visit.revision if row.tells_of_discharge else 0,
        why="" if send_from == ideal_at else MOVED,
    )


def _is_bound(row: Row, channel: Channel, preferences: Preferences) -> bool:
    """Whether quiet hours hold for a message."""
    if row.notice_class is NoticeClass.O or channel in row.unbound:
        return False
    if row.notice_class is NoticeClass.S:
        agreed = preferences.sms_in_quiet_hours and row.recipient is Recipient.patient
        return channel is Channel.sms and not agreed
    return True


def _out_of_quiet(ideal_at: datetime, row: Row, case: Case) -> datetime:
    """The nearest time that is not quiet: for P the evening before, for the others the morning."""
    zone, rules = case.visit.zone, case.rules
    local = ideal_at.astimezone(zone)
    late = local.time() >= rules.quiet_from
    evening = local.date() if late else local.date() - timedelta(days=1)
    morning = evening + timedelta(days=1)
    ends = _quiet_ends(row, case, morning)
    if not late and local.time() >= ends:
        return ideal_at
    if row.notice_class is NoticeClass.P:
        return at_local(evening, rules.moved_earlier_to, zone)
    return at_local(morning, ends, zone)


def _quiet_ends(row: Row, case: Case, day: date) -> time:
    early = row.early_on_the_day and day == local_day(case.visit.starts_at, case.visit.zone)
    return case.rules.quiet_until_on_the_day if early else case.rules.quiet_until


def _folded(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Leave out what another message says, and note it there."""
    return _without_late(_without_moved(notices))


def _without_moved(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Fold what would only come the evening before into the message of that evening."""
    for row in TABLE:
        moved = [n for n in notices if n.kind is row.kind and n.why == MOVED]
        if moved and any(n.kind is row.folds_into for n in notices):
            kept = [n for n in notices if n not in moved]
            notices = [
                _noted(n, f"with {row.kind}") if n.kind is row.folds_into else n for n in kept
            ]
    return notices


def _without_late(notices: list[PlannedNotice]) -> list[PlannedNotice]:
    """Fold preparation whose time had passed when the patient was first told into that telling."""
    told_at = min((n.send_from for n in notices if n.kind in FIRST_WORD), default=None)
    if told_at is None:
        return notices
    late = [n for n in notices if n.notice_class is NoticeClass.P and n.send_from <= told_at]
    if not late:
        return notices
    kept = [n for n in notices if n not in late]
    return [_noted(n, DIGEST) if n.kind in FIRST_WORD else n for n in kept]


def _noted(notice: PlannedNotice, why: str) -> PlannedNotice:
    return replace(notice, why=f"{notice.why}, {why}" if notice.why else why)
