"""The table of settings in docs/guide/configuration.md, made from the declarations so that it cannot lie."""

from __future__ import annotations

from dataclasses import dataclass

from backline.config.settings import Settings


@dataclass(frozen=True)
class Row:
    """One row of the table of settings."""

    env: str
    default: str
    what: str


def documentation() -> list[Row]:
    """Return the table of settings, in the order in which an operator meets them."""
    rows = []
    for field in Settings.model_fields.values():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = "none" if field.default in (None, ()) else f"`{_shown(field.default)}`"
        rows.append(Row(str(field.validation_alias), str(extra.get("shown") or default), field.description or ""))
    return rows


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def markdown() -> str:
    """Return the table of settings as Markdown."""
    rows = [f"| `{row.env}` | {row.default} | {row.what} |" for row in documentation()]
    return "\n".join(["| variable | default | what it does |", "|---|---|---|", *rows]) + "\n"
