"""Kit as a Django app: it brings the rate-limit table and applies row security after every migrate."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KitConfig(AppConfig):
    """Registers the row-security step, which runs once all modules' tables exist."""

    name = "backline.kernel.kit"
    label = "kit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hook row security to the end of migrate, so that no table is ever left without its policies."""
        from backline.kernel.kit import checks, row_sync

        checks.register_checks()
        post_migrate.connect(row_sync.after_migrate, sender=self, dispatch_uid="kit.row_sync")
