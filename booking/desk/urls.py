"""The addresses of the desk's pages."""

from django.urls import path

from booking.desk import held, messages, views

urlpatterns = [
    path("messages/", views.messages, name="staff-messages"),
    path("undelivered/", messages.undelivered, name="undelivered-messages"),
    path("messages/visit/<uuid:appointment_id>/", messages.visit, name="visit-messages"),
    path("messages/<int:notice_id>/", messages.message, name="staff-message"),
    path("messages/<int:notice_id>/resend/", messages.resend, name="resend-message"),
    path("messages/<int:notice_id>/handled/", messages.handled, name="handle-message"),
    path("held/", held.held, name="held-messages"),
    path("held/decide/", held.decide, name="decide-held"),
    path("on-call/", views.on_call, name="on-call"),
    path("on-call/pages/<int:notice_id>/", views.acknowledge, name="acknowledge-page"),
    path("on-call/tasks/<int:task_id>/", views.done, name="finish-task"),
]
