"""Addresses of the pages. Worlds live at the root: a handle is tried last and shadows no word of ours."""

from django.urls import path, register_converter

from backline.core.artists.rules import HANDLE_MAX, HANDLE_MIN, RESERVED_HANDLES
from backline.desks.web.pages import home, settings, studio, studio_track, studio_world, track, world


class HandleConverter:
    """A handle in an address, in any case; a reserved word is no handle."""

    regex = rf"[A-Za-z0-9_-]{{{HANDLE_MIN},{HANDLE_MAX}}}"

    def to_python(self, value: str) -> str:
        """The handle as typed. Raises ValueError (no match) for a word that the site needs itself."""
        if value.lower() in RESERVED_HANDLES:
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        """The handle as it stands."""
        return value


register_converter(HandleConverter, "handle")

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("settings", settings.settings, name="settings"),
    path("studio", studio.dashboard, name="studio"),
    path("studio/stream", studio.stream, name="studio_stream"),
    path("studio/uploads", studio.upload, name="studio_upload"),
    path("studio/world", studio_world.edit, name="studio_world"),
    path("studio/tracks/rows", studio.rows, name="studio_rows"),
    path("studio/tracks/<uuid:track_id>", studio_track.edit, name="studio_track"),
    path("studio/tracks/<uuid:track_id>/row", studio_track.row, name="studio_row"),
    path("studio/tracks/<uuid:track_id>/delete", studio_track.delete, name="studio_delete"),
    path("<handle:handle>", world.world, name="world"),
    path("<handle:handle>/join", world.join, name="join"),
    path("<handle:handle>/leave", world.leave, name="leave"),
    path("<handle:handle>/<uuid:track_id>", track.track, name="track"),
]
