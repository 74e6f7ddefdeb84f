"""The addresses of check-ins."""

from django.urls import path

from booking.pages import check_ins

urlpatterns = [
    path("", check_ins.listed, name="check-ins"),
    path("new/", check_ins.new, name="check-in"),
]
