"""Reactions to facts: each one step long."""

from backline.core.catalog.events import TrackReceived
from backline.kernel.outbox.facts import subscribe
from backline.kernel.outbox.jobs import Lane, defer


@subscribe(TrackReceived, "catalog.start_processing")
def start_processing(fact: TrackReceived) -> None:
    """Enqueue the long work in the media lane; the delivery makes sure that it is enqueued once."""
    defer("catalog.process_track", lane=Lane.MEDIA, lock=f"track:{fact.track_id}", track_id=str(fact.track_id))
