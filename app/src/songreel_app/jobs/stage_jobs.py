"""The first two stages alone, from file to file."""

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

from songreel_app.errors import check_input
from songreel_app.files.checkpoints import local_checkpoint
from songreel_app.files.outputs import check_output
from songreel_app.jobs.runner import Downloads, job_runner
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.target import ServerTarget


@dataclass(frozen=True)
class AnalysisRequest:
    """A request of `songreel analyze`."""

    song: Path
    lyrics: Path | None
    output: Path
    plot: Path | None
    """Where the picture goes, if one is wanted."""
    options: AnalyzeOptions
    target: ServerTarget
    as_json: bool


@dataclass(frozen=True)
class StoryboardRequest:
    """A request of `songreel storyboard`."""

    analysis: Path
    rewritten: Path | None
    """A storyboard whose times and locked scenes are kept."""
    output: Path
    checkpoint: str
    """Path of the checkpoint that prompts have to fit; empty for the server's default."""
    options: StoryboardOptions
    target: ServerTarget
    as_json: bool


async def analyze_song(asked: AnalysisRequest, interrupts: Interrupts) -> None:
    """Runs the first stage and prints where its document is."""
    check_input(asked.song, "the song")
    if asked.lyrics is not None:
        check_input(asked.lyrics, "the lyrics file")
    check_output(asked.output, "-o")
    if asked.plot is not None:
        check_output(asked.plot, "--plot")

    def downloads(result: AnalyzeSongResult) -> Downloads:
        files = [(result.analysis.name, asked.output)]
        if asked.plot is not None:
            files.append((result.plot.name, asked.plot))
        return files

    async with job_runner(asked.target, interrupts) as runner:
        request = AnalyzeSongRequest(song=await runner.upload(asked.song), options=asked.options)
        if asked.lyrics is not None:
            request.lyrics = await runner.upload(asked.lyrics)
        operation, _ = await runner.run(
            lambda client, identity: client.analyze_song(request, identity),
            (request, str(asked.output.absolute())),
            AnalyzeSongResult,
            downloads,
        )
    files = {"analysis": str(asked.output)}
    if asked.plot is not None:
        files["plot"] = str(asked.plot)
    _tell(files, {"operation": operation}, as_json=asked.as_json)


async def write_storyboard(asked: StoryboardRequest, interrupts: Interrupts) -> None:
    """Runs the second stage and prints where its document is."""
    check_input(asked.analysis, "the analysis")
    if asked.rewritten is not None:
        check_input(asked.rewritten, "the storyboard of --from")
    check_output(asked.output, "-o")
    options = StoryboardOptions()
    options.CopyFrom(asked.options)
    if asked.checkpoint:
        options.checkpoint = local_checkpoint(asked.checkpoint, must_exist=asked.target.local)

    def downloads(result: CreateStoryboardResult) -> Downloads:
        return [(result.storyboard.name, asked.output)]

    async with job_runner(asked.target, interrupts) as runner:
        request = CreateStoryboardRequest(
            analysis=await runner.upload(asked.analysis), options=options
        )
        if asked.rewritten is not None:
            request.storyboard = await runner.upload(asked.rewritten)
        operation, result = await runner.run(
            lambda client, identity: client.create_storyboard(request, identity),
            (request, str(asked.output.absolute())),
            CreateStoryboardResult,
            downloads,
        )
    _tell(
        {"storyboard": str(asked.output)},
        {"operation": operation, "storyteller": result.storyteller},
        as_json=asked.as_json,
    )


def _tell(files: dict[str, str], facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"files": files} | facts, ensure_ascii=False))
        return
    for path in files.values():
        typer.echo(path)
