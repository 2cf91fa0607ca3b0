"""Responses kept for repeated requests (AIP-155), where another service does the work.

Nothing of a person is in them: ids, hashes of log entries and of keys, and the nonce of a
session, which ends by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds

from songreel_gateway.api.request_ids import claim_of, note, noted
from songreel_gateway.db.tables import answers

M = TypeVar("M", bound=Message)

KEPT_DAYS = 30

_DAY_MICROSECONDS = 24 * 3600 * 1_000_000


@dataclass(frozen=True)
class ResponseCache:
    """The kept responses of all projects."""

    database: Database

    async def once(
        self, project: str, request: Message, kind: type[M], ask: Callable[[], Awaitable[M]]
    ) -> M:
        """What `ask` answers, or what it answered when the request came before.

        Args:
            project: Whose request it is.
            request: A message with a `request_id`; without one it is always asked.
            kind: The answer's class.
            ask: Does the work. It must bear being done twice, as it is when this process
                dies before the answer is written down.

        Raises:
            RequestIdReused: The id was used for something else.
        """
        claim = claim_of(project, request, str(getattr(request, "request_id", "")))
        if not claim.request_id:
            return await ask()

        def kept(connection: sa.Connection) -> M | None:
            found = noted(connection, answers, claim)
            return None if found is None else kind.FromString(found.answer)

        earlier = await self.database.read(kept)
        if earlier is not None:
            return earlier
        answer = await ask()

        def keep(connection: sa.Connection) -> M:
            oldest = microseconds() - KEPT_DAYS * _DAY_MICROSECONDS
            connection.execute(sa.delete(answers).where(answers.c.created < oldest))
            stored = answer.SerializeToString()
            note(self.database, connection, answers, claim, answer=stored)
            return kept(connection) or answer  # the first of two at once

        return await self.database.write(keep)
