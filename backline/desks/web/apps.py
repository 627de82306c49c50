"""The web desk as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The pages."""

    name = "backline.desks.web"
    label = "web"
