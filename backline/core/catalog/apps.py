"""The catalogue as a Django app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Uploads, tracks, renditions, credits."""

    name = "backline.core.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Subscribe to facts."""
        from backline.core.catalog import handlers  # noqa: F401 - importing registers the subscribers
