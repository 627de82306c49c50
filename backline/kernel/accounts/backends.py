"""Signing in with e-mail and password, and loading the account of a session together with its roles in one
query.
"""

from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from backline.kernel.accounts import queries
from backline.kernel.accounts.models import User


class Backend(AuthenticationBackend):
    """allauth's backend with our way of loading."""

    def get_user(self, user_id: UUID) -> User | None:
        """The account of a session, or None where it was closed."""
        user = queries.find_user_with_roles(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
