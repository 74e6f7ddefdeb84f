"""The addresses of the nurse's pages."""

from django.urls import URLPattern, URLResolver, path, re_path

from nurses import views

UUID = r"(?P<appointment>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.day, name="route"),
    path("visit/<uuid:appointment>/", views.visit, name="nurse-visit"),
    re_path(rf"^visit/{UUID}/(?P<what>{'|'.join(views.WRITERS)})/$", views.write, name="write"),
]
