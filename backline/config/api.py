"""The JSON API: every module's router under one roof, one document that describes it all."""

from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.types import DictStrAny

from backline import __version__
from backline.config.raw_routes import RAW_PATHS
from backline.core.artists.api import router as artists_router
from backline.core.catalog.api import artist_router as artist_tracks_router
from backline.core.catalog.api import router as tracks_router
from backline.core.streaming.api import router as streaming_router
from backline.kernel.accounts.api import router as auth_router
from backline.kernel.kit.api import body_refused, domain_refused, no_room
from backline.kernel.kit.errors import PROBLEM_CONTENT_TYPE, DomainError

DESCRIPTION = """
Sign in with `POST /api/v1/auth/token` and send the access token as `Authorization: Bearer ...`, or use the browser's
session. Refusals are problem documents (RFC 9457): `code` is for programs, `detail` for people. Lists are paged by
cursor: `{"items": [...], "next_cursor": ...}`. Times of music are milliseconds, instants are RFC 3339 in UTC.
"""

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


class BacklineAPI(NinjaAPI):
    """Ninja's API, whose document types refusals (RFC 9457) and names the raw routes too."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None
    ) -> OpenAPISchema:
        """The OpenAPI document."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for item in schema["paths"].values():
            for operation in item.values():
                for answer in operation["responses"].values():
                    content = answer.get("content", {})
                    if content.get("application/json", {}).get("schema") == PROBLEM_REF:
                        content[PROBLEM_CONTENT_TYPE] = content.pop("application/json")
        schema["paths"].update(RAW_PATHS)
        return schema


api = BacklineAPI(
    title="Backline",
    version=__version__,
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/api/docs",
    openapi_extra={
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        "security": [{}, {"bearer": []}],
    },
)
api.add_router("/api/v1/auth", auth_router)
api.add_router("/api/v1/artists", artists_router)
api.add_router("/api/v1/artists", artist_tracks_router)
api.add_router("/api/v1/tracks", tracks_router)
api.add_router("/api/v1", streaming_router)
api.add_exception_handler(ValidationError, body_refused)
api.add_exception_handler(DomainError, domain_refused)
api.add_exception_handler(OSError, no_room)
