"""A typed asyncio client of songreel's public API.

    async with connect("songreel.example:443", api_key=key, tls=ChannelTls()) as client:
        song = await client.upload("song.mp3")
        made = await client.create_video(CreateVideoRequest(video=Video(song=song.name)))
        async for event in client.watch(made.name):
            print(event.metadata.stage, event.metadata.fraction)
        video = await client.result(made.name, Video)
        await client.download_file(video.media.video, "video.mp4")

Messages are those of `songreel.v1`; errors are the typed ones of `songreel_kit.errors`.
"""

from songreel_kit.channel.tls import ChannelTls

from songreel_client.attempts import ONCE, Retrying
from songreel_client.client import Client
from songreel_client.connection import connect
from songreel_client.files import LocalFile, Transferred, read_local_file
from songreel_client.operations import metadata_of, result_of
from songreel_client.request_ids import request_id

__all__ = [
    "ONCE",
    "ChannelTls",
    "Client",
    "LocalFile",
    "Retrying",
    "Transferred",
    "connect",
    "metadata_of",
    "read_local_file",
    "request_id",
    "result_of",
]
