"""The pages on which a patient follows and changes their visits: mounted at `/visits/`."""

from django.urls import path

from booking.pages import feed, visits, visits_changes

urlpatterns = [
    path("", visits.visits, name="visits"),
    path("now/", visits.now_of_all, name="visits-now"),
    path("calendar/", feed.subscribe, name="visits-subscribe"),
    path("calendar/address/", feed.renew, name="visits-feed-renew"),
    path("calendar/<slug:token>.ics", feed.calendar, name="visits-feed"),
    path("<uuid:visit_id>/", visits.visit, name="visit"),
    path("<uuid:visit_id>/now/", visits.now_of_one, name="visit-now"),
    path("<uuid:visit_id>/move/", visits_changes.move, name="visit-move"),
    path("<uuid:visit_id>/cancel/", visits_changes.cancel, name="visit-cancel"),
    path("<uuid:visit_id>/calendar.ics", visits.calendar, name="visit-calendar"),
]
