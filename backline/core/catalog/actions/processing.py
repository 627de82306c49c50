"""What the job does with a received file: have it measured, keep what was found, store what will be streamed.

Nothing long happens inside a transaction: the sound is worked on in a child process, the files are stored (by content,
so storing twice is storing once), and one short transaction at the end makes the track ready. A worker that is killed
on the way leaves the track as it was; the rescued job starts again and ends the same.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from backline.core.artists.images import store_image
from backline.core.catalog import events
from backline.core.catalog.actions.tracks import read_lyrics
from backline.core.catalog.errors import BadTrack
from backline.core.catalog.media.archive import extract_member, list_album
from backline.core.catalog.media.errors import Damaged, MediaRefused
from backline.core.catalog.media.model import (
    HookWindow,
    IngestResult,
    Measurements,
    PeaksFile,
    RenditionFile,
    RenditionKind,
    Tags,
)
from backline.core.catalog.media.worker_process import ingest_file, recut_hook
from backline.core.catalog.models import Rendition, RenditionScope, Track, TrackStatus
from backline.kernel.kit.clock import now
from backline.kernel.kit.errors import DomainError
from backline.kernel.outbox.facts import publish
from backline.kernel.outbox.jobs import Lane, defer
from backline.kernel.storage.blobs import BlobRef
from backline.kernel.storage.store import blob_store, incoming_dir

log = structlog.get_logger("catalog.processing")

WORK_PREFIX = "work-"
FULL_DISK_ATTEMPTS = 6


def process_track(track_id: UUID) -> None:
    """Make a received track ready, or failed with its cause. Any track that is not processing is left alone.

    Raises StorageFull, StorageUnavailable and the like when trying again later can help.
    """
    track = Track.objects.filter(id=track_id, status=TrackStatus.PROCESSING, deleted_at=None).first()
    if track is None:
        return
    try:
        with _work_folder() as folder:
            source = _source_of(track, folder)
            result = ingest_file(source, folder / "out", hook=_wanted_hook(track))
            _make_ready(track_id, _Stored(result, _cover_of(track, result, folder)))
    except MediaRefused as error:
        fail_track(track_id, error)


def fail_track(track_id: UUID, error: DomainError) -> None:
    """Record why a track cannot be made; the upload is kept."""
    with transaction.atomic():
        track = Track.objects.select_for_update().get(id=track_id)
        if track.status != TrackStatus.PROCESSING:
            return
        track.status = TrackStatus.FAILED
        track.error_code, track.error_detail = error.code, error.detail
        track.save(update_fields=("status", "error_code", "error_detail", "updated_at"))
        publish(events.TrackFailed(track_id=track.id, artist_id=track.artist_id, code=error.code))
    log.info("catalog.track_failed", track_id=str(track_id), code=error.code)


def cut_hook(track_id: UUID) -> None:
    """Cut the hook that the track wants, if its files hold another window. The old ones play until the commit."""
    track = Track.objects.filter(id=track_id, status=TrackStatus.READY).first()
    wanted = _wanted_hook(track) if track else None
    if track is None or wanted is None or not _needs_cut(track_id, wanted):
        return
    with _work_folder() as folder, blob_store().fetch(track.source_sha256) as source:
        files = recut_hook(source, wanted, folder / "out")
        stored = [(file, _put(file)) for file in files]
    with transaction.atomic():
        # The artist may have moved the hook again while this one was being cut: under the lock a later wish is seen,
        # this cut is dropped, and the job of that wish does the work.
        locked = Track.objects.select_for_update().get(id=track_id)
        if _wanted_hook(locked) != wanted:
            return
        _replace_renditions(locked, stored, RenditionScope.HOOK)
        fact = events.HookCut(
            track_id=track_id,
            artist_id=locked.artist_id,
            start_ms=wanted.start_ms,
            duration_ms=wanted.duration_ms,
        )
        publish(fact)


def _needs_cut(track_id: UUID, wanted: HookWindow) -> bool:
    current = Rendition.objects.filter(track_id=track_id, scope=RenditionScope.HOOK, retired_at=None)
    right = current.filter(start_ms=wanted.start_ms, duration_ms=wanted.duration_ms).count()
    return right == 0 or right != current.count()


def _wanted_hook(track: Track) -> HookWindow | None:
    if track.hook_start_ms is None or track.hook_duration_ms is None:
        return None
    return HookWindow(track.hook_start_ms, track.hook_duration_ms)


@contextmanager
def _work_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=incoming_dir()))
    (folder / "out").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _source_of(track: Track, folder: Path) -> Path:
    """The original as a local file; a member of an album is unpacked and stored first, and recorded at once."""
    store = blob_store()
    if not track.source_sha256:
        unpacked = folder / "member"
        with store.fetch(track.archive_sha256) as archive:
            wanted = [m for m in list_album(archive).tracks if m.name == track.archive_member]
            if not wanted:
                raise Damaged("The zip no longer holds this file: send the sound itself.")
            extract_member(archive, wanted[0], unpacked)
        size_bytes = unpacked.stat().st_size
        ref = store.put_file(unpacked, content_type="application/octet-stream")
        track.source_sha256, track.source_size_bytes = ref.sha256, size_bytes
        Track.objects.filter(id=track.id).update(source_sha256=ref.sha256, source_size_bytes=size_bytes)
    copy = folder / "source"
    local = store.local_path(track.source_sha256)
    if local is not None:
        return local
    with store.fetch(track.source_sha256) as fetched:
        shutil.copyfile(fetched, copy)
    return copy


def _put(file: RenditionFile) -> BlobRef:
    return blob_store().put_file(file.path, content_type=file.encoding.content_type)


class _Stored:
    """What was stored of an ingest, ready for the short transaction."""

    def __init__(self, result: IngestResult, cover: dict[str, str] | None) -> None:
        self.result = result
        self.cover = cover
        self.overview = _put_peaks(result.overview)
        self.detail = _put_peaks(result.detail)
        self.files = [(file, _put(file)) for file in result.renditions]


def _put_peaks(peaks: PeaksFile) -> str:
    return blob_store().put_file(peaks.path, content_type=peaks.content_type).sha256


def _cover_of(track: Track, result: IngestResult, folder: Path) -> dict[str, str] | None:
    """The picture of the tags, else the album's; a broken one is no reason to refuse the sound."""
    try:
        picture = result.cover_path or _album_picture(track, folder)
        return store_image(picture) if picture is not None else None
    except DomainError as error:
        if error.status >= 500:
            raise
        log.info("catalog.cover_ignored", why=error.detail)
        return None


