"""The addresses of what a patient keeps."""

from django.urls import path

from booking.pages import documents

urlpatterns = [
    path("", documents.listed, name="documents"),
    path("visits/<uuid:visit_id>.pdf", documents.visit_paper, name="visit-paper"),
]
