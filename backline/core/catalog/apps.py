"""The catalogue as a Django app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Uploads, tracks, renditions, credits."""

    name = "backline.core.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Subscribe to facts, and limit how often files are sent."""
        from backline.core.catalog import handlers, route_limits  # noqa: F401 - importing handlers registers them

        route_limits.register()
