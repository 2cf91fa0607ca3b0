"""A kept storyboard gets another first scene: `python edit_scenes.py HOST:PORT SONG PROMPT`.

Others may edit the same storyboard meanwhile: whose etag is old reads it again.
"""

from __future__ import annotations

import asyncio
import sys

from songreel.v1.video_pb2 import Storyboard, Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    CreateVideoRequest,
)
from songreel_client import Client, connect, request_id
from songreel_kit.errors import EtagMismatch


async def written(client: Client, song: str) -> str:
    """Name of the song's storyboard; a second run finds that of the first."""
    asked = AnalyzeSongRequest(song=song)
    operation = await client.analyze_song(asked, request_id(asked))
    heard = await client.result(operation.name, AnalyzeSongResult)
    wanted = CreateStoryboardRequest(analysis=heard.analysis.name)
    operation = await client.create_storyboard(wanted, request_id(wanted))
    return (await client.result(operation.name, CreateStoryboardResult)).stored.name


async def edited(client: Client, name: str, prompt: str) -> Storyboard:
    """The storyboard with another first scene, whatever others have changed of it."""
    while True:
        board = await client.get_storyboard(name)
        board.content.scenes[0].prompt = prompt
        try:
            return await client.update_storyboard(board, "content.scenes")
        except EtagMismatch:
            print("somebody else was first: once more")


async def main(address: str, song: str, prompt: str) -> None:
    """Writes, edits and draws, and tells what was made."""
    async with connect(address) as client:
        media = await client.upload(song)
        board = await edited(client, await written(client, media.name), prompt)
        wish = CreateVideoRequest(video=Video(song=media.name))
        operation = await client.create_video_of(board, wish)
        video = await client.result(operation.name, Video)
        await client.download_file(video.media.video, f"{song}.mp4")
        print(f"{song}.mp4 of {board.name}, edited {board.update_time.ToJsonString()}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
