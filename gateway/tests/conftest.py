from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from studio import Studio, studio_in


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def studio(tmp_path_factory) -> AsyncIterator[Studio]:
    """One studio for all tests of a module: each works with songs of its own."""
    # News must come by themselves: a look at the database every minute would be too late.
    folder = tmp_path_factory.mktemp("studio")
    async with studio_in(folder, poll_seconds=60) as studio:
        yield studio
