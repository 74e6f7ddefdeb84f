"""The addresses of the desk's pages."""

from django.urls import path

from booking import staff

urlpatterns = [
    path("messages/", staff.messages, name="staff-messages"),
    path("on-call/", staff.on_call, name="on-call"),
    path("on-call/pages/<int:notice_id>/", staff.acknowledge, name="acknowledge-page"),
    path("on-call/tasks/<int:task_id>/", staff.done, name="finish-task"),
]
