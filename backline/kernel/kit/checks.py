"""A system check that finds a table of ours that does not say who may read and write its rows."""

from collections.abc import Sequence
from typing import Any

from django.core import checks

from backline.kernel.kit.row_sync import UndeclaredTable, our_models, policies_of


def check_row_policies(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """One error for each model of ours without a `rows` declaration."""
    found: list[checks.CheckMessage] = []
    for model in our_models():
        try:
            policies_of(model)
        except UndeclaredTable as error:
            found.append(checks.Error(str(error), obj=model, id="kit.E001"))
    return found


def register_checks() -> None:
    """Add the check to Django's registry."""
    checks.register(check_row_policies, checks.Tags.models)
