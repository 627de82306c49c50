"""Addresses of accounts: our few pages, then django-allauth's under /accounts/."""

from django.urls import include, path

from backline.kernel.accounts import pages

urlpatterns = [
    path("mailbox", pages.mailbox, name="mailbox"),
    path("accounts/sessions", pages.sessions, name="account_sessions"),
    path("accounts/", include("allauth.urls")),
]
