from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from songreel_client import Client, connect
from songreel_testing.gateway.checked_gateway import Guarded, guarded_in
from songreel_testing.gateway.local_gateway import Studio, studio_in


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def studio(tmp_path_factory: Any) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path_factory.mktemp("studio"), poll_seconds=60) as studio:
        yield studio


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(studio: Studio) -> AsyncIterator[Client]:
    async with connect(studio.address) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def guarded(tmp_path_factory: Any) -> AsyncIterator[Guarded]:
    async with guarded_in(tmp_path_factory.mktemp("guarded")) as world:
        yield world
