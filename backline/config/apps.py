"""The composition root as a Django app: it hands the settings to the modules that know no settings of their own."""

from django.apps import AppConfig
from django.conf import settings


class BacklineConfig(AppConfig):
    """Wires what the kernel leaves open: where blobs lie."""

    name = "backline.config"
    label = "backline"

    def ready(self) -> None:
        """Configure the blob store of this process."""
        from backline.config.wiring import configure_storage

        configure_storage(settings.BACKLINE)
