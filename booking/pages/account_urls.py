"""The addresses of the account that tell of visits."""

from django.urls import path

from booking.pages import account

urlpatterns = [
    path("home/", account.home, name="account-home"),
    path("data/", account.data, name="account-data"),
    path("data/copy/", account.copy, name="account-copy"),
    path("data/close/", account.close, name="account-close"),
    path("data/keep/", account.keep, name="account-keep"),
]
