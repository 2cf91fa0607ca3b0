"""A storyboard is written, edited, and drawn: `python edit_storyboard.py HOST:PORT SONG FOLDER`.

Stops for the editing when it has written FOLDER/storyboard.yaml; run again, it goes on.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    CreateVideoRequest,
)
from songreel_client import connect, request_id


async def main(address: str, song: str, folder: str) -> None:
    """The stages one by one; a second run joins the jobs of the first."""
    board = Path(folder) / "storyboard.yaml"
    async with connect(address) as client:
        media = await client.upload(song)
        asked = AnalyzeSongRequest(song=media.name)
        operation = await client.analyze_song(asked, request_id(asked))
        analysis = (await client.result(operation.name, AnalyzeSongResult)).analysis.name
        if not board.exists():
            wanted = CreateStoryboardRequest(analysis=analysis)
            operation = await client.create_storyboard(wanted, request_id(wanted))
            written = await client.result(operation.name, CreateStoryboardResult)
            await client.download_file(written.storyboard.name, board)
            print(f"edit {board}, then run this again")
            return
        edited = await client.upload(board)
        video = Video(song=media.name, analysis=analysis, storyboard=edited.name)
        wish = CreateVideoRequest(video=video)
        operation = await client.create_video(wish, request_id(wish))
        made = await client.result(operation.name, Video)
        await client.download_file(made.media.video, Path(folder) / "video.mp4")
        print(Path(folder) / "video.mp4")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
