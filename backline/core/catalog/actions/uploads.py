"""Receiving files: a file that arrived whole becomes one track, or an album of tracks when it is a zip.

Judging by the first bytes happens at once, so that a wrong file is refused while the person still looks; decoding it
is a job's work. The original goes to storage untouched. A refusal leaves neither rows nor files behind.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction

from backline.core.artists.gate import GatedAction, pass_gate
from backline.core.artists.models import Artist
from backline.core.artists.rules import BadValue, clean_line
from backline.core.catalog import events, rules
from backline.core.catalog.actions.tracks import next_position
from backline.core.catalog.errors import BadTrack, UploadNotFound, UploadTooLarge
from backline.core.catalog.media.archive import list_album
from backline.core.catalog.media.errors import EmptyFile
from backline.core.catalog.media.model import Container
from backline.core.catalog.media.sniff import sniff
from backline.core.catalog.models import Track, Upload, UploadState
from backline.core.catalog.uploads.grants import UploadGrant
from backline.kernel.accounts.models import User
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import DomainError
from backline.kernel.kit.rows import Actor, act_as
from backline.kernel.outbox.facts import publish
from backline.kernel.storage.store import blob_store


@dataclass(frozen=True, slots=True)
class ReceivedTrack:
    """A track that a file became, and the name it had in that file."""

    track: Track
    name: str


def clean_filename(name: str) -> str:
    """The last part of a file's name, in any script, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(ch for ch in last if ch.isprintable())[:255].strip() or "untitled"


def begin_upload(user: User, artist: Artist, *, filename: str, size_bytes: int) -> Upload:
    """Announce a file that will arrive in parts. Raises StepMissing, EmptyFile or UploadTooLarge."""
    pass_gate(user, artist, GatedAction.UPLOAD)
    check_size(size_bytes)
    upload = Upload(artist=artist, filename=clean_filename(filename), size_bytes=size_bytes)
    upload.save(force_insert=True)
    return upload


def check_size(size_bytes: int) -> None:
    """Refuse nothing at all and too much. Raises EmptyFile or UploadTooLarge."""
    limit = conf().max_upload_bytes
    if size_bytes <= 0:
        raise EmptyFile("The file is empty: choose the sound file itself and send it again.")
    if size_bytes > limit:
        raise UploadTooLarge(
            f"The file has {size_bytes / 2**20:.0f} MB, at most {limit / 2**20:.0f} MB are taken: send it as FLAC,"
            " or the album track by track.",
            limit_bytes=limit,
        )


def finish_upload(upload_id: UUID, user: User, path: Path) -> list[ReceivedTrack]:
    """Turn an announced file that is now whole at `path` into tracks; the file is consumed.

    Finishing twice gives the same tracks. Raises UploadNotFound, a MediaRefused or StorageFull.
    """
    # The last part can be sent twice at once (a client that gave up waiting): the row lock lets one of them turn the
    # file into tracks, and the other finds them made.
    upload = Upload.objects.select_for_update().select_related("artist").filter(id=upload_id).first()
    if upload is None or upload.state == UploadState.REFUSED:
        raise UploadNotFound
    if upload.state == UploadState.COMPLETE:
        return [ReceivedTrack(track, track.source_name) for track in upload.tracks.order_by("position", "id")]
    received = receive_file(user, upload.artist, path, filename=upload.filename, upload=upload)
    upload.state = UploadState.COMPLETE
    upload.finished_at = now()
    upload.save(update_fields=("state", "finished_at"))
    return received


def refuse_upload(upload_id: UUID, error: DomainError) -> None:
    """Record why an announced file was refused."""
    Upload.objects.filter(id=upload_id, state=UploadState.RECEIVING).update(
        state=UploadState.REFUSED, error_code=error.code, error_detail=error.detail, finished_at=now()
    )


def receive_file(
    user: User, artist: Artist, path: Path, *, filename: str, title: str | None = None, upload: Upload | None = None
) -> list[ReceivedTrack]:
    """Turn the whole file at `path` into one track, or a zip into one per sound in it; the file is consumed.

    Raises StepMissing, EmptyFile, UploadTooLarge, a MediaRefused, BadTrack (the title) or StorageFull.
    """
    pass_gate(user, artist, GatedAction.UPLOAD)
    check_size(path.stat().st_size)
    if title is not None and not title.strip():
        title = None
    if sniff(path) is Container.ZIP:
        return _receive_album(user, artist, path, filename, upload)
    track = Track(artist=artist, upload=upload, source_name=clean_filename(filename))
    _name(track, title, track.source_name)
    track.source_size_bytes = path.stat().st_size
    track.source_sha256 = blob_store().put_file(path, content_type="application/octet-stream").sha256
    track.position = next_position(artist)
    _receive(user, track)
    return [ReceivedTrack(track, track.source_name)]


def _receive_album(user: User, artist: Artist, path: Path, filename: str, upload: Upload | None) -> list[ReceivedTrack]:
    members = list_album(path).tracks
    archive = blob_store().put_file(path, content_type="application/zip")
    first = next_position(artist)
    received = []
    for position, member in enumerate(members, first):
        track = Track(artist=artist, upload=upload, position=position)
        track.archive_sha256, track.archive_member = archive.sha256, member.name
        track.source_name = clean_filename(member.name)
        track.source_size_bytes = member.size
        _name(track, None, track.source_name)
        _receive(user, track)
        received.append(ReceivedTrack(track, member.name))
    return received


def take_in(grant: UploadGrant, path: Path) -> None:
    """Accept a resumable upload whose last byte has arrived, as its owner, in a transaction of its own.

    Raises what `finish_upload` raises; a final refusal is recorded on the upload. The part file stays where it is until
    the transaction has committed (a second name of it is given away), so that a failure on the way loses nothing.
    """
    given = path.with_suffix(".taken")
    given.unlink(missing_ok=True)
    os.link(path, given)
    try:
        with transaction.atomic(), act_as(Actor(grant.owner_id)):
            user = User.objects.get(id=grant.owner_id)
            finish_upload(grant.upload_id, user, given)
    except DomainError as error:
        if error.status < 500:
            with transaction.atomic(), act_as(Actor(grant.owner_id)):
                refuse_upload(grant.upload_id, error)
        raise
    finally:
        given.unlink(missing_ok=True)


def was_taken_in(grant: UploadGrant) -> bool:
    """Whether the upload has become tracks already."""
    with transaction.atomic(), act_as(Actor(grant.owner_id)):
        return Upload.objects.filter(id=grant.upload_id, state=UploadState.COMPLETE).exists()


def _name(track: Track, title: str | None, filename: str) -> None:
    if title is None:
        track.title = rules.title_from(filename)
        return
    try:
        track.title = clean_line(title, max_length=200)
    except BadValue as error:
        raise BadTrack("title", str(error)) from error
    track.is_title_given = True


def _receive(user: User, track: Track) -> None:
    track.save(force_insert=True)
    publish(events.TrackReceived(track_id=track.id, artist_id=track.artist_id), actor_id=user.id)
