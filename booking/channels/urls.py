"""The addresses that mail and SMS services are given."""

from django.urls import path

from booking.channels import hooks

urlpatterns = [
    path("sms/<str:secret>/", hooks.text, name="sms-hook"),
    path("sms/<str:secret>/receipt/", hooks.receipt, name="sms-receipt-hook"),
    path("email/<str:provider>/", hooks.email, name="email-hook"),
]
