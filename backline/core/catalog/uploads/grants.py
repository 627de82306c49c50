"""An upload's address carries its permission: which upload, whose, how many bytes, until when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backline.core.catalog.uploads.errors import UploadExpired, UploadTokenRefused
from backline.kernel.kit.signing import BadSignature, key_for, sign, verify

PREFIX: Final = "/api/uploads/"
PURPOSE: Final = "upload"


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """The right of `owner_id` to send `size_bytes` as one upload until `expires_at`."""

    upload_id: UUID
    owner_id: UUID
    size_bytes: int
    expires_at: datetime


def issue_upload_token(grant: UploadGrant, *, secret: str) -> str:
    """The token of a grant, safe in an address."""
    fields = (grant.upload_id, grant.owner_id, grant.size_bytes, int(grant.expires_at.timestamp()))
    return sign(" ".join(map(str, fields)).encode(), key=key_for(secret, PURPOSE))


def upload_address(grant: UploadGrant, *, secret: str) -> str:
    """The address (path and query) to which the file is sent."""
    return f"{PREFIX}{grant.upload_id}?token={issue_upload_token(grant, secret=secret)}"


def read_upload_token(token: str, *, upload_id: str, secret: str, at: datetime) -> UploadGrant:
    """The grant of a token. Raises UploadTokenRefused for text we did not sign for this upload,
    UploadExpired from its expiry on.
    """
    try:
        fields = verify(token, key=key_for(secret, PURPOSE)).decode().split(" ")
    except BadSignature as error:
        raise UploadTokenRefused from error
    if fields[0] != upload_id:
        raise UploadTokenRefused
    expires_at = datetime.fromtimestamp(int(fields[3]), UTC)
    if at >= expires_at:
        raise UploadExpired
    return UploadGrant(UUID(fields[0]), UUID(fields[1]), int(fields[2]), expires_at)
