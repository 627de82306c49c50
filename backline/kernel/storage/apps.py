"""Storage as a Django app: no tables, it only has a place in the list."""

from django.apps import AppConfig


class StorageConfig(AppConfig):
    """Blobs."""

    name = "backline.kernel.storage"
    label = "storage"
