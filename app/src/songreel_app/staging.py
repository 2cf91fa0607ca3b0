"""The first two stages alone, from files to files."""

import json
from dataclasses import dataclass
from pathlib import Path

import typer
from songreel.audio.v1.audio_service_pb2 import AnalyzeOptions
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
)

from songreel_app.checkpoints import local_checkpoint
from songreel_app.failures import check_input
from songreel_app.outputs import check_output
from songreel_app.runner import Interrupts
from songreel_app.workshop import Downloads, workshop


@dataclass(frozen=True)
class AnalysisWishes:
    """What `songreel analyze` was asked for."""

    song: Path
    lyrics: Path | None
    output: Path
    plot: Path | None
    """Where the picture goes, if one is wanted."""
    options: AnalyzeOptions
    server: str | None
    as_json: bool


@dataclass(frozen=True)
class StoryboardWishes:
    """What `songreel storyboard` was asked for."""

    analysis: Path
    rewritten: Path | None
    """A storyboard whose times and locked scenes are kept."""
    output: Path
    checkpoint: str
    """Path of the checkpoint that prompts have to fit; empty for the server's default."""
    options: StoryboardOptions
    server: str | None
    as_json: bool


async def analyze_song(wishes: AnalysisWishes, interrupts: Interrupts) -> None:
    """Runs the first stage and says where its document is."""
    check_input(wishes.song, "the song")
    if wishes.lyrics is not None:
        check_input(wishes.lyrics, "the lyrics file")
    check_output(wishes.output, "-o")
    if wishes.plot is not None:
        check_output(wishes.plot, "--plot")

    def downloads(result: AnalyzeSongResult) -> Downloads:
        files = [(result.analysis.name, wishes.output)]
        if wishes.plot is not None:
            files.append((result.plot.name, wishes.plot))
        return files

    async with workshop(wishes.server, interrupts) as shop:
        request = AnalyzeSongRequest(song=await shop.upload(wishes.song), options=wishes.options)
        if wishes.lyrics is not None:
            request.lyrics = await shop.upload(wishes.lyrics)
        operation, _ = await shop.produce(
            lambda client, identity: client.analyze_song(request, identity),
            (request, str(wishes.output.absolute())),
            AnalyzeSongResult,
            downloads,
        )
    files = {"analysis": str(wishes.output)}
    if wishes.plot is not None:
        files["plot"] = str(wishes.plot)
    _tell(files, {"operation": operation}, as_json=wishes.as_json)


async def write_storyboard(wishes: StoryboardWishes, interrupts: Interrupts) -> None:
    """Runs the second stage and says where its document is."""
    check_input(wishes.analysis, "the analysis")
    if wishes.rewritten is not None:
        check_input(wishes.rewritten, "the storyboard of --from")
    check_output(wishes.output, "-o")
    options = StoryboardOptions()
    options.CopyFrom(wishes.options)
    if wishes.checkpoint:
        options.checkpoint = local_checkpoint(wishes.checkpoint, must_exist=wishes.server is None)

    def downloads(result: CreateStoryboardResult) -> Downloads:
        return [(result.storyboard.name, wishes.output)]

    async with workshop(wishes.server, interrupts) as shop:
        request = CreateStoryboardRequest(
            analysis=await shop.upload(wishes.analysis), options=options
        )
        if wishes.rewritten is not None:
            request.storyboard = await shop.upload(wishes.rewritten)
        operation, result = await shop.produce(
            lambda client, identity: client.create_storyboard(request, identity),
            (request, str(wishes.output.absolute())),
            CreateStoryboardResult,
            downloads,
        )
    _tell(
        {"storyboard": str(wishes.output)},
        {"operation": operation, "storyteller": result.storyteller},
        as_json=wishes.as_json,
    )


def _tell(files: dict[str, str], facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"files": files} | facts, ensure_ascii=False))
        return
    for path in files.values():
        typer.echo(path)
