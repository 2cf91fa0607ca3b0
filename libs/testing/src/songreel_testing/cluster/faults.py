"""The faults that a chaos run may inject into a cluster: one row of `FAULTS` each."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from songreel_testing.cluster.cluster import DRAIN_SECONDS, LEASE_SECONDS, Cluster, GatewayProcess
from songreel_testing.gateway.stage_control import StageControl

# Longer than a lease, so that the other gateway takes over; shorter would prove less.
OUTAGE_SECONDS = 1.3 * LEASE_SECONDS


@dataclass(frozen=True)
class Drain:
    """How gateways stopped on SIGTERM."""

    seconds: float = 0.0
    """Of the slowest; 0 where there was none."""
    cut_short: int = 0
    """Processes that ended at their own deadline because something held them."""


async def _nothing(cluster: Cluster, victim: GatewayProcess) -> Drain:
    return Drain()


async def _kill_gateway(cluster: Cluster, victim: GatewayProcess) -> Drain:
    victim.send_signal(signal.SIGKILL)
    await victim.wait_ended(10)
    await victim.start()
    return Drain()


async def _kill_stages(cluster: Cluster, victim: GatewayProcess) -> Drain:
    await asyncio.to_thread(cluster.stages.kill)
    await cluster.stages.start()
    return Drain()


async def _stages_away(cluster: Cluster, victim: GatewayProcess) -> Drain:
    await asyncio.to_thread(cluster.stages.kill)
    await asyncio.sleep(cluster.outage_seconds)
    await cluster.stages.start()
    return Drain()


async def _render_full(cluster: Cluster, victim: GatewayProcess) -> Drain:
    control = StageControl(cluster.stages.control)
    control.fill("render")
    await asyncio.sleep(cluster.outage_seconds)
    control.make_room("render")
    return Drain()


async def _drain(victim: GatewayProcess) -> Drain:
    began = time.monotonic()
    victim.send_signal(signal.SIGTERM)
    code = await victim.wait_ended(DRAIN_SECONDS)
    # 1: something held it, and it ended at its own deadline; nothing is lost then.
    assert code in (0, 1), victim.log.read_text()[-3000:]
    return Drain(time.monotonic() - began, code)


async def _term(cluster: Cluster, victim: GatewayProcess) -> Drain:
    drain = await _drain(victim)
    await victim.start()
    return drain


async def _term_stalled(cluster: Cluster, victim: GatewayProcess) -> Drain:
    victim.database.stall()
    victim.store.stall()
    drain = await _drain(victim)
    await victim.database.restore()
    await victim.store.restore()
    await victim.start()
    return drain


async def _freeze(cluster: Cluster, victim: GatewayProcess) -> Drain:
    victim.send_signal(signal.SIGSTOP)
    await asyncio.sleep(OUTAGE_SECONDS)
    victim.send_signal(signal.SIGCONT)
    return Drain()


async def _reset_database(cluster: Cluster, victim: GatewayProcess) -> Drain:
    await victim.database.reset()
    await asyncio.sleep(OUTAGE_SECONDS)
    await victim.database.restore()
    return Drain()


async def _stall_database(cluster: Cluster, victim: GatewayProcess) -> Drain:
    victim.database.stall()
    await asyncio.sleep(OUTAGE_SECONDS)
    await victim.database.restore()
    return Drain()


async def _reset_all_databases(cluster: Cluster, victim: GatewayProcess) -> Drain:
    for gateway in cluster.gateways:
        await gateway.database.reset()
    await asyncio.sleep(OUTAGE_SECONDS)
    for gateway in cluster.gateways:
        await gateway.database.restore()
    return Drain()


async def _reset_store(cluster: Cluster, victim: GatewayProcess) -> Drain:
    variables = [cluster.stages.store, *(gateway.store for gateway in cluster.gateways)]
    for line in variables:
        await line.reset()
    await asyncio.sleep(OUTAGE_SECONDS)
    for line in variables:
        await line.restore()
    return Drain()


async def _rolling_restart(cluster: Cluster, victim: GatewayProcess) -> Drain:
    drains = [await _term(cluster, gateway) for gateway in cluster.gateways]
    return Drain(max(each.seconds for each in drains), sum(each.cut_short for each in drains))


SIGTERM_WHILE_STALLED = "SIGTERM, database and store silent"

FAULTS: dict[str, Callable[[Cluster, GatewayProcess], Coroutine[Any, Any, Drain]]] = {
    "none": _nothing,
    "kill -9": _kill_gateway,
    "kill -9 of the stages": _kill_stages,
    "stages away": _stages_away,
    "render full": _render_full,
    "SIGTERM": _term,
    SIGTERM_WHILE_STALLED: _term_stalled,
    "SIGSTOP, then SIGCONT": _freeze,
    "database cut off (reset)": _reset_database,
    "database cut off (silence)": _stall_database,
    "database away for all": _reset_all_databases,
    "store away for all": _reset_store,
    "queue full": _nothing,
    "rolling restart": _rolling_restart,
}
"""Name, as reports print it -> coroutine that injects the fault and ends it again."""
