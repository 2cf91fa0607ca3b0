"""A song becomes a video: `python make_video.py HOST:PORT SONG VIDEO`.

The API key comes from SONGREEL_API_KEY; a server of one's own on loopback wants none.
"""

from __future__ import annotations

import asyncio
import os
import sys

from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_client import ChannelTls, connect


async def main(address: str, song: str, goal: str) -> None:
    """Uploads, asks, follows, downloads."""
    key = os.environ.get("SONGREEL_API_KEY", "")
    async with connect(address, api_key=key, tls=ChannelTls() if key else None) as client:
        media = await client.upload(song)
        wish = CreateVideoRequest(video=Video(song=media.name))
        await client.check_video(wish)  # what is wrong is said before anything is begun
        # An id of your own order makes it safe to run all of this again.
        operation = await client.create_video(wish, request_id=f"order-{media.artifact.sha256}")
        async for event in client.watch(operation.name):
            print(f"{event.metadata.fraction:4.0%} {event.metadata.stage} {event.metadata.step}")
        video = await client.result(operation.name, Video)
        await client.download_file(video.media.video, goal)
        print(f"{goal}: {video.frames} frames")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
