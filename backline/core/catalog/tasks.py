"""Job entry points of the catalogue: ids in, one action called."""

from datetime import timedelta
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from backline.core.catalog.actions import processing
from backline.core.catalog.media.errors import MediaCrashed
from backline.core.catalog.models import Upload, UploadState
from backline.core.catalog.uploads.sink import UploadSink
from backline.kernel.kit.clock import now
from backline.kernel.kit.errors import DomainError
from backline.kernel.outbox.jobs import Lane
from backline.kernel.storage.store import LEFT_OVER_AFTER, incoming_dir, sweep_left_overs

MAX_ATTEMPTS = 6
UPLOAD_KEPT = timedelta(hours=24)

_retry = RetryStrategy(max_attempts=MAX_ATTEMPTS, exponential_wait=4)


class ProcessingUnavailable(DomainError):
    """Processing could not be done, for reasons that lie with the server; the upload is kept."""

    code = "processing_unavailable"
    status = 503
    title = "The server could not process this file"


@app.task(name="catalog.process_track", queue=Lane.MEDIA.value, retry=_retry, pass_context=True)
def process_track(context: JobContext, track_id: str) -> None:
    """Make a received track ready or failed. The last attempt ends in a named failure rather than in silence."""
    try:
        processing.process_track(UUID(track_id))
    except MediaCrashed as error:
        # Once can be the machine (out of memory beside other work); twice is the file.
        if _attempt(context) >= 2:
            processing.fail_track(UUID(track_id), error)
            return
        raise
    except Exception as error:
        if _attempt(context) < MAX_ATTEMPTS:
            raise
        processing.fail_track(UUID(track_id), _named(error))


@app.task(name="catalog.cut_hook", queue=Lane.MEDIA.value, retry=_retry)
def cut_hook(track_id: str) -> None:
    """Cut the hook that the artist chose."""
    processing.cut_hook(UUID(track_id))


@app.periodic(cron="41 * * * *")
@app.task(name="catalog.sweep_uploads", queueing_lock="catalog.sweep_uploads")
def sweep_uploads(timestamp: int) -> None:
    """Every hour: give up uploads that did not go on for a day, and remove what killed processes left half-made."""
    sweep_left_overs(LEFT_OVER_AFTER)
    UploadSink(incoming_dir()).sweep_expired(now() - UPLOAD_KEPT)
    Upload.objects.filter(state=UploadState.RECEIVING, created_at__lt=now() - 2 * UPLOAD_KEPT).update(
        state=UploadState.REFUSED,
        error_code="upload_expired",
        error_detail="The upload did not go on for a day: start it again.",
        finished_at=now(),
    )


def _attempt(context: JobContext) -> int:
    return context.job.attempts + 1 if context.job is not None else MAX_ATTEMPTS


def _named(error: Exception) -> DomainError:
    if isinstance(error, DomainError):
        return error
    return ProcessingUnavailable(
        "The server could not process this file after several attempts. Your upload is kept: ask the operator to look"
        " at the log, or send the file again."
    )
