"""Streaming as a Django app."""

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    """Who may hear which bytes, and how often they were heard."""

    name = "backline.core.streaming"
    label = "streaming"

    def ready(self) -> None:
        """Limit how often one address asks for something to play."""
        from backline.kernel.kit.conf import conf
        from backline.kernel.kit.http import RouteLimit, by_address, limit_route

        for name in ("api:track_play", "api:play_report"):
            limit_route(name, RouteLimit("address", by_address, lambda: conf().limit_play))
