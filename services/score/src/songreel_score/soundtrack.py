"""The whole way: from a video to a film with its own music, and what goes beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from songreel_kit.bounds.score import DUCK, KEEP_SOUND, NONE
from songreel_kit.credentials.certificates import SigningIdentity
from songreel_kit.errors import InvalidRequest

from songreel_score.compose.composition import Composition
from songreel_score.compose.engines import find_engine
from songreel_score.film.credentials import holds_credentials, sign_film
from songreel_score.film.muxer import check_format, write_film
from songreel_score.perform.performance import Performance
from songreel_score.perform.performer import perform
from songreel_score.plan.plan_checks import check as check_plan
from songreel_score.plan.plan_document import to_yaml
from songreel_score.plan.planner import PlanRequest, make_plan
from songreel_score.plan.score_plan import ScorePlan
from songreel_score.sound.loudness import measure
from songreel_score.sound.mastering import Master
from songreel_score.sound.midi_file import write_midi
from songreel_score.sound.soundfonts import find_soundfont
from songreel_score.sound.studio import Studio, write_wav
from songreel_score.sound.takes import RATE
from songreel_score.styles import find_style
from songreel_score.watch.analysis import (
    Report,
    VideoAnalysis,
    no_check,
    no_report,
    watch,
)
from songreel_score.watch.video_file import VideoLimits

VERSION: Final = "2026.12-2"
"""Changes whenever the same request would give another film."""


@dataclass(frozen=True)
class ScoreRequest:
    """What to make of a video."""

    planning: PlanRequest = field(default_factory=PlanRequest)
    plan: ScorePlan | None = None
    """A plan that was edited; `planning` is ignored then."""
    engine: str = ""
    keep_sound: str = DUCK
    """What becomes of the film's own sound: `duck` puts the music under its speech, `mix` leaves
    both as they are, `none` takes it out."""
    soundfont: Path | None = None
    signer: SigningIdentity | None = None
    """Who signs the film; nobody when unset."""


@dataclass(frozen=True)
class ScoreOutputs:
    """Which files to write. Each is whole or, after an error, the caller's to remove."""

    film: Path
    plan: Path | None = None
    """YAML."""
    report: Path | None = None
    """JSON: what was seen, planned and measured."""
    midi: Path | None = None
    stems: Path | None = None
    """A folder: a WAV for each role. Together, before mastering, they are the music."""
    sound: Path | None = None
    """WAV of all that is heard, 24 bits."""
    timeline: Path | None = None
    """PNG."""


@dataclass(frozen=True)
class Soundtrack:
    """What was made."""

    analysis: VideoAnalysis
    plan: ScorePlan
    composition: Composition
    performance: Performance
    soundfont: str
    keep_sound: str
    """What became of the film's sound; `none` where it had none."""
    samples: int
    """At 48 kHz; the film's length to the sample."""
    lufs: float
    true_peak: float

    def facts(self) -> dict[str, Any]:
        """What the film's credentials say of its music."""
        return {
            "engine": self.composition.engine,
            "style": self.plan.style,
            "seed": self.plan.seed,
            "soundfont": self.soundfont,
        }

    def document(self) -> dict[str, Any]:
        """As plain values for JSON."""
        plan = self.plan
        return {
            "video": self.analysis.document(),
            "style": plan.style,
            "key": plan.key,
            "sync": plan.sync,
            "seed": plan.seed,
            "bars": [
                {
                    "start": round(bar.start, 4),
                    "beats": bar.bar.beats,
                    "bpm": round(bar.bpm, 2),
                    "chords": list(bar.bar.chords),
                    "section": bar.section.name,
                }
                for bar in plan.bars()
            ],
            "hits": [
                {"time": round(h.time, 4), "error_ms": round(h.error_ms, 1) + 0.0}
                for h in plan.hits
            ],
            "skipped": [{"time": round(s.time, 4), "reason": s.reason} for s in plan.skipped],
            "notes": len(self.performance.notes),
            "engine": self.composition.engine,
            "soundfont": self.soundfont,
            "keep_sound": self.keep_sound,
            "sample_rate": RATE,
            "samples": self.samples,
            "lufs": round(self.lufs, 2),
            "true_peak_dbtp": round(self.true_peak, 2),
            "warnings": list(plan.warnings),
        }


