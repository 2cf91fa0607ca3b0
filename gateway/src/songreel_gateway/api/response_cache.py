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
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import RequestIdReused

from songreel_gateway.api.resource_names import checked_request_id
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
        request_id = checked_request_id(str(getattr(request, "request_id", "")))
        if not request_id:
            return await ask()
        asked = type(request)()
        asked.CopyFrom(request)
        asked.ClearField("request_id")
        key = {
            "project": project,
            "method": type(request).__name__.removesuffix("Request"),
            "request_id": request_id,
        }
        fingerprint = stage_key("request", "1", asked)

        def earlier(connection: sa.Connection) -> bytes | None:
            found = connection.execute(
                sa.select(answers.c.fingerprint, answers.c.answer).where(
                    *(answers.c[name] == value for name, value in key.items())
                )
            ).one_or_none()
            if found is None:
                return None
            if found.fingerprint != fingerprint:
                raise RequestIdReused(
                    f"the request_id {request_id!r} was used before for another "
                    f"{key['method']} request: take a new one",
                    request_id=request_id,
                )
            return bytes(found.answer)

        kept = await self.database.read(earlier)
        if kept is not None:
            return kind.FromString(kept)
        answer = await ask()

        def keep(connection: sa.Connection) -> bytes | None:
            now = microseconds()
            connection.execute(
                sa.delete(answers).where(answers.c.created < now - KEPT_DAYS * _DAY_MICROSECONDS)
            )
            connection.execute(
                self.database.insert(answers)
                .values(
                    **key, fingerprint=fingerprint, answer=answer.SerializeToString(), created=now
                )
                .on_conflict_do_nothing()
            )
            return earlier(connection)  # the first of two at once

        kept = await self.database.write(keep)
        return answer if kept is None else kind.FromString(kept)
