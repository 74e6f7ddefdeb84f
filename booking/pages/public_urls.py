"""Addresses of the public pages that need the clock of a visit, or its price."""

from django.urls import path

from booking.pages import public

urlpatterns = [
    path("prepare/", public.prepare, name="prepare"),
    path("prices/", public.price_list, name="prices"),
]
