"""`songreel score` and `songreel watch`: everything is written, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import typer
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.work import CancelToken, Done, Report, run_in_thread
from songreel_score.plan.plan_document import from_yaml
from songreel_score.soundtrack import ScoreOutputs, ScoreRequest, Soundtrack, score
from songreel_score.watch.analysis import VideoAnalysis, watch

from songreel_app.errors import check_input
from songreel_app.files.outputs import Outputs, check_output, outputs
from songreel_app.jobs.display import JobStatus, progress_display
from songreel_app.soundtracks.files import ScoreFiles, check_files

T = TypeVar("T")


@dataclass(frozen=True)
class ScoreCommand:
    """What the command line asked for."""

    video: Path
    files: ScoreFiles
    request: ScoreRequest
    edited_plan: Path | None
    as_json: bool


async def score_video(command: ScoreCommand) -> None:
    """Makes the soundtrack and prints what it is.

    Raises:
        InputUnreadable, OutputUnwritable: a file cannot be read or written.
        SongreelError: those of `songreel_score.soundtrack.score`.
    """
    files, request = command.files, command.request
    check_files(command.video, files, command.edited_plan)
    if command.edited_plan is not None:
        text = command.edited_plan.read_text(encoding="utf-8-sig")
        request = replace(request, plan=from_yaml(text))
    with TemporaryDirectory(prefix="songreel-score-") as folder:
        drafts = _drafts(Path(folder), files)

        def work(report: Report, token: CancelToken) -> Soundtrack:
            def step(name: str, fraction: float) -> None:
                report(Progress(step=name, fraction=fraction))

            return score(command.video, drafts, request, report=step, check=token.check)

        soundtrack = await _shown("score", work)
        with outputs() as written:
            _place(written, drafts, files, keep_plan=files.keeps_plan(command.edited_plan))
    _tell(command, soundtrack)


async def watch_video(video: Path, output: Path, *, as_json: bool) -> None:
    """Analyses a video and writes the analysis.

    Raises:
        InputUnreadable, OutputUnwritable: a file cannot be read or written.
        SongreelError: those of `songreel_score.watch`.
    """
    check_input(video, "the video")
    check_output(output, "-o")

    def work(report: Report, token: CancelToken) -> VideoAnalysis:
        def step(name: str, fraction: float) -> None:
            report(Progress(step=name, fraction=fraction))

        return watch(video, report=step, check=token.check)

    analysis = await _shown("watch", work)
    text = json.dumps(analysis.document(), indent=1, ensure_ascii=False) + "\n"
    with outputs() as written, written.open(output) as file:
        file.write(text.encode())
    if as_json:
        typer.echo(json.dumps({"analysis": str(output)}))
    else:
        typer.echo(f"{output}: {analysis.duration:.2f} s, {len(analysis.cuts)} cuts")


async def _shown(stage: str, work: Callable[[Report, CancelToken], T]) -> T:
    """Runs work beside the loop and shows how far it is."""
    with progress_display() as display:
        async for event in run_in_thread(work):
            if isinstance(event, Done):
                return event.value
            display.show(JobStatus(stage, event.step, event.fraction))
    raise AssertionError("work ends with its value")


def _drafts(folder: Path, files: ScoreFiles) -> ScoreOutputs:
    return ScoreOutputs(
        film=folder / f"film{files.film.suffix}",
        plan=folder / "plan.yaml",
        report=folder / "report.json",
        midi=folder / "music.mid",
        timeline=folder / "timeline.png",
        sound=folder / "sound.wav" if files.sound is not None else None,
        stems=folder / "stems" if files.stems is not None else None,
    )


def _place(written: Outputs, drafts: ScoreOutputs, files: ScoreFiles, *, keep_plan: bool) -> None:
    """Copies the drafts; the film last, so that it never stands alone."""
    pairs = [
        (drafts.plan if keep_plan else None, files.plan),
        (drafts.report, files.report),
        (drafts.midi, files.midi),
        (drafts.timeline, files.timeline),
        (drafts.sound, files.sound),
    ]
    if drafts.stems is not None and files.stems is not None:
        pairs += [(stem, files.stems / stem.name) for stem in sorted(drafts.stems.iterdir())]
    for draft, goal in [*pairs, (drafts.film, files.film)]:
        if draft is not None and goal is not None:
            with written.open(goal) as target, draft.open("rb") as source:
                shutil.copyfileobj(source, target)


def _tell(command: ScoreCommand, soundtrack: Soundtrack) -> None:
    files = command.files
    if command.as_json:
        facts = files.named() | {"lufs": round(soundtrack.lufs, 2)}
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    plan = soundtrack.plan
    typer.echo(
        f"{files.film}: {plan.style} in {plan.key} {plan.sections[0].scale}, "
        f"{len(plan.hits)} of {len(plan.hits) + len(plan.skipped)} cuts marked, "
        f"{soundtrack.lufs:.1f} LUFS, played by {soundtrack.soundfont}"
    )
    for warning in plan.warnings:
        typer.echo(f"warning: {warning}", err=True)