def _album_picture(track: Track, folder: Path) -> Path | None:
    if not track.archive_sha256:
        return None
    with blob_store().fetch(track.archive_sha256) as archive:
        covers = list_album(archive).covers
        if not covers:
            return None
        extract_member(archive, covers[0], folder / "cover")
    return folder / "cover"


@transaction.atomic
def _make_ready(track_id: UUID, stored: _Stored) -> None:
    # The artist may edit words or the hook while the sound is worked on; the lock makes the two writes take turns,
    # and what a person wrote wins over what the tags say.
    track = Track.objects.select_for_update().get(id=track_id)
    if track.status != TrackStatus.PROCESSING:
        return
    result = stored.result
    _fill_from_tags(track, result.tags)
    _fill_measurements(track, result.measurements)
    track.cover = track.cover or stored.cover
    track.source_codec = result.probe.codec.value
    track.peaks_sha256, track.peaks_detail_sha256 = stored.overview, stored.detail
    track.suggested_start_ms = result.suggestion.start_ms
    track.suggested_duration_ms = result.suggestion.duration_ms
    track.suggested_reason = result.suggestion.reason
    if not _hook_fits(track):
        track.hook_start_ms, track.hook_duration_ms = result.hook.start_ms, result.hook.duration_ms
    track.status = TrackStatus.READY
    track.error_code = track.error_detail = ""
    track.save()
    for scope in RenditionScope:
        kind = RenditionKind.HOOK if scope is RenditionScope.HOOK else RenditionKind.STREAM
        _replace_renditions(track, [(f, ref) for f, ref in stored.files if f.kind is kind], scope)
    publish(events.TrackReady(track_id=track.id, artist_id=track.artist_id))
    if _wanted_hook(track) != result.hook:
        defer("catalog.cut_hook", lane=Lane.MEDIA, lock=f"track:{track.id}", track_id=str(track.id))


def _hook_fits(track: Track) -> bool:
    if track.hook_start_ms is None or track.hook_duration_ms is None or track.duration_ms is None:
        return False
    return track.hook_start_ms + track.hook_duration_ms <= track.duration_ms


def _fill_from_tags(track: Track, tags: Tags) -> None:
    if tags.title and not track.is_title_given:
        track.title = tags.title[:200]
    track.album = track.album or (tags.album or "")[:200]
    track.genre = track.genre or (tags.genre or "")[:60]
    track.number = track.number if track.number is not None else tags.track_number
    track.year = track.year if track.year is not None else tags.year
    track.isrc = track.isrc or tags.isrc or ""
    track.tagged_artist = (tags.artist or "")[:200]
    if tags.lyrics and not track.lyrics:
        try:
            track.lyrics, track.lyrics_lrc = read_lyrics(tags.lyrics)
        except BadTrack as error:
            log.info("catalog.lyrics_ignored", track_id=str(track.id), why=error.detail)


def _fill_measurements(track: Track, found: Measurements) -> None:
    track.channels, track.sample_rate_hz = found.channels, found.sample_rate_hz
    track.duration_ms = found.duration_ms
    track.loudness_lufs, track.loudness_range_lu = found.loudness_lufs, found.loudness_range_lu
    track.true_peak_dbtp = found.true_peak_dbtp
    track.leading_silence_ms, track.trailing_silence_ms = found.leading_silence_ms, found.trailing_silence_ms


def _replace_renditions(track: Track, stored: list[tuple[RenditionFile, BlobRef]], scope: RenditionScope) -> None:
    Rendition.objects.filter(Q(track=track, scope=scope, retired_at=None)).update(retired_at=now())
    Rendition.objects.bulk_create(
        Rendition(
            track=track,
            artist_id=track.artist_id,
            scope=scope,
            encoding=file.encoding.value,
            sha256=ref.sha256,
            size_bytes=ref.size_bytes,
            start_ms=file.window.start_ms,
            duration_ms=file.window.duration_ms,
        )
        for file, ref in stored
    )
