"""The addresses of links in messages."""

from django.urls import path

from booking.links import views

urlpatterns = [path("<str:text>", views.follow, name="link")]
