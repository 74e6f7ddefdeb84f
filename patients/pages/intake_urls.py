"""The addresses of the questionnaire."""

from django.urls import path

from patients.pages import intake, intake_again

urlpatterns = [
    path("", intake.overview, name="intake"),
    path("review/", intake.review, name="intake-review-page"),
    path("again/", intake_again.again, name="intake-again"),
    path("sent/<int:intake_id>/", intake.outcome, name="intake-outcome"),
    path("<slug:section>/", intake.section, name="intake-section"),
]
