"""The addresses of the desk's pages."""

from django.urls import path

from booking import staff, staff_held, staff_messages

urlpatterns = [
    path("messages/", staff.messages, name="staff-messages"),
    path("undelivered/", staff_messages.undelivered, name="undelivered-messages"),
    path("messages/visit/<uuid:appointment_id>/", staff_messages.visit, name="visit-messages"),
    path("messages/<int:notice_id>/", staff_messages.message, name="staff-message"),
    path("messages/<int:notice_id>/resend/", staff_messages.resend, name="resend-message"),
    path("messages/<int:notice_id>/handled/", staff_messages.handled, name="handle-message"),
    path("held/", staff_held.held, name="held-messages"),
    path("held/decide/", staff_held.decide, name="decide-held"),
    path("on-call/", staff.on_call, name="on-call"),
    path("on-call/pages/<int:notice_id>/", staff.acknowledge, name="acknowledge-page"),
    path("on-call/tasks/<int:task_id>/", staff.done, name="finish-task"),
]
