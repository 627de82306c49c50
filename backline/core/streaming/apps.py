"""Streaming as a Django app."""

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    """Who may hear which bytes, and how often they were heard."""

    name = "backline.core.streaming"
    label = "streaming"
