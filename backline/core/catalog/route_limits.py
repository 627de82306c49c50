"""How often one address may send files. Reading is not limited here: the general limit of the API covers it."""

from backline.kernel.kit.conf import conf
from backline.kernel.kit.http import RouteLimit, by_address, limit_route

# One address serves several methods; Django knows it by the name of the first, and only unsafe methods are counted.
ROUTES = ("api:artist_tracks", "upload_create", "web:studio_upload")


def register() -> None:
    """Limit the routes that take files, by address."""
    for name in ROUTES:
        limit_route(name, RouteLimit("address", by_address, lambda: conf().limit_uploads))