def score(
    video: Path,
    outputs: ScoreOutputs,
    request: ScoreRequest | None = None,
    limits: VideoLimits | None = None,
    report: Report = no_report,
    check: Callable[[], None] = no_check,
    analysis: VideoAnalysis | None = None,
) -> Soundtrack:
    """Makes a soundtrack.

    Args:
        video: a local file.
        outputs: what to write.
        request: how it is to be.
        limits: what the video may cost.
        report: takes the step that begins and the share done.
        check: called often; raises to give up.
        analysis: of the same video, if it is known.

    Raises:
        InvalidRequest, UnknownStyle, UnknownEngine, InvalidScorePlan, ModelMissing: the request
            cannot be met.
        SongreelError: those of `watch.video_file`.
    """
    request = request or ScoreRequest()
    if request.keep_sound not in KEEP_SOUND:
        raise InvalidRequest(
            f"keep_sound is {request.keep_sound!r}; it may be {', '.join(KEEP_SOUND)}"
        )
    engine = find_engine(request.engine)
    font = find_soundfont(request.soundfont)
    find_style(request.planning.style)
    film_format = check_format(video, outputs.film.suffix)
    if analysis is None:
        analysis = watch(video, limits, lambda step, part: report(step, 0.45 * part), check)
    report("plan", 0.45)
    plan = request.plan
    unsigned = request.signer is not None and not holds_credentials(outputs.film)
    if plan is None:
        plan = make_plan(analysis, request.planning)
    else:
        check_plan(plan, analysis.duration)
        # The film's length to the last digit, which a document may have rounded.
        plan = _with_duration(plan, analysis.duration)
    if unsigned:
        note = (
            f"the film carries no content credentials: C2PA does not define them for "
            f"{outputs.film.suffix} files"
        )
        plan = replace(plan, warnings=(*plan.warnings, note))
    report("compose", 0.48)
    composition = engine.compose(plan, lambda part: report("compose", 0.48 + 0.07 * part))
    report("perform", 0.55)
    performance = perform(plan, composition)
    with TemporaryDirectory(prefix="songreel-score-") as folder:
        studio = Studio(Path(folder), video, analysis, plan, performance, font, check)
        report("play", 0.57)
        finished, kept = studio.finish(request.keep_sound)
        report("write", 0.9)
        soundtrack = Soundtrack(
            analysis,
            plan,
            composition,
            performance,
            font.name,
            kept,
            finished.take.samples,
            finished.lufs,
            finished.true_peak,
        )
        if request.signer is None or unsigned:
            write_film(outputs.film, video, finished.take, film_format)
        else:
            film = Path(folder) / f"film{outputs.film.suffix}"
            write_film(film, video, finished.take, film_format)
            sign_film(film, outputs.film, video, soundtrack.facts(), request.signer)
        _write_beside(outputs, soundtrack, studio, finished)
    report("done", 1.0)
    return soundtrack


def _with_duration(plan: ScorePlan, duration: float) -> ScorePlan:
    last = replace(plan.stretches[-1], end=duration)
    return replace(plan, duration=duration, stretches=(*plan.stretches[:-1], last))


def _write_beside(
    outputs: ScoreOutputs, soundtrack: Soundtrack, studio: Studio, finished: Master
) -> None:
    if outputs.plan is not None:
        outputs.plan.write_text(to_yaml(soundtrack.plan), encoding="utf-8")
    if outputs.report is not None:
        text = json.dumps(soundtrack.document(), indent=1, ensure_ascii=False)
        outputs.report.write_text(text + "\n", encoding="utf-8")
    if outputs.midi is not None:
        write_midi(soundtrack.plan, soundtrack.performance, outputs.midi)
    if outputs.sound is not None:
        write_wav(finished.take, outputs.sound)
    if outputs.stems is not None:
        outputs.stems.mkdir(parents=True, exist_ok=True)
        for role in soundtrack.performance.levels:
            write_wav(studio.recorded(role, {role}), outputs.stems / f"{role}.wav")
    if outputs.timeline is not None:
        # Drawing takes a second to import.
        from songreel_score.film import timeline_picture

        momentary = measure(block for _, _, block in finished.take.blocks()).momentary()
        spoken = soundtrack.analysis.speech if soundtrack.keep_sound != NONE else ()
        timeline_picture.draw(
            timeline_picture.Timeline(
                studio.video,
                soundtrack.plan,
                soundtrack.performance,
                momentary,
                finished.lufs,
                finished.true_peak,
                spoken,
                studio.video.name,
            ),
            outputs.timeline,
        )
