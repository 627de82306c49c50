"""Where the database is, and our own supervisor for when nobody brings one.

A DATABASE_URL is used as it is. Without one, Postgres programs of the system or of the lock are run by us:
as an unprivileged user, with passwords only, on loopback only, with the data under the data folder. This
package knows no Django. Start reading at `supervisor.py`; `roles.py` says as whom each process connects.
"""

from backline.config.postgres.address import DatabaseAddress
from backline.config.postgres.errors import PostgresProblem
from backline.config.postgres.roles import DatabaseRole, current_role, database_url_for, ensure_roles

__all__ = [
    "DatabaseAddress",
    "DatabaseRole",
    "PostgresProblem",
    "current_role",
    "database_url_for",
    "ensure_roles",
]
