"""`songreel score --server`: the soundtrack is made elsewhere, as a durable job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import typer
from songreel.score.v1.score_service_pb2 import ScoreOptions
from songreel.v1.video_service_pb2 import CreateScoreRequest, CreateScoreResult

from songreel_app.jobs.runner import Downloads, job_runner
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.target import ServerTarget
from songreel_app.soundtracks.files import ScoreFiles, check_files


@dataclass(frozen=True)
class RemoteScore:
    """What the command line asked for."""

    video: Path
    files: ScoreFiles
    options: ScoreOptions
    edited_plan: Path | None
    target: ServerTarget
    as_json: bool


async def score_elsewhere(asked: RemoteScore, interrupts: Interrupts) -> None:
    """Has the soundtrack made, brings all of it here and prints what it is.

    Raises:
        InputUnreadable, OutputUnwritable: a file cannot be read or written.
        SongreelError: the job's own, or what keeps the server from being reached.
    """
    files = asked.files
    check_files(asked.video, files, asked.edited_plan)
    options = ScoreOptions()
    options.CopyFrom(asked.options)
    options.format = files.film.suffix.lower().removeprefix(".")
    options.timeline = True
    options.sound, options.stems = files.sound is not None, files.stems is not None

    def downloads(made: CreateScoreResult) -> Downloads:
        keep_plan = files.keeps_plan(asked.edited_plan)
        pairs = [
            *([(made.plan.name, files.plan)] if keep_plan else []),
            (made.report.name, files.report),
            (made.midi.name, files.midi),
            (made.timeline.name, files.timeline),
        ]
        if files.sound is not None:
            pairs.append((made.sound.name, files.sound))
        if files.stems is not None:
            stems = sorted(made.stems.items())
            pairs += [(media.name, files.stems / f"{role}.wav") for role, media in stems]
        # The film last, so that it never stands alone.
        return [*pairs, (made.film.name, files.film)]

    async with job_runner(asked.target, interrupts) as runner:
        request = CreateScoreRequest(video=await runner.upload(asked.video), options=options)
        if asked.edited_plan is not None:
            request.plan = await runner.upload(asked.edited_plan)
        operation, made = await runner.run(
            lambda client, identity: client.create_score(request, identity),
            (request, str(files.film.absolute())),
            CreateScoreResult,
            downloads,
        )
    if asked.as_json:
        facts = files.named() | {"lufs": round(made.lufs, 2), "operation": operation}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        typer.echo(f"{files.film}: {made.lufs:.1f} LUFS, made by {asked.target.server}")
