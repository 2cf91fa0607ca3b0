from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from songreel_kit.temporary_servers import NotInstalledError, PostgresServer, temporary_postgres

sys.path.insert(0, str(Path(__file__).parent))

from studio import Studio, studio_in


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def studio(tmp_path_factory) -> AsyncIterator[Studio]:
    """One studio for all tests of a module: each works with songs of its own."""
    # News must come by themselves: a look at the database every minute would be too late.
    folder = tmp_path_factory.mktemp("studio")
    async with studio_in(folder, poll_seconds=60) as studio:
        yield studio


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A Postgres of the tests' own."""
    try:
        with temporary_postgres() as server:
            yield server
    except NotInstalledError as missing:
        pytest.skip(str(missing))
