"""Uploads, tracks, renditions and credits.

Every content table carries `artist_id`: it is the distribution key should the database ever be spread over machines.
"""

from typing import ClassVar

from django.db import models

from backline.core.artists.models import Artist
from backline.core.catalog.media.model import Encoding
from backline.kernel.kit.models import Content, Row
from backline.kernel.kit.rows import RowPolicies

_OWNED = "EXISTS (SELECT 1 FROM artists_artist a WHERE a.id = artist_id AND a.owner_id = {actor})"
# The inner select is itself under the policies of artists_artist: it finds the worlds that the actor may open.
# Written as scalar subqueries: an EXISTS may be planned as one hash over every world, whatever is asked for.
_OPEN_WORLD = "(SELECT true FROM artists_artist a WHERE a.id = artist_id)"
_SEEN_TRACK = "(SELECT true FROM catalog_track t WHERE t.id = track_id)"


class UploadState(models.TextChoices):
    """Bytes arriving, all there and handed to tracks, or refused."""

    RECEIVING = "receiving"
    COMPLETE = "complete"
    REFUSED = "refused"


class Upload(Row):
    """One file on its way in by the resumable protocol: what was announced and what became of it."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="uploads")
    filename = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.RECEIVING)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    rows: ClassVar = RowPolicies(read=f"{_OWNED} OR {{staff}}", insert=_OWNED, update=_OWNED)

    class Meta:
        db_table = "catalog_upload"
        indexes = (
            models.Index(fields=("artist", "-created_at"), name="catalog_upload_artist"),
            models.Index(fields=("created_at",), name="catalog_upload_open", condition=models.Q(state="receiving")),
        )

    def __str__(self) -> str:
        return f"{self.filename} ({self.state})"


class TrackStatus(models.TextChoices):
    """Where a track is between its upload and being playable."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Track(Content):
    """One recording. Times are milliseconds from its first sample; text is as the artist wrote it, any script."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="tracks")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, related_name="tracks")
    status = models.CharField(max_length=10, choices=TrackStatus, default=TrackStatus.PROCESSING)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)

    title = models.CharField(max_length=200)
    is_title_given = models.BooleanField(default=False)  # a title that a person gave is not replaced by the tags'
    album = models.CharField(max_length=200, blank=True)
    genre = models.CharField(max_length=60, blank=True)
    number = models.PositiveIntegerField(null=True, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.IntegerField(default=0)
    isrc = models.CharField(max_length=12, blank=True)
    lyrics = models.TextField(blank=True)
    lyrics_lrc = models.TextField(blank=True)
    is_explicit = models.BooleanField(default=False)
    tagged_artist = models.CharField(max_length=200, blank=True)
    cover = models.JSONField(null=True, blank=True)

    source_sha256 = models.CharField(max_length=64, blank=True)
    source_name = models.CharField(max_length=255, blank=True)
    source_size_bytes = models.BigIntegerField(default=0)
    source_codec = models.CharField(max_length=20, blank=True)
    archive_sha256 = models.CharField(max_length=64, blank=True)
    archive_member = models.CharField(max_length=1024, blank=True)

    channels = models.PositiveSmallIntegerField(null=True)
    sample_rate_hz = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    loudness_lufs = models.FloatField(null=True)
    loudness_range_lu = models.FloatField(null=True)
    true_peak_dbtp = models.FloatField(null=True)
    leading_silence_ms = models.PositiveIntegerField(null=True)
    trailing_silence_ms = models.PositiveIntegerField(null=True)
    peaks_sha256 = models.CharField(max_length=64, blank=True)
    peaks_detail_sha256 = models.CharField(max_length=64, blank=True)

    hook_start_ms = models.PositiveIntegerField(null=True)
    hook_duration_ms = models.PositiveIntegerField(null=True)
    suggested_start_ms = models.PositiveIntegerField(null=True)
    suggested_duration_ms = models.PositiveIntegerField(null=True)
    suggested_reason = models.TextField(blank=True)

    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)

    rows: ClassVar = RowPolicies(
        read=f"{_OWNED} OR {{staff}} OR (is_published AND deleted_at IS NULL AND {_OPEN_WORLD})",
        insert=_OWNED,
        update=f"{_OWNED} OR {{staff}}",
    )

    class Meta:
        db_table = "catalog_track"
        constraints = (
            models.CheckConstraint(condition=models.Q(status__in=TrackStatus.values), name="catalog_track_status"),
            models.CheckConstraint(
                condition=models.Q(is_published=False) | models.Q(status="ready"),
                name="catalog_track_published_is_ready",
            ),
            models.CheckConstraint(
                condition=models.Q(hook_duration_ms=None) | models.Q(hook_duration_ms__range=(1, 30_000)),
                name="catalog_track_hook_length",
            ),
        )
        indexes = (
            models.Index(
                fields=("-published_at", "-id"),
                name="catalog_track_newest",
                condition=models.Q(is_published=True, deleted_at=None),
            ),
            models.Index(fields=("artist", "position", "id"), name="catalog_track_artist"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_hook_suggested(self) -> bool:
        """True while the hook is the one that the machine suggested."""
        return (self.hook_start_ms, self.hook_duration_ms) == (self.suggested_start_ms, self.suggested_duration_ms)


class RenditionScope(models.TextChoices):
    """Whether a file holds the whole track or only its hook."""

    FULL = "full"
    HOOK = "hook"


class Rendition(Row):
    """A file written to be streamed. A replaced hook keeps its row and its bytes, with `retired_at`."""

    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="renditions")
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=4, choices=RenditionScope)
    encoding = models.CharField(max_length=10, choices=[(e.value, e.value) for e in Encoding])
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    start_ms = models.PositiveIntegerField()
    duration_ms = models.PositiveIntegerField()
    retired_at = models.DateTimeField(null=True)

    # Where the whole track lies is known to its owner and the casset's members only; hooks are everybody's.
    rows: ClassVar = RowPolicies(
        read=f"(scope = 'hook' AND {_SEEN_TRACK}) OR {_OWNED} OR {{staff}}"
        f" OR (artists_is_member(artist_id, {{actor}}) AND {_SEEN_TRACK})",
    )

    class Meta:
        db_table = "catalog_rendition"
        constraints = (
            models.UniqueConstraint(
                fields=("track", "scope", "encoding"),
                condition=models.Q(retired_at=None),
                name="catalog_rendition_current",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope} {self.encoding} of {self.track_id}"


class CreditRole(models.TextChoices):
    """What somebody did for a recording (after DDEX contributor roles)."""

    PERFORMER = "performer"
    FEATURED = "featured"
    VOCALS = "vocals"
    GUITAR = "guitar"
    BASS = "bass"
    DRUMS = "drums"
    KEYS = "keys"
    STRINGS = "strings"
    PROGRAMMING = "programming"
    COMPOSER = "composer"
    LYRICIST = "lyricist"
    ARRANGER = "arranger"
    PRODUCER = "producer"
    REMIXER = "remixer"
    ENGINEER = "engineer"
    MIXING = "mixing"
    MASTERING = "mastering"
    ARTWORK = "artwork"
    OTHER = "other"


class Credit(Row):
    """One person's part in a recording. Replacing the credits of a track retires the old rows."""

    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="credits")
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=CreditRole)
    position = models.PositiveSmallIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)

    rows: ClassVar = RowPolicies(
        read=f"{_OWNED} OR {{staff}} OR (deleted_at IS NULL AND {_SEEN_TRACK})",
        insert=_OWNED,
        update=_OWNED,
    )

    class Meta:
        db_table = "catalog_credit"
        indexes = (models.Index(fields=("track", "position"), name="catalog_credit_track"),)

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"
