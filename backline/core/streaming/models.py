"""The record of plays."""

from typing import ClassVar

from django.db import models

from backline.kernel.kit.clock import now
from backline.kernel.kit.rows import RowPolicies


class Milestone(models.TextChoices):
    """How far a play came."""

    START = "start"
    THIRTY_SECONDS = "30s"
    END = "end"


class Play(models.Model):
    """One milestone of one play. Append-only, partitioned by month of `started_at`.

    The id is made from the play and the milestone, so that reporting a milestone twice is the same row.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    started_at = models.DateTimeField()
    play_id = models.UUIDField()
    milestone = models.CharField(max_length=5, choices=Milestone)
    track_id = models.UUIDField()
    artist_id = models.UUIDField()
    user_id = models.UUIDField(null=True)
    listener_id = models.UUIDField()
    is_full = models.BooleanField()
    counted_at = models.DateTimeField(default=now)

    rows: ClassVar = RowPolicies(
        read="{staff} OR user_id = {actor} OR"
        " EXISTS (SELECT 1 FROM artists_artist a WHERE a.id = artist_id AND a.owner_id = {actor})",
        insert="user_id IS NULL OR user_id = {actor}",
        is_append_only=True,
    )

    class Meta:
        db_table = "streaming_play"
        indexes = (
            models.Index(fields=("artist_id", "started_at"), name="streaming_play_artist"),
            models.Index(fields=("track_id", "milestone", "started_at"), name="streaming_play_track"),
        )

    def __str__(self) -> str:
        return f"{self.play_id} {self.milestone}"
