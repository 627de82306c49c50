"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles, sessions, tokens."""

    name = "backline.kernel.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the limits of the routes by which people sign in."""
        from backline.kernel.accounts import route_limits

        route_limits.register()
