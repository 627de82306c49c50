"""The staff's view of tracks and uploads: what failed and why; a track can be withdrawn, never deleted."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from backline.core.catalog.models import Track, Upload


@admin.register(Track)
class TrackAdmin(ModelAdmin):
    """Tracks, newest first; words can be corrected, what was measured cannot."""

    list_display = ("title", "artist", "status", "error_code", "is_published", "created_at")
    list_filter = ("status", "is_published", "error_code")
    search_fields = ("title", "artist__handle", "isrc")
    list_select_related = ("artist",)
    ordering = ("-id",)
    fields = ("title", "album", "genre", "isrc", "is_explicit", "is_published", "status", "error_code", "error_detail")

    def get_readonly_fields(self, request: HttpRequest, obj: Track | None = None) -> tuple[str, ...]:
        """What the pipeline wrote is not edited by hand."""
        return ("status", "error_code", "error_detail")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: tracks come from uploads."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Track | None = None) -> bool:
        """Never: content is not hard-deleted."""
        return False


@admin.register(Upload)
class UploadAdmin(ModelAdmin):
    """Resumable uploads; only to be read."""

    list_display = ("filename", "artist", "size_bytes", "state", "error_code", "created_at")
    list_filter = ("state",)
    list_select_related = ("artist",)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: uploads are sent."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        """Never: an upload is a record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        """Never: an upload is a record."""
        return False
