"""`songreel.v1.AccessService`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from songreel.v1.access_service_pb2 import (
    ExchangeKeyRequest,
    ExchangeKeyResponse,
    GetProjectRequest,
    GetProjectResponse,
    Project,
    Quota,
)
from songreel.v1.access_service_pb2_grpc import AccessServiceServicer
from songreel_kit.database.times import timestamp
from songreel_kit.errors import FailedPrecondition, ProjectNotFound, Unauthenticated
from songreel_kit.interceptors.chain import Call

from songreel_gateway.access.guard import certificate_of
from songreel_gateway.access.keys import KeyBook
from songreel_gateway.access.quotas import DAY_MICROSECONDS, RENDERED, UPLOADS, Limits, Quotas, day
from songreel_gateway.access.tokens import Tokens
from songreel_gateway.api.resource_names import project_of

_DAILY = (RENDERED, UPLOADS)


class AccessServicer(AccessServiceServicer):
    """Gives out tokens and tells quotas."""

    def __init__(
        self, keys: KeyBook, tokens: Tokens | None = None, quotas: Quotas | None = None
    ) -> None:
        """Without `tokens` and `quotas`: for an open gateway."""
        self._keys = keys
        self._tokens = tokens
        self._quotas = quotas

    async def ExchangeKey(self, request: ExchangeKeyRequest, context: Any) -> ExchangeKeyResponse:
        """A token for a key. Raises `Unauthenticated`; `FailedPrecondition` where all is open."""
        if self._tokens is None:
            raise FailedPrecondition("access is open here: no key is checked, call without a token")
        key = await self._keys.exchange(request.key)
        shown = certificate_of(Call("", context))
        if key.certificate_sha256 and key.certificate_sha256 != shown:
            raise Unauthenticated(
                "the key is good only with the client certificate that it is bound to"
            )
        token, expires = self._tokens.issue(key.id, key.certificate_sha256)
        return ExchangeKeyResponse(
            token=token,
            expire_time=timestamp(expires * 1_000_000),
            project=f"projects/{key.project}",
            role=key.role,
        )

    async def GetProject(self, request: GetProjectRequest, context: Any) -> GetProjectResponse:
        """A project's quotas. Raises `InvalidName`, `ProjectNotFound`."""
        project = project_of(request.name)
        found = Project(name=request.name)
        if self._quotas is None:
            return GetProjectResponse(project=found)
        quotas = self._quotas
        if not await self._keys.is_open(project):
            raise ProjectNotFound(f"there is no project {request.name}", name=request.name)

        def read(connection: sa.Connection) -> tuple[Limits, Limits]:
            return quotas.limits(connection, project), quotas.used(connection, project)

        limits, used = await quotas.database.read(read)
        for metric in ("running_jobs", RENDERED, "stored_bytes", UPLOADS):
            quota = Quota(metric=metric, limit=getattr(limits, metric), used=getattr(used, metric))
            if metric in _DAILY:
                quota.reset_time.CopyFrom(timestamp((day() + 1) * DAY_MICROSECONDS))
            found.quotas.append(quota)
        return GetProjectResponse(project=found)
