"""The addresses of what a patient reads and signs."""

from django.urls import path

from patients.pages import consents

urlpatterns = [
    path("", consents.listed, name="consent-list"),
    path("<slug:slug>/", consents.page, name="consent-page"),
    path("<slug:slug>/copy.pdf", consents.copy, name="consent-copy"),
]
