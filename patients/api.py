"""The patients API: validate, call one rule, answer."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.api import IsClinician, IsPatient, person
from config.core.idempotency import IdempotentView
from config.core.models import Role
from patients import accounts, consent, intake, languages, orders, questionnaire
from patients.accounts import patient_of
from patients.form_serializers import FormSerializer
from patients.models import ConsentDocument, Intake, Order
from patients.profile_serializers import MeSerializer, flat, me
from patients.questionnaire import InvalidAnswers
from patients.serializers import (
    ConsentSerializer,
    DecisionSerializer,
    IntakeSerializer,
    OrderSerializer,
    ReviewSerializer,
    SignatureSerializer,
    SignSerializer,
    SubmitSerializer,
    WriteOrderSerializer,
)

OF_PATIENTS = (IsAuthenticated, IsPatient)
OF_CLINICIANS = (IsAuthenticated, IsClinician)
IN_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    location=OpenApiParameter.HEADER,
    description="The language to read in, `en` or `es`; the patient's own if none is named.",
)


class MeView(APIView):
    """The signed-in patient."""

    permission_classes = OF_PATIENTS

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Show the patient's own data and which gates are open."""
        return Response(MeSerializer(me(patient_of(person(request)))).data)

    @extend_schema(request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Change what is sent and nothing else."""
        serializer = MeSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        patient = patient_of(person(request))
        accounts.update(patient=patient, profile=flat(sent), address=sent.get("address"))
        return Response(MeSerializer(me(patient_of(person(request)))).data)


class FormView(APIView):
    """The questionnaire in force."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=FormSerializer)
    def get(self, request: Request) -> Response:
        """Show the version, its sections and its questions; a patient who looks has begun."""
        user = person(request)
        if user.role == Role.PATIENT:
            intake.begin(patient=patient_of(user))
        return Response(questionnaire.as_document())


class IntakesView(IdempotentView):
    """The patient's own intakes."""

    permission_classes = OF_PATIENTS

    @extend_schema(responses=IntakeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them, newest first."""
        rows = Intake.objects.filter(patient__user=person(request))
        return Response(IntakeSerializer(rows, many=True).data)

    @extend_schema(request=SubmitSerializer, responses={201: IntakeSerializer})
    def post(self, request: Request) -> Response:
        """Submit the answers."""
        serializer = SubmitSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        patient = patient_of(person(request))
        try:
            row = intake.submit(patient=patient, answers=serializer.validated_data["answers"])
        except InvalidAnswers as invalid:
            raise _by_question(invalid) from invalid
        return Response(IntakeSerializer(row).data, status=status.HTTP_201_CREATED)


def _by_question(invalid: InvalidAnswers) -> serializers.ValidationError:
    """Return the problems with `answers.<id>` as their field."""
    errors: dict[str, Any] = {
        id_: [serializers.ErrorDetail(message, code) for code, message in problems]
        for id_, problems in invalid.errors.items()
    }
    return serializers.ValidationError({"answers": errors})


class ConsentsView(APIView):
    """The documents to sign."""

    permission_classes = OF_PATIENTS

    @extend_schema(parameters=[IN_LANGUAGE], responses=ConsentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List each in its current version; the text in any of its languages may be signed."""
        patient = patient_of(person(request))
        language = languages.named(request) or patient.language
        signed = dict(patient.signatures.values_list("document_id", "signed_at"))
        rows: Any = [
            {
                "document": one,
                "wording": consent.wording(one, language=language),
                "signed_at": signed.get(one.pk),
            }
            for one in consent.current()
        ]
        shown = ConsentSerializer(rows, many=True).data
        return Response(shown, headers={"Content-Language": language})


class SignView(IdempotentView):
    """A signature under one document."""

    permission_classes = OF_PATIENTS

    @extend_schema(request=SignSerializer, responses={201: SignatureSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Sign the current version; X-Forwarded-For is anyone's to write and is not read."""
        serializer = SignSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            signature = consent.sign(
                patient=patient_of(person(request)),
                slug=slug,
                ip_address=request.META.get("REMOTE_ADDR"),
                user_agent=request.headers.get("User-Agent", ""),
                **serializer.validated_data,
            )
        except ConsentDocument.DoesNotExist:
            raise Http404 from None
        return Response(SignatureSerializer(signature).data, status=status.HTTP_201_CREATED)


class ReviewsView(APIView):
    """Intakes that wait for a decision."""

    permission_classes = OF_CLINICIANS

    @extend_schema(responses=ReviewSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them, most urgent first."""
        rows = Intake.objects.awaiting_decision().select_related("patient__user")
        return Response(ReviewSerializer(rows, many=True).data)


class ReviewView(IdempotentView):
    """The decision about one intake."""

    permission_classes = OF_CLINICIANS

    @extend_schema(request=DecisionSerializer, responses=ReviewSerializer)
    def post(self, request: Request, intake_id: int) -> Response:
        """Clear, ask or decline."""
        row = get_object_or_404(Intake.objects.select_related("patient__user"), pk=intake_id)
        serializer = DecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        decided = intake.review(intake=row, by=person(request), **serializer.validated_data)
        return Response(ReviewSerializer(decided).data)


class OrdersView(IdempotentView):
    """A patient's own orders, and a clinician's new one."""

    def get_permissions(self) -> list[Any]:
        """Patients read, clinicians write."""
        roles = OF_CLINICIANS if self.request.method == "POST" else OF_PATIENTS
        return [permission() for permission in roles]

    @extend_schema(responses=OrderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the patient's own orders, newest first."""
        rows = Order.objects.filter(patient__user=person(request)).select_related("prescriber")
        return Response(OrderSerializer(rows, many=True).data)

    @extend_schema(request=WriteOrderSerializer, responses={201: OrderSerializer})
    def post(self, request: Request) -> Response:
        """Write an order."""
        serializer = WriteOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = {"evaluated_on": None, **serializer.validated_data}
        order = orders.write(prescriber=person(request), **asked)
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)
