"""Announcing a resumable upload (tus 1.0.0, creation extension): the one step of the protocol that asks the database.

The answer's Location carries a signed token; the bytes then go to the raw application in `uploads/tus.py`.
"""

import base64
import binascii
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from backline.core.artists.errors import StepMissing
from backline.core.artists.queries import find_artist_of
from backline.core.catalog.actions.uploads import begin_upload
from backline.core.catalog.uploads.grants import UploadGrant, upload_address
from backline.core.catalog.uploads.sink import UploadSink
from backline.kernel.accounts.identity import actor_of, require_user
from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import Malformed
from backline.kernel.storage.store import incoming_dir

LIFETIME = timedelta(hours=24)


class BadAnnouncement(Malformed):
    """The headers that announce an upload are missing or not what the protocol says."""

    code = "bad_upload_headers"
    title = "The headers of the upload are not right"


def read_metadata(text: str) -> dict[str, str]:
    """The Upload-Metadata header: comma separated pairs of a key and base64. Raises BadAnnouncement."""
    values: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadAnnouncement(f"Upload-Metadata: {key[:40]} is not base64 of UTF-8 text") from error
    return values


@require_POST
def create_upload(request: HttpRequest) -> HttpResponse:
    """Announce a file: 201 with Location, or a refusal before a byte is sent."""
    user = require_user(request)
    artist = find_artist_of(actor_of(request))
    if artist is None:
        raise StepMissing("Make your artist profile first", step="profile", step_url="/studio/world")
    length = request.headers.get("Upload-Length", "")
    if not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise BadAnnouncement("Upload-Length: say how many bytes the file has")
    metadata = read_metadata(request.headers.get("Upload-Metadata", ""))
    filename = metadata.get("filename") or metadata.get("name") or "untitled"
    upload = begin_upload(user, artist, filename=filename, size_bytes=int(length))
    grant = UploadGrant(
        upload_id=upload.id, owner_id=user.id, size_bytes=upload.size_bytes, expires_at=now() + LIFETIME
    )
    UploadSink(incoming_dir()).create(upload.id)
    response = HttpResponse(status=201)
    response["Location"] = upload_address(grant, secret=conf().secret_key)
    response["Tus-Resumable"] = "1.0.0"
    response["Upload-Offset"] = "0"
    response["Upload-Id"] = str(upload.id)
    return response
