"""The booking API: validate, call one rule, answer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import appointments, calendars, search
from booking.models import Appointment, Notice
from booking.serializers import (
    AppointmentSerializer,
    AssignedSerializer,
    AssignSerializer,
    BookSerializer,
    CancelSerializer,
    NoticeSerializer,
    RescheduleSerializer,
    SlotQuerySerializer,
    SlotsSerializer,
    TherapySerializer,
)
from config.core.api import IsDispatcher, IsPatient, person
from config.core.idempotency import IdempotentView
from patients.accounts import patient_of
from patients.models import Patient, Therapy


def own(request: Request, appointment_id: UUID) -> Appointment:
    """Return the patient's own appointment; another's is not found."""
    rows = Appointment.objects.select_related("nurse__user", "patient__user", "therapy")
    return get_object_or_404(rows, pk=appointment_id, patient__user=person(request))


def answer(appointment: Appointment, *, code: int = status.HTTP_200_OK) -> Response:
    """Return the appointment as it has just been written, with who goes."""
    return Response(AppointmentSerializer(appointment).data, status=code)


class TherapiesView(APIView):
    """What can be booked."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=TherapySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the therapies."""
        rows = Therapy.objects.filter(is_active=True)
        return Response(TherapySerializer(rows, many=True).data)


class SlotsView(APIView):
    """The times a patient can have."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(
        parameters=[
            OpenApiParameter("therapy", str, required=True),
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True),
        ],
        responses=SlotsSerializer,
    )
    def get(self, request: Request) -> HttpResponse:
        """List the slots of a range of local days."""
        query = SlotQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient, therapy = patient_of(person(request)), asked["therapy"]
        search.refuse_outside(patient=patient, therapy=therapy)
        found = search.find(patient=patient, therapy=therapy, first=asked["from"], last=asked["to"])
        return HttpResponse(found, content_type="application/json")


class AppointmentsView(IdempotentView):
    """A patient's visits."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses=AppointmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List one's own."""
        rows = Appointment.objects.of(patient=patient_of(person(request)))
        shown = rows.select_related("nurse__user")
        return Response(AppointmentSerializer(shown, many=True).data)

    @extend_schema(request=BookSerializer, responses={201: AppointmentSerializer})
    def post(self, request: Request) -> Response:
        """Book a visit."""
        wanted = BookSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user = person(request)
        unread = Patient(user=user)  # the rule reads it under its lock
        booked = appointments.book(patient=unread, by=user, **wanted.validated_data)
        return answer(booked, code=status.HTTP_201_CREATED)


class AppointmentView(APIView):
    """One visit."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses=AppointmentSerializer)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """Show one's own."""
        return Response(AppointmentSerializer(own(request, appointment_id)).data)


class RescheduleView(IdempotentView):
    """Another time for the same visit."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(request=RescheduleSerializer, responses=AppointmentSerializer)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Move a visit."""
        appointment = own(request, appointment_id)
        wanted = RescheduleSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        moved = appointments.reschedule(appointment=appointment, **wanted.validated_data)
        return answer(moved)


class CancelView(IdempotentView):
    """Giving a visit up."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(request=CancelSerializer, responses=AppointmentSerializer)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Cancel a visit."""
        appointment = own(request, appointment_id)
        given = CancelSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return answer(appointments.cancel(appointment=appointment, **given.validated_data))


class AssignView(IdempotentView):
    """Another nurse for a visit, sent by a dispatcher."""

    permission_classes = (IsAuthenticated, IsDispatcher)

    @extend_schema(request=AssignSerializer, responses=AssignedSerializer)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Send this nurse, or say which rule refuses."""
        appointment = get_object_or_404(Appointment, pk=appointment_id)
        wanted = AssignSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        appointments.assign(appointment=appointment, **wanted.validated_data)
        shown = Appointment.objects.select_related("nurse__user").get(pk=appointment.pk)
        return Response(AssignedSerializer(shown).data)


class NoticesView(APIView):
    """The messages of one visit."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses=NoticeSerializer(many=True))
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """List those to the patient and the escort."""
        appointment = own(request, appointment_id)
        rows = Notice.objects.filter(
            appointment=appointment, recipient__in=["patient", "escort"]
        ).order_by("send_from", "pk")
        return Response(NoticeSerializer(rows, many=True).data)


class CalendarView(APIView):
    """A visit as a calendar file."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses={(200, "text/calendar"): OpenApiTypes.BINARY})
    def get(self, request: Request, appointment_id: UUID) -> HttpResponse:
        """Download the file."""
        content = calendars.ics_for(own(request, appointment_id))
        return HttpResponse(
            content,
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="visit.ics"'},
        )
