"""Pages of lists (AIP-158): newest first, from an opaque token on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from songreel_kit.errors import InvalidPageToken, InvalidRequest

MAX_PAGE_SIZE = 100


@dataclass(frozen=True)
class Position:
    """Where the next page begins: after the entry with this time and id."""

    created: int
    """Microseconds since 1970."""

    id: str


@dataclass(frozen=True)
class Page:
    """What a list request asks for."""

    size: int
    after: Position | None
    scope: str
    """What the list is of; a token serves only the list it came from."""

    def token(self, last: Position) -> str:
        """The token for the page after the entry `last`."""
        text = json.dumps([self.scope, last.created, last.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def requested_page(scope: Sequence[str], page_size: int, token: str, default_size: int) -> Page:
    """Reads a list request's page fields.

    Args:
        scope: What is listed: collection, project, filter.
        page_size: As asked for; 0 is the default and more than 100 counts as 100.
        token: As the last answer gave it, or empty.
        default_size: Entries on a page when none are asked for.

    Raises:
        InvalidRequest: The page size is negative.
        InvalidPageToken: The token is not one that this list gave.
    """
    if page_size < 0:
        raise InvalidRequest("page_size must not be negative; 0 is the default", field="page_size")
    name = "/".join(scope)
    size = min(page_size or default_size, MAX_PAGE_SIZE)
    return Page(size, _position(name, token) if token else None, name)


def paged(
    chosen: sa.Select[*tuple[Any, ...]], table: sa.Table, page: Page, *, key: str = "id"
) -> sa.Select[*tuple[Any, ...]]:
    """The select for a page, newest first, and one row more to know whether it is the last.

    `key`: the column that tells entries of one moment apart.
    """
    last = table.c[key]
    if page.after is not None:
        after = page.after
        chosen = chosen.where(
            sa.or_(
                table.c.created < after.created,
                sa.and_(table.c.created == after.created, last < after.id),
            )
        )
    return chosen.order_by(table.c.created.desc(), last.desc()).limit(page.size + 1)


def next_token(page: Page, found: list[tuple[int, str]]) -> str:
    """The next page's token, from the (created, id) that `paged` found; empty at the end."""
    return page.token(Position(*found[page.size - 1])) if len(found) > page.size else ""


def _position(scope: str, token: str) -> Position:
    try:
        padded = token + "=" * (-len(token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        listed, created, entry = json.loads(text)
        if listed == scope and isinstance(created, int) and isinstance(entry, str):
            return Position(created, entry)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidPageToken(
        "the page_token is not one that this list gave: begin again without it",
        field="page_token",
    )
