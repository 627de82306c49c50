"""The outbox as a Django app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Facts and their deliveries."""

    name = "backline.kernel.outbox"
    label = "outbox"
