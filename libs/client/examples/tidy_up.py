"""Shows all jobs and cancels those that take too long: `python tidy_up.py HOST:PORT MINUTES`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from songreel_client import connect, metadata_of


async def main(address: str, minutes: str) -> None:
    """Cancels, and waits until they have stopped."""
    oldest = datetime.now(UTC) - timedelta(minutes=float(minutes))
    async with connect(address) as client:
        async for operation in client.list_operations("done = false"):
            at = metadata_of(operation)
            late = at.create_time.ToDatetime(UTC) < oldest
            print(f"{operation.name} {at.stage} {at.fraction:.0%}{' cancelled' if late else ''}")
            if late:
                await client.cancel_operation(operation.name)
                await client.wait(operation.name)
        ready = [video.name async for video in client.list_videos("state = READY")]
        print(f"{len(ready)} videos are ready")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
