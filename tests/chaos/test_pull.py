"""Two gateways and two renderers, all processes: no renderer is idle while a job waits."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.channel.channel import open_channel
from songreel_testing.cluster.cluster import Cluster, running_cluster
from songreel_testing.gateway.local_gateway import Client, video_of
from songreel_testing.servers import PostgresServer, S3Endpoint

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MAX_IDLE_SECONDS = 2.0


def drawn_by(cluster: Cluster) -> list[list[tuple[str, float, float]]]:
    """For each renderer, in the order of time: SHA-256 of the song, begin and end."""
    found = []
    for each in cluster.renderers:
        notes = [line for line in (each.control / "calls").read_text().split() if "drew/" in line]
        spans = [line.split("/")[1:] for line in notes]
        found.append(sorted((song, float(a), float(b)) for song, a, b in spans))
    return [sorted(each, key=lambda span: span[1]) for each in found]


def idle_seconds(drawn: list[list[tuple[str, float, float]]]) -> float:
    """The longest time for which a renderer was idle before the last render began."""
    last = max(began for each in drawn for _, began, _ in each)
    idle = 0.0
    for each in drawn:
        assert each, "a renderer had nothing to do at all"
        begun = [*(began for _, began, _ in each[1:]), last]
        gaps = (after - ended for (_, _, ended), after in zip(each, begun, strict=True))
        idle = max(idle, *gaps)
    return idle


async def test_work_is_pulled_by_whoever_is_free(
    servers: tuple[PostgresServer, S3Endpoint], tmp_path: Path
) -> None:
    lengths = [150, *[20] * 6]  # tenths of a second: a long one and six short ones
    async with running_cluster(
        2, tmp_path / "c", *servers, stage_seconds=0.05, renderers=2, renders=1
    ) as cluster:
        channels = [open_channel(address) for address in cluster.addresses]
        clients = [Client(channel) for channel in channels]

        async def make(number: int, steps: int, client: Client) -> None:
            song = await client.upload(f"song {number}".encode())
            settings = RenderSettings(steps=steps)
            video_of(await client.wait(await client.create(song, render_settings=settings)))

        await asyncio.gather(
            *(
                make(number, steps, client)
                for (number, steps), client in zip(
                    enumerate(lengths), itertools.cycle(clients), strict=False
                )
            )
        )
        drawn = drawn_by(cluster)
        for channel in channels:
            await channel.close()
    assert sum(map(len, drawn)) == len(lengths)
    idle = idle_seconds(drawn)
    print(f"longest idle time while a job waited: {idle:.2f} s; {[len(each) for each in drawn]}")
    assert idle < MAX_IDLE_SECONDS, drawn
