"""A Postgres and an S3 server for the chaos tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from songreel_testing.servers import (
    NotInstalledError,
    PostgresServer,
    S3Endpoint,
    temporary_postgres,
    temporary_rclone,
)


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[PostgresServer, S3Endpoint]]:
    with ExitStack() as stack:
        try:
            postgres = stack.enter_context(temporary_postgres())
            s3 = stack.enter_context(temporary_rclone(tmp_path_factory.mktemp("s3")))
        except NotInstalledError as missing:
            pytest.skip(str(missing))
        yield postgres, s3
