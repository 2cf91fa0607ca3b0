"""Access control as a whole: what stands before a gateway's methods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from songreel_kit.channel.tls import is_loopback
from songreel_kit.database.database import Database
from songreel_kit.errors import FailedPrecondition
from songreel_kit.interceptors.chain import Interceptor
from songreel_kit.telemetry.logging import get_logger

from songreel_gateway.access.audit import UseLog
from songreel_gateway.access.guard import Guard
from songreel_gateway.access.keys import KeyBook
from songreel_gateway.access.quotas import Quotas
from songreel_gateway.access.settings import AccessSettings
from songreel_gateway.access.shared_rates import SharedRates
from songreel_gateway.access.tokens import Tokens, own_key

_log = get_logger(__name__)


class Access:
    """Access control of a gateway, by its settings."""

    def __init__(self, settings: AccessSettings, data: Path, database: Database) -> None:
        """`data` is the folder of the signing key, where the settings give none.

        Raises `FailedPrecondition` when the settings contradict each other.
        """
        self._settings = settings
        self._log = UseLog(database)
        self.keys = KeyBook(database, settings.access_cache_seconds)
        self.guard: Guard | None = None
        """Checks every call; None where access is not checked."""
        self.quotas: Quotas | None = None
        """Quotas of projects; None where access is not checked."""
        self.tokens: Tokens | None = None
        """Signs and verifies tokens; None where access is not checked."""
        if settings.access == "checked":
            key = _signing_keys(settings, data, database)
            self.tokens = Tokens(key, settings.token_seconds)
            self.quotas = Quotas.configured(database, settings)
            shared = SharedRates(database) if database.shared else None
            self.guard = Guard(settings, self.keys, self.tokens, self._log, shared)

    def guards(self, *binds: str) -> list[Interceptor]:
        """Interceptors for a server on these addresses.

        Raises `FailedPrecondition` when access is open on an address that other machines
        reach.
        """
        bind = next((each for each in binds if not is_loopback(each)), "")
        if self.guard is not None:
            return [self.guard]
        if self._settings.access == "unguarded":
            _log.warning(
                "access is unguarded: whoever reaches the address may use and delete "
                "everything, so something in front of it has to check callers",
                addresses=binds,
            )
        elif bind:
            raise FailedPrecondition(
                f"{bind} can be reached from other machines, and access is open: set "
                "SONGREEL_GATEWAY_ACCESS=checked and make keys with `songreel-gateway keys "
                "create`, or =unguarded if something in front of it checks callers",
                bind=bind,
            )
        else:
            _log.info("access is open: everybody on this machine may use it", addresses=binds)
        return []

    @asynccontextmanager
    async def counting(self) -> AsyncGenerator[None]:
        """Stores the counts of calls periodically inside the block."""
        if self.guard is None:
            yield
            return
        keeping = asyncio.create_task(self._log.keep(self._settings.audit_seconds))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def close(self) -> None:
        """Stores the last counts."""
        await self._log.write()


def _signing_keys(settings: AccessSettings, data: Path, database: Database) -> str:
    given = settings.token_key.get_secret_value()
    if given:
        return given
    if database.shared:
        raise FailedPrecondition(
            "replicas have to sign tokens with one key: make it with `openssl genpkey "
            "-algorithm ed25519` and give it as SONGREEL_GATEWAY_TOKEN_KEY"
        )
    return own_key(data)
