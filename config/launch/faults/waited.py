"""Hours and days of a simulated clock: failing providers, a clock that steps, nobody sending."""

from collections import Counter

from config.launch.faults.stage import Stage

URGENT = ["evening_before", "driving_warning"]
A_MINUTE = 60.0


def provider_down(stage: Stage, many: int) -> tuple[str, bool]:
    """Let the mail server refuse, hang, put off and turn away for hours of a simulated clock."""
    worst, all_met = [], True
    for mode in ("refuse", "hang", "later", "never"):
        said, met = _one_outage(stage, mode=mode, minutes=many)
        worst.append(f"{mode}: {said}")
        all_met &= met
    return "; ".join(worst), all_met


def _one_outage(stage: Stage, *, mode: str, minutes: int) -> tuple[str, bool]:
    visits, hours = 5, minutes / 60
    stage.begin(visits=0, kinds=URGENT)
    stage.sinks.mail = mode
    options = ("--hours", hours, "--visits", visits)
    during = stage.inside("simulated", "provider", *options)
    stage.sinks.mail = "take"
    after = stage.inside("simulated", "recovered", *options)
    got = Counter(delivery.notice for delivery in stage.sinks.deliveries)
    told, texts = during["told_after"], during["texts_after"]
    said = (
        f"staff told after {told} s, texts gone after {texts} s, {during['tries']} tries, "
        f"then {after['statuses']}, {after['tasks']} asked of staff, {after['late']} late"
    )
    met = (
        told is not None and told <= 300
        and texts is not None and texts <= A_MINUTE
        and after["late"] == 0
        and max(got.values(), default=0) == 1
        # What was turned away for good is not tried again: a person is asked to call.
        and after["statuses"].get("sent", 0) + after["tasks"] >= 4 * visits
    )  # fmt: skip
    return said, met


def clock_stepped(stage: Stage, many: int) -> tuple[str, bool]:
    """Move the clock an hour and a day, on and back."""
    stage.begin(visits=0, kinds=URGENT)
    answer = stage.inside("simulated", "stepped", "--visits", many)
    tally = stage.tally()
    said = f"{tally.exact} of {tally.due} exactly once, {answer['early']} early"
    return said, tally.exact == tally.due and answer["early"] == 0


def long_outage(stage: Stage, many: int) -> tuple[str, bool]:
    """Send nothing for a day and a half."""
    stage.begin(visits=0, kinds=URGENT)
    answer = stage.inside("simulated", "outage", "--hours", 36, "--visits", many)
    classes = dict(stage.rows("SELECT id, notice_class FROM booking_notice"))
    order = ["SPF".index(classes[delivery.notice]) for delivery in stage.sinks.deliveries]
    got = Counter(delivery.notice for delivery in stage.sinks.deliveries)
    said = (
        f"{answer['statuses']}, {answer['digests']} digests, {answer['tasks']} tasks for staff, "
        f"{answer['late']} late, in order: {order == sorted(order)}"
    )
    met = order == sorted(order) and answer["late"] == 0 and answer["digests"] == many
    listed = answer["statuses"].get("expired", 0) > 0 and answer["tasks"] > 0
    return said, met and listed and max(got.values()) == 1
