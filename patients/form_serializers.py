"""The questionnaire as the API describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ChoiceSerializer(serializers.Serializer[dict[str, Any]]):
    """One possible answer; `value` is text or a whole number."""

    value = serializers.JSONField()
    label = serializers.CharField()  # type: ignore[assignment]


class ShowIfSerializer(serializers.Serializer[dict[str, Any]]):
    """Ask only where an earlier question has one of these answers."""

    question = serializers.CharField()
    any_of = serializers.ListField(child=serializers.JSONField())


class QuestionSerializer(serializers.Serializer[dict[str, Any]]):
    """One question."""

    id = serializers.CharField()
    section = serializers.CharField()
    text = serializers.CharField()
    help = serializers.CharField(allow_blank=True)
    type = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = ChoiceSerializer(many=True)
    minimum = serializers.IntegerField(allow_null=True)
    maximum = serializers.IntegerField(allow_null=True)
    max_length = serializers.IntegerField(allow_null=True)
    show_if = ShowIfSerializer(allow_null=True)


class SectionSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of the form."""

    id = serializers.CharField()
    title = serializers.CharField()
    intro = serializers.CharField(allow_blank=True)


class FormSerializer(serializers.Serializer[dict[str, Any]]):
    """The questionnaire in force."""

    version = serializers.CharField()
    sections = SectionSerializer(many=True)
    questions = QuestionSerializer(many=True)
