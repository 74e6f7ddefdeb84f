"""The API addresses of this app."""

from django.urls import path

from patients import api

urlpatterns = [
    path("me/", api.MeView.as_view(), name="me"),
    path("intake/form/", api.FormView.as_view(), name="intake-form"),
    path("intakes/", api.IntakesView.as_view(), name="intakes"),
    path("intakes/<int:intake_id>/review/", api.ReviewView.as_view(), name="intake-review"),
    path("consents/", api.ConsentsView.as_view(), name="consents"),
    path("consents/<slug:slug>/sign/", api.SignView.as_view(), name="consent-sign"),
    path("orders/", api.OrdersView.as_view(), name="orders"),
    path("reviews/", api.ReviewsView.as_view(), name="reviews"),
]
