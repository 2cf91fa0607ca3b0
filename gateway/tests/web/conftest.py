"""A web site with the identity service behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from songreel_testing.gateway.identity_site import IdentitySite, identity_site


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: Any) -> AsyncIterator[IdentitySite]:
    async with identity_site(tmp_path_factory.mktemp("site")) as site:
        yield site
