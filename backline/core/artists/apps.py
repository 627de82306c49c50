"""Artists as a Django app."""

from django.apps import AppConfig


class ArtistsConfig(AppConfig):
    """Profiles, memberships, the onboarding gate."""

    name = "backline.core.artists"
    label = "artists"
