from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from songreel_testing.gateway.local_gateway import LocalGateway, local_gateway
from songreel_testing.servers import (
    NotInstalledError,
    PostgresServer,
    S3Endpoint,
    temporary_moto,
    temporary_postgres,
    temporary_rclone,
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def local(tmp_path_factory) -> AsyncIterator[LocalGateway]:
    """One gateway for all tests of a module: each works with songs of its own."""
    # News must come by themselves: a look at the database every minute would be too late.
    folder = tmp_path_factory.mktemp("local")
    async with local_gateway(folder, poll_seconds=60) as local:
        yield local


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A Postgres of the tests' own."""
    try:
        with temporary_postgres() as server:
            yield server
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def moto(tmp_path_factory) -> Iterator[S3Endpoint]:
    """An S3 server that knows the semantics and looks at no signature."""
    try:
        with temporary_moto(tmp_path_factory.mktemp("moto")) as endpoint:
            yield endpoint
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def rclone(tmp_path_factory) -> Iterator[S3Endpoint]:
    """An S3 server that verifies every signature."""
    try:
        with temporary_rclone(tmp_path_factory.mktemp("rclone")) as endpoint:
            yield endpoint
    except NotInstalledError as missing:
        pytest.skip(str(missing))
