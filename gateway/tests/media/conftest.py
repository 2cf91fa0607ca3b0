"""Gateways on S3 servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from songreel_testing.gateway.direct_client import Front, front_in, store_at
from songreel_testing.servers import S3Endpoint


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["moto", "rclone"])
async def front(request, tmp_path_factory) -> AsyncIterator[Front]:
    """A gateway on either S3 server."""
    folder = tmp_path_factory.mktemp(request.param)
    store = store_at(request.getfixturevalue(request.param), folder)
    async with front_in(folder, store) as front:
        yield front


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def checking(rclone: S3Endpoint, tmp_path_factory) -> AsyncIterator[Front]:
    """A gateway on the server that verifies signatures."""
    folder = tmp_path_factory.mktemp("checking")
    async with front_in(folder, store_at(rclone, folder)) as front:
        yield front
