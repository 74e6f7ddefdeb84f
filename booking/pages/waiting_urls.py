"""The addresses of the waiting list: mounted at the root."""

from django.urls import path

from booking.pages import waiting

urlpatterns = [
    path("wait/<slug:therapy>/", waiting.wait, name="wait"),
    path("wait/<slug:therapy>/leave/", waiting.leave, name="wait-leave"),
    path("offers/<str:text>/", waiting.offer, name="offer"),
]
