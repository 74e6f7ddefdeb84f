"""The addresses of booking's API."""

from django.urls import path

from booking import api, course_api

urlpatterns = [
    path("therapies/", api.TherapiesView.as_view()),
    path("slots/", api.SlotsView.as_view()),
    path("courses/", course_api.CoursesView.as_view()),
    path("courses/suggest/", course_api.SuggestView.as_view()),
    path("courses/<uuid:course>/", course_api.CourseView.as_view()),
    path("appointments/", api.AppointmentsView.as_view()),
    path("appointments/<uuid:appointment_id>/", api.AppointmentView.as_view()),
    path("appointments/<uuid:appointment_id>/reschedule/", api.RescheduleView.as_view()),
    path("appointments/<uuid:appointment_id>/cancel/", api.CancelView.as_view()),
    path("appointments/<uuid:appointment_id>/assign/", api.AssignView.as_view()),
    path("appointments/<uuid:appointment_id>/notices/", api.NoticesView.as_view()),
    path("appointments/<uuid:appointment_id>/calendar.ics", api.CalendarView.as_view()),
]
