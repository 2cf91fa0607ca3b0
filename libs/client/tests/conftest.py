from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from songreel_client import Client, connect
from songreel_testing.gateway.checked_gateway import CheckedGateway, checked_gateway
from songreel_testing.gateway.local_gateway import LocalGateway, local_gateway


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def local(tmp_path_factory: Any) -> AsyncIterator[LocalGateway]:
    async with local_gateway(tmp_path_factory.mktemp("local"), poll_seconds=60) as local:
        yield local


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(local: LocalGateway) -> AsyncIterator[Client]:
    async with connect(local.address) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(tmp_path_factory: Any) -> AsyncIterator[CheckedGateway]:
    async with checked_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway
