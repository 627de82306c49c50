"""The routes that Django does not serve, described for the API's document: bytes, uploads, live streams.

They are answered by raw applications (ADR 0002), so no schema of theirs is derived; what stands here is checked by a
test that calls each of them.
"""

from typing import Any

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}
BINARY = {"schema": {"type": "string", "format": "binary"}}


def _refusals(**by_status: str) -> dict[str, Any]:
    return {status.removeprefix("s"): {"description": what, "content": PROBLEM} for status, what in by_status.items()}


def _parameter(name: str, where: str, what: str, *, is_required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": where, "required": is_required, "description": what, "schema": {"type": "string"}}


TOKEN = _parameter("token", "query", "The signed token of the address, as it was given")
TUS = _parameter("Tus-Resumable", "header", "1.0.0; another version, or none, is answered 412")
VERSION = "Another version of tus than 1.0.0"
UPLOAD = _parameter("upload_id", "path", "The upload, as the Location of its announcement names it")

AUDIO = {
    "tags": ["bytes"],
    "summary": "The bytes of a hook or a track",
    "description": "Asked for with `POST /api/v1/tracks/{track_id}/play`; good for about a minute. Single ranges.",
    "parameters": [
        _parameter("track_id", "path", "The track"),
        TOKEN,
        _parameter("Range", "header", "A range of bytes, like bytes=0-65535", is_required=False),
    ],
    "responses": {
        "200": {"description": "All of the file", "content": {"audio/mpeg": BINARY, "audio/webm": BINARY}},
        "206": {"description": "The range that was asked for", "content": {"audio/mpeg": BINARY, "audio/webm": BINARY}},
        "302": {"description": "The file lies in a bucket: an address there, good for about a minute"},
        "304": {"description": "Not changed since (If-None-Match)"},
    }
    | _refusals(
        s403="token_expired or token_refused: ask for a new address",
        s404="blob_missing: the file is not in storage",
        s416="The range lies outside of the file",
    ),
}

RAW_PATHS: dict[str, dict[str, Any]] = {
    "/api/audio/{track_id}": {"get": AUDIO, "head": AUDIO},
    "/api/uploads": {
        "post": {
            "tags": ["uploads"],
            "summary": "Announce a resumable upload (tus 1.0.0, creation)",
            "parameters": [
                TUS,
                _parameter("Upload-Length", "header", "How many bytes the file has"),
                _parameter("Upload-Metadata", "header", "filename and its name in base64", is_required=False),
            ],
            "responses": {"201": {"description": "Send the bytes to the address in Location"}}
            | _refusals(
                s401="Sign in first",
                s409="step_missing: `step` names it",
                s413="upload_too_large",
                s422="bad_upload_headers or empty_file",
                s429="Too many uploads: see Retry-After",
            ),
        }
    },
    "/api/uploads/{upload_id}": {
        "head": {
            "tags": ["uploads"],
            "summary": "Where to go on: Upload-Offset",
            "parameters": [UPLOAD, TOKEN, TUS],
            "responses": {"200": {"description": "Upload-Offset and Upload-Length"}}
            | _refusals(
                s403="The address is not valid", s404="The upload is over", s410="The upload has expired", s412=VERSION
            ),
        },
        "patch": {
            "tags": ["uploads"],
            "summary": "The next bytes; with the last one the file is taken in",
            "parameters": [UPLOAD, TOKEN, TUS, _parameter("Upload-Offset", "header", "Where these bytes begin")],
            "requestBody": {"required": True, "content": {"application/offset+octet-stream": BINARY}},
            "responses": {"204": {"description": "Upload-Offset says how much is here"}}
            | _refusals(
                s403="The address is not valid",
                s404="The upload is over",
                s409="The bytes do not begin where the last ones ended",
                s410="The upload has expired",
                s412=VERSION,
                s413="More bytes than were announced",
                s415="Send application/offset+octet-stream",
                s422="The file is no sound that can be taken; `code` and `detail` say why",
                s423="Another request is writing",
                s507="The disk is full: what arrived is kept",
            ),
        },
        "delete": {
            "tags": ["uploads"],
            "summary": "Throw the upload away",
            "parameters": [UPLOAD, TOKEN, TUS],
            "responses": {"204": {"description": "Gone"}} | _refusals(s403="The address is not valid", s412=VERSION),
        },
    },
    "/api/stream": {
        "get": {
            "tags": ["live"],
            "summary": "Facts as they happen (server-sent events)",
            "description": "The studio's page carries its address. Last-Event-ID brings what was missed.",
            "parameters": [TOKEN, _parameter("Last-Event-ID", "header", "The last event heard", is_required=False)],
            "responses": {"200": {"description": "Events", "content": EVENTS}}
            | _refusals(s403="stream_expired or stream_refused: load the page again", s429="Too many streams"),
        }
    },
}
