"""The API of courses: validate, call one rule, answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import courses, suggestions
from booking.course_serializers import (
    BookCourseSerializer,
    CourseSerializer,
    SuggestedCourseSerializer,
    SuggestQuerySerializer,
)
from booking.models import Appointment, Course
from config.core.api import IsPatient, person
from config.core.idempotency import IdempotentView
from patients.accounts import patient_of

STARTS = [f"2027-02-0{day}T10:30:00-06:00" for day in (3, 4, 5)]
ASKED = OpenApiExample(
    "Three visits", value={"therapy": "pain-240", "starts": STARTS}, request_only=True
)
REFUSED = OpenApiExample(
    "One start is taken",
    value={
        "type": "client_error",
        "errors": [
            {"code": "slot_taken", "detail": "That time has just been taken.", "attr": "starts.1"}
        ],
        "alternatives": [],
    },
    response_only=True,
    status_codes=["409"],
)
SUGGESTED = OpenApiExample(
    "Three sessions left",
    value={
        "therapy": "pain-240",
        "time_zone": "America/Chicago",
        "visits": 3,
        "whole_course": 5,
        "limited_by": "order",
        "same_time": True,
        "same_nurse": True,
        "summary": "3 visits on consecutive days, each at 10:30 AM, one nurse throughout. "
        "Your order has no more sessions left. A whole course is 5.",
        "slots": [
            {
                "starts_at": start,
                "ends_at": start.replace("T10:30", "T17:00"),
                "heavy_meal_until": start.replace("T10", "T02"),
                "fast_from": start.replace("T10", "T04"),
                "liquids_until": start.replace("T10", "T08"),
                "drive_after": f"2027-02-0{day}T17:00:00-06:00",
            }
            for day, start in zip((4, 5, 6), STARTS, strict=True)
        ],
    },
    response_only=True,
    status_codes=["200"],
)


def own(request: Request) -> QuerySet[Course]:
    """Return the patient's own courses, the newest first, with their visits, soonest first."""
    visits = Appointment.objects.select_related("nurse__user").order_by("starts_at", "pk")
    rows = Course.objects.filter(patient__user=person(request))
    return rows.prefetch_related(Prefetch("appointments", queryset=visits))


def body_of(course: Course) -> dict[str, Any]:
    """Return a course as it is told."""
    return {
        "id": course.pk,
        "therapy_id": course.therapy_id,
        "appointments": course.appointments.all(),
    }


class CoursesView(IdempotentView):
    """Several visits, all or none."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses=CourseSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List one's own courses, the newest first: what became of each visit is with the visit."""
        return Response(CourseSerializer(map(body_of, own(request)), many=True).data)

    @extend_schema(
        request=BookCourseSerializer,
        responses={201: CourseSerializer},
        examples=[ASKED, REFUSED],
    )
    def post(self, request: Request) -> Response:
        """Book a course.

        Every start is checked. Where some cannot be had none is booked: each refusal names its
        start in `attr` (`starts.0`), and `alternatives` are other times for the first of them that
        was refused for its slot.
        """
        wanted = BookCourseSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user, asked = person(request), wanted.validated_data
        booked = courses.book(patient=patient_of(user), by=user, **asked)
        rows = Appointment.objects.select_related("nurse__user").filter(course=booked)
        rank = {starts_at: place for place, starts_at in enumerate(asked["starts"])}
        visits = sorted(rows, key=lambda row: rank[row.starts_at])
        body = {"id": booked.pk, "therapy_id": booked.therapy_id, "appointments": visits}
        return Response(CourseSerializer(body).data, status=status.HTTP_201_CREATED)


class CourseView(APIView):
    """One course."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(responses=CourseSerializer)
    def get(self, request: Request, course: UUID) -> Response:
        """Show a course and what became of its visits, soonest first; another's is not found."""
        return Response(CourseSerializer(body_of(get_object_or_404(own(request), pk=course))).data)


class SuggestView(APIView):
    """A course that fits."""

    permission_classes = (IsAuthenticated, IsPatient)

    @extend_schema(
        parameters=[
            OpenApiParameter("therapy", str, required=True),
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter(
                "time", str, description="The local time of day that would suit best: HH:MM."
            ),
        ],
        responses=SuggestedCourseSerializer,
        examples=[SUGGESTED],
    )
    def get(self, request: Request) -> Response:
        """Suggest the best course from a local day on; nothing is held.

        Preferred are one time of day, one nurse, then early dates. Where no whole course fits, the
        answer is 409 `not_offered` and says how many visits do.
        """
        query = SuggestQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        found = suggestions.find(
            patient=patient_of(person(request)),
            therapy=asked["therapy"],
            first=asked["from"],
            wanted=asked.get("time"),
        )
        return Response(found)
