"""The API addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from nurses import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("route/", api.RouteView.as_view()),
    path("visits/<uuid:appointment>/", api.VisitView.as_view()),
    path("visits/<uuid:appointment>/events/", api.EventsView.as_view()),
    path("visits/<uuid:appointment>/checks/", api.ChecksView.as_view()),
    path("visits/<uuid:appointment>/observations/", api.ObservationsView.as_view()),
    path("visits/<uuid:appointment>/doses/", api.DosesView.as_view()),
    path("visits/<uuid:appointment>/adverse-events/", api.AdverseEventsView.as_view()),
    path("dispatch/<str:date>/", api.DispatchView.as_view()),
    path("dispatch/<str:date>/plan/", api.PlanView.as_view()),
    path("dispatch/<str:date>/publish/", api.PublishView.as_view()),
]
