"""The addresses of the dispatcher's board."""

from django.urls import path

from nurses import board_views

urlpatterns = [
    path("", board_views.day, name="board"),
    path("<str:date>/plan/", board_views.plan, name="board-ask"),
    path("<str:date>/assign/", board_views.assign, name="board-assign"),
    path("<str:date>/plans/<int:plan>/", board_views.preview, name="board-plan"),
    path("<str:date>/plans/<int:plan>/publish/", board_views.publish, name="board-publish"),
]
