"""The addresses of links in messages."""

from django.urls import path

from booking import link_views

urlpatterns = [path("<str:text>", link_views.follow, name="link")]
