from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

# A gateway at work and a network that can be cut are there already, for other tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "gateway/tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests/chaos"))

from guarded import Guarded, guarded_in
from songreel_client import Client, connect
from studio import Studio, studio_in


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
