"""A gateway on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from songreel_testing.gateway.local_gateway import LocalGateway, local_gateway


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sqlite", "postgres"])
async def local(request: Any, tmp_path_factory: Any) -> AsyncIterator[LocalGateway]:
    settings: dict[str, Any] = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        settings["database_url"] = server.url(server.create_database())
    async with local_gateway(tmp_path_factory.mktemp("kept"), poll_seconds=60, **settings) as local:
        yield local
