"""The addresses of the account that tell of no visit."""

from django.urls import path

from patients.pages import account

urlpatterns = [
    path("", account.hub, name="account"),
    path("about/", account.about, name="account-about"),
    path("escort/", account.escort, name="account-escort"),
    path("messages/", account.messages_page, name="account-messages"),
    path("messages/reopen/", account.reopen, name="account-reopen"),
    path("devices/", account.devices_page, name="account-devices"),
    path("devices/sign-out/", account.sign_out, name="account-sign-out"),
]
