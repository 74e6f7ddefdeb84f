"""The nurses' and dispatchers' API: validate, call one rule, answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from booking.clock import check_day
from booking.models import Appointment
from config.core.api import IsDispatcher, IsNurse, person
from config.core.errors import Malformed
from config.core.idempotency import IdempotentView
from config.core.models import User
from nurses import custody, dispatch, route, visits
from nurses.answers import (
    AdverseEventSerializer,
    CheckSerializer,
    DoseSerializer,
    EventSerializer,
    ObservationSerializer,
    RecordSerializer,
    answer_to,
)
from nurses.day_answers import (
    DaySerializer,
    PlanInput,
    PlanSerializer,
    PublishedSerializer,
    PublishInput,
    RouteSerializer,
)
from nurses.models import Happening, Plan
from nurses.record import Record
from nurses.serializers import (
    AdverseEventInput,
    CheckInput,
    DoseInput,
    EventInput,
    ObservationInput,
)
from patients import homes
from scheduling.models import Nurse

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
DAY = timedelta(days=1)


def read_day(text: str) -> date:
    """Read a date; raise `Malformed` where it is none, or the day before or after is too far."""
    try:
        if DATE.fullmatch(text):
            day = date.fromisoformat(text)
            check_day(day - DAY)
            check_day(day + DAY)
            return day
    except (ValueError, OverflowError):
        pass
    raise Malformed("invalid", "Give a date such as 2026-11-24.", "date")


def nurse_of(user: User) -> Nurse:
    """Return the nurse who signed in; an account without one has nothing here."""
    try:
        return user.nurse
    except Nurse.DoesNotExist:
        raise Http404 from None


def own_visit(user: User, appointment: UUID) -> Appointment:
    """Return the nurse's own visit; another's is not found."""
    rows = Appointment.objects.select_related(
        "patient__user", "therapy", "order__prescriber", "nurse__user"
    )
    return get_object_or_404(rows, pk=appointment, nurse__user=user)


class RouteView(APIView):
    """The nurse's day."""

    permission_classes = (IsAuthenticated, IsNurse)

    @extend_schema(
        parameters=[OpenApiParameter("date", OpenApiTypes.DATE)], responses=RouteSerializer
    )
    def get(self, request: Request) -> Response:
        """Show the stops of a day; today's if none is named."""
        nurse, asked = nurse_of(person(request)), request.query_params.get("date")
        day = route.today(nurse=nurse) if asked is None else read_day(asked)
        hers = route.for_nurse(nurse=nurse, day=day)
        notes = homes.notes_at(stop.appointment for stop in hers.stops)
        return Response(RouteSerializer(hers, context={"notes": notes}).data)


class DispatchView(APIView):
    """Everybody's day."""

    permission_classes = (IsAuthenticated, IsDispatcher)

    @extend_schema(responses=DaySerializer)
    def get(self, request: Request, date: str) -> Response:
        """Show every nurse's route, and the visits nobody goes to."""
        return Response(DaySerializer(dispatch.on(read_day(date))).data)


class PlanView(IdempotentView):
    """A better day, to be looked at."""

    permission_classes = (IsAuthenticated, IsDispatcher)

    @extend_schema(request=PlanInput, responses=PlanSerializer)
    def post(self, request: Request, date: str) -> Response:
        """Plan the day for 1 to 60 seconds at most; nothing is changed."""
        asked = PlanInput(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = dispatch.plan(day=read_day(date), by=person(request), **asked.validated_data)
        return Response(PlanSerializer(plan).data)


class PublishView(IdempotentView):
    """A plan carried out, and the routes told to the nurses."""

    permission_classes = (IsAuthenticated, IsDispatcher)

    @extend_schema(request=PublishInput, responses=PublishedSerializer)
    def post(self, request: Request, date: str) -> Response:
        """Make the plan's moves and publish the day's routes, or refuse a stale plan."""
        day, asked = read_day(date), PublishInput(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = Plan.objects.filter(pk=asked.validated_data["plan"], day=day).first()
        if plan is None:
            raise Malformed("does_not_exist", "That day has no such plan.", "plan")
        return Response(PublishedSerializer(dispatch.publish(plan=plan, by=person(request))).data)


class VisitView(APIView):
    """The record of one visit."""

    permission_classes = (IsAuthenticated, IsNurse)

    @extend_schema(responses=RecordSerializer)
    def get(self, request: Request, appointment: UUID) -> Response:
        """Show the whole record."""
        return Response(RecordSerializer(Record.of(own_visit(person(request), appointment))).data)


class RecordingView(IdempotentView):
    """Writes one kind of row into the record; a replayed client id answers 200."""

    permission_classes = (IsAuthenticated, IsNurse)
    takes: type[Serializer[Any]]
    record: Callable[..., tuple[Happening, bool]]

    def post(self, request: Request, appointment: UUID) -> Response:
        """Write it down."""
        user = person(request)
        visit = own_visit(user, appointment)
        told = self.takes(data=request.data)
        told.is_valid(raise_exception=True)
        write = type(self).record
        row, is_new = write(appointment_id=visit.pk, by=user, **told.validated_data)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(answer_to(row), status=code)


@extend_schema(request=EventInput, responses={201: EventSerializer, 200: EventSerializer})
class EventsView(RecordingView):
    """The steps of a visit."""

    takes = EventInput
    record = visits.record_event


@extend_schema(request=CheckInput, responses={201: CheckSerializer, 200: CheckSerializer})
class ChecksView(RecordingView):
    """The answers taken at the door and before leaving."""

    takes = CheckInput
    record = visits.record_check


@extend_schema(
    request=ObservationInput, responses={201: ObservationSerializer, 200: ObservationSerializer}
)
class ObservationsView(RecordingView):
    """Vital signs."""

    takes = ObservationInput
    record = visits.record_observation


@extend_schema(request=DoseInput, responses={201: DoseSerializer, 200: DoseSerializer})
class DosesView(RecordingView):
    """The medicine's way."""

    takes = DoseInput
    record = custody.record_dose


@extend_schema(
    request=AdverseEventInput,
    responses={201: AdverseEventSerializer, 200: AdverseEventSerializer},
)
class AdverseEventsView(RecordingView):
    """What went wrong."""

    takes = AdverseEventInput
    record = visits.record_adverse_event
