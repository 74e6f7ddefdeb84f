"""The states of a visit and the events that move it: values in, values out."""

from __future__ import annotations

from booking.models import Status
from nurses.models import Event

Name = Event.Name

# (where the visit stands, what happens) -> where it stands then
VISIT: dict[tuple[Status, Name], Status] = {
    (Status.BOOKED, Name.DEPART): Status.EN_ROUTE,
    (Status.BOOKED, Name.ARRIVE): Status.ON_SITE,
    (Status.EN_ROUTE, Name.ARRIVE): Status.ON_SITE,
    (Status.ON_SITE, Name.START_INFUSION): Status.INFUSING,
    (Status.INFUSING, Name.END_INFUSION): Status.OBSERVING,
    (Status.OBSERVING, Name.DISCHARGE): Status.DISCHARGED,
    (Status.ON_SITE, Name.TRANSFER): Status.TRANSFERRED,
    (Status.INFUSING, Name.TRANSFER): Status.TRANSFERRED,
    (Status.OBSERVING, Name.TRANSFER): Status.TRANSFERRED,
    (Status.BOOKED, Name.ABORT): Status.ABORTED,
    (Status.EN_ROUTE, Name.ABORT): Status.ABORTED,
    (Status.ON_SITE, Name.ABORT): Status.ABORTED,
    (Status.INFUSING, Name.ABORT): Status.ABORTED,
    (Status.BOOKED, Name.NO_SHOW): Status.NO_SHOW,
    (Status.EN_ROUTE, Name.NO_SHOW): Status.NO_SHOW,
    (Status.ON_SITE, Name.NO_SHOW): Status.NO_SHOW,
}
CONSULTATION: dict[tuple[Status, Name], Status] = {
    (Status.BOOKED, Name.START): Status.ON_SITE,
    (Status.ON_SITE, Name.COMPLETE): Status.COMPLETED,
    (Status.BOOKED, Name.NO_SHOW): Status.NO_SHOW,
    (Status.ON_SITE, Name.NO_SHOW): Status.NO_SHOW,
}
# The order of a visit that goes well; setting off may be left out.
SPINE = (Status.BOOKED, Status.ON_SITE, Status.INFUSING, Status.OBSERVING)
USUAL: dict[Status, Name] = {
    Status.BOOKED: Name.DEPART,
    Status.EN_ROUTE: Name.ARRIVE,
    Status.ON_SITE: Name.START_INFUSION,
    Status.INFUSING: Name.END_INFUSION,
    Status.OBSERVING: Name.DISCHARGE,
}
USUAL_CONSULTATION: dict[Status, Name] = {
    Status.BOOKED: Name.START,
    Status.ON_SITE: Name.COMPLETE,
}


def belongs(*, event: Name, consultation: bool) -> bool:
    """Whether a visit of the kind can ever see the event."""
    return event in {name for _, name in (CONSULTATION if consultation else VISIT)}


def after(*, status: Status, event: Name, dosed: bool, consultation: bool) -> Status | None:
    """Where the visit stands after the event, or None where it cannot happen now."""
    if consultation:
        return CONSULTATION.get((status, event))
    if event == Name.ABORT and dosed:
        # Once a dose is in, only discharge or transfer ends the visit.
        return Status.OBSERVING if status == Status.INFUSING else None
    return VISIT.get((status, event))


def way(*, status: Status, event: Name, dosed: bool, consultation: bool) -> list[Status]:
    """Give the states a visit passes through when an event happened, however unexpected.

    Steps nobody recorded are passed on the way; the list is empty where no way leads there.
    """
    passed: list[Status] = []
    for stage in (status, *_ahead(status)):
        if stage != status:
            passed.append(stage)
        end = after(status=stage, event=event, dosed=dosed, consultation=consultation)
        if end is not None:
            return [*passed, end]
    return []


def possible(*, status: Status, dosed: bool, consultation: bool) -> list[Name]:
    """Every event that can happen now."""
    return [
        event
        for event in Name
        if after(status=status, event=event, dosed=dosed, consultation=consultation)
    ]


def usual(*, status: Status, consultation: bool) -> Name | None:
    """Give the event that comes next when all goes well."""
    return (USUAL_CONSULTATION if consultation else USUAL).get(status)


def _ahead(status: Status) -> tuple[Status, ...]:
    if status == Status.EN_ROUTE:
        return SPINE[1:]
    return SPINE[SPINE.index(status) + 1 :] if status in SPINE else ()
