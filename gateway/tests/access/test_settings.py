"""Rates, quotas under competition, set-ups that must not start, and the operator's command."""

from __future__ import annotations

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_gateway.access.audit import UseLog, use_of
from songreel_gateway.access.control import Access
from songreel_gateway.access.keys import create_project
from songreel_gateway.access.quotas import UPLOADS, Limits, Quotas, add_use
from songreel_gateway.access.rates import BURST_SECONDS, Rates
from songreel_gateway.commands import app
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import jobs
from songreel_gateway.settings import GatewaySettings
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import FailedPrecondition, NotFound, QuotaExceeded, RateLimited
from typer.testing import CliRunner, Result


@given(
    per_minute=st.integers(1, 6000),
    pauses=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=60),
)
def test_no_window_admits_more_than_burst_and_rate(per_minute: int, pauses: list[float]) -> None:
    now, admitted = 0.0, []
    rates = Rates(lambda: now)
    for pause in pauses:
        now += pause
        try:
            rates.take("somebody", per_minute)
            admitted.append(now)
        except RateLimited as error:
            # Who comes back when told to is let in.
            now += (error.retry_seconds or 0.0) + 1e-6
            rates.take("somebody", per_minute)
            admitted.append(now)
    rate = per_minute / 60
    burst = max(1.0, rate * BURST_SECONDS)
    for first, begin in enumerate(admitted):
        for count, end in enumerate(admitted[first:], start=1):
            assert count <= burst + rate * (end - begin) + 1e-6


def test_each_account_has_a_rate_of_its_own() -> None:
    rates = Rates(lambda: 0.0)
    rates.take("one", 1)
    rates.take("two", 1)
    with pytest.raises(RateLimited):
        rates.take("one", 1)


def database_in(folder: Path) -> Database:
    return open_database(f"sqlite:///{folder / 'songreel.db'}")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_jobs_that_are_asked_for_at_once_stay_within_the_quota(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        database = database_in(tmp_path)
    else:
        postgres = request.getfixturevalue("postgres")
        database = open_database(postgres.url(postgres.create_database()))
    database.run(lambda connection: create_project(connection, "p", {}))
    quotas = Quotas(database, Limits(3, 100, 100, 100))

    def begin(number: int) -> bool:
        def transaction(connection) -> None:
            quotas.admit_job(connection, "p")
            connection.execute(
                jobs.insert().values(
                    id=f"j{number}",
                    project="p",
                    kind="video",
                    request=b"",
                    video="",
                    state="queued",
                    stage="queued",
                    attempt=1,
                    events=0,
                    progress=b"",
                    outcome=b"",
                    created=microseconds(),
                    ended=0,
                )
            )

        try:
            database.run(transaction)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(begin, range(16))) == 3

    def use(_: int) -> None:
        database.run(lambda connection: add_use(database, connection, "p", UPLOADS, 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(16)))
    assert database.run(lambda connection: quotas.used(connection, "p")).uploads == 16
    log = UseLog(database)
    for _ in range(2):
        log.count("p", "k", "/m", "OK")
        asyncio.run(log.write())
    assert [row.calls for row in database.run(lambda c: use_of(c, 1, "p"))] == [2]
    database.close()


@pytest.mark.parametrize("bind", ["0.0.0.0:50051", "[::]:50051", "192.0.2.1:50051", ":50051"])
def test_an_open_gateway_listens_on_no_address_that_others_reach(bind: str, tmp_path: Path) -> None:
    database = database_in(tmp_path)
    access = Access(GatewaySettings(), tmp_path, database)
    with pytest.raises(FailedPrecondition, match="ACCESS=checked"):
        access.guards("127.0.0.1:0", bind)
    for mine in ("127.0.0.1:0", "localhost:1", "[::1]:0", "unix:/run/songreel.sock"):
        assert access.guards(mine) == []
    unguarded = GatewaySettings(data=tmp_path, access="unguarded")
    assert Access(unguarded, tmp_path, database).guards(bind) == []
    checked = Access(GatewaySettings(access="checked"), tmp_path, database)
    assert checked.guards(bind) == [checked.guard]
    assert stat.S_IMODE((tmp_path / "token-key.pem").stat().st_mode) == 0o600
    database.close()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"token_key": "no key"}, "openssl genpkey"),
        ({"oidc_issuer": "https://id.example"}, "oidc_audience"),
        ({"oidc_issuer": "http://id.example", "oidc_audience": "songreel"}, "https"),
    ],
)
def test_a_set_up_that_would_let_strangers_in_does_not_start(settings, told, tmp_path) -> None:
    database = database_in(tmp_path)
    with pytest.raises(FailedPrecondition, match=told):
        Access(GatewaySettings(access="checked", **settings), tmp_path, database)
    database.close()


def test_operators_make_and_revoke_keys(tmp_path: Path, monkeypatch) -> None:
    # In this process, for speed; that the program itself starts is tested elsewhere.
    monkeypatch.setenv("SONGREEL_DATA", str(tmp_path))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    refused = command("keys", "create", "acme")
    assert isinstance(refused.exception, NotFound)
    assert command("projects", "create", "acme", "--running-jobs", "2").stdout == "projects/acme\n"
    key = command("keys", "create", "acme", "--role", "creator").stdout.strip()
    prefix, key_id, secret = key.split("_", 2)
    assert (prefix, len(secret)) == ("songreel", 43)
    # Only the hash is kept.
    assert secret.encode() not in (tmp_path / "songreel.db").read_bytes()
    assert command("keys", "revoke", key_id).exit_code == 0
    assert f"{key_id} acme creator revoked" in command("keys", "list").stdout
    told = command("audit").stdout
    assert [line.split(" ", 1)[1].split(":")[0] for line in told.splitlines()] == [
        "project created",
        "key created",
        "key revoked",
    ]
