"""Addresses of live streams: a signed token says which topics its holder may hear, and until when."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from backline.kernel.kit.clock import now
from backline.kernel.kit.conf import conf
from backline.kernel.outbox.sse import StreamGrant, issue_stream_token

LIFETIME = timedelta(hours=12)


def stream_url(topics: Sequence[str]) -> str:
    """The address of a stream of these topics, good for half a day. The caller has checked that they may be heard."""
    grant = StreamGrant(topics=tuple(topics), expires_at=now() + LIFETIME)
    return f"/api/stream?token={quote(issue_stream_token(grant, secret=conf().secret_key))}"
