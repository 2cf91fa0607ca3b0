"""A key's rate holds for all gateways on one database together."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel_gateway.access.rates import BURST_SECONDS
from songreel_gateway.access.shared_rates import SharedRates
from songreel_gateway.db.schema import open_database
from songreel_kit.database.database import Database
from songreel_kit.errors import RateLimited
from songreel_testing.servers import PostgresServer

SECOND = 1_000_000


class Clock:
    """Microseconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path: Path = tmp_path_factory.mktemp("rates") / "songreel.db"
    with closing(open_database(f"sqlite:///{path}")) as database:
        yield database


async def admitted(gateway: SharedRates, account: str, per_minute: int) -> bool:
    try:
        await gateway.take(account, per_minute)
    except RateLimited:
        return False
    return True


@settings(max_examples=20, deadline=None)
@given(
    per_minute=st.integers(1, 3000),
    gateways=st.integers(1, 3),
    calls=st.lists(st.tuples(st.integers(0, 2), st.floats(0.0, 20.0)), min_size=1, max_size=40),
)
def test_no_window_admits_more_than_burst_rate_and_what_the_gateways_hold(
    database: Database,
    per_minute: int,
    gateways: int,
    calls: list[tuple[int, float]],
) -> None:
    clock, times, account = Clock(), list[int](), uuid.uuid4().hex
    group = [SharedRates(database, clock) for _ in range(gateways)]

    async def play() -> None:
        for which, pause in calls:
            clock.now += round(pause * SECOND)
            if await admitted(group[which % gateways], account, per_minute):
                times.append(clock.now)

    asyncio.run(play())
    assert times, "the first one is always let in"
    rate = per_minute / 60
    most = max(1.0, rate * BURST_SECONDS) + gateways * max(1, round(rate))
    for first, begin in enumerate(times):
        for count, end in enumerate(times[first:], start=1):
            assert count <= most + rate * (end - begin) / SECOND + 1e-6


async def test_who_comes_back_when_told_to_is_let_in(database: Database) -> None:
    clock = Clock()
    gateway = SharedRates(database, clock)
    while await admitted(gateway, "patient", 30):
        pass
    with pytest.raises(RateLimited) as refused:
        await gateway.take("patient", 30)
    assert refused.value.retry_seconds is not None
    assert 0 < refused.value.retry_seconds <= 2.0  # 30 a minute
    clock.now += round(refused.value.retry_seconds * SECOND) + 1
    assert await admitted(gateway, "patient", 30)
    assert await admitted(gateway, "somebody else", 30)


async def test_three_gateways_on_postgres_admit_as_many_as_one(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    clock, per_minute = Clock(), 120  # 2 a second, 20 at once
    databases = [open_database(url, connections=4) for _ in range(3)]
    try:
        group = [SharedRates(each, clock) for each in databases]
        asked = [admitted(group[n % 3], "busy", per_minute) for n in range(150)]
        let_in = sum(await asyncio.gather(*asked))
        # All at the same moment: the burst, and nothing besides.
        assert let_in == 20
        clock.now += 10 * SECOND
        asked = [admitted(group[n % 3], "busy", per_minute) for n in range(150)]
        assert sum(await asyncio.gather(*asked)) == 20
    finally:
        for each in databases:
            each.close()
