"""Where a soundtrack's files go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from songreel_kit.errors import InvalidRequest

from songreel_app.errors import check_input
from songreel_app.files.outputs import check_output


@dataclass(frozen=True)
class ScoreFiles:
    """Where a soundtrack goes."""

    film: Path
    plan: Path
    """Not written when it is the one that was read."""
    report: Path
    midi: Path
    timeline: Path
    sound: Path | None
    stems: Path | None

    def keeps_plan(self, edited: Path | None) -> bool:
        """Whether the plan is written: not over the one that was read."""
        return edited is None or edited.absolute() != self.plan.absolute()

    def named(self) -> dict[str, object]:
        """Paths by what they hold, as `--json` tells them."""
        named = {
            "film": self.film,
            "plan": self.plan,
            "report": self.report,
            "midi": self.midi,
            "timeline": self.timeline,
            "wav": self.sound,
            "stems": self.stems,
        }
        return {name: str(path) for name, path in named.items() if path is not None}


def score_files(
    film: Path, midi: Path | None, timeline: Path | None, sound: Path | None, stems: Path | None
) -> ScoreFiles:
    """For `clip.mp4`: `clip.score.yaml`, `clip.score.json`, `clip.mid`, `clip.score.png`."""
    return ScoreFiles(
        film=film,
        plan=film.with_name(f"{film.stem}.score.yaml"),
        report=film.with_name(f"{film.stem}.score.json"),
        midi=midi or film.with_name(f"{film.stem}.mid"),
        timeline=timeline or film.with_name(f"{film.stem}.score.png"),
        sound=sound,
        stems=stems,
    )


def check_files(video: Path, files: ScoreFiles, edited_plan: Path | None) -> None:
    """Checks inputs and outputs before any work.

    Raises:
        InputUnreadable, OutputUnwritable: a file cannot be read or written.
        InvalidRequest: the output is the video itself.
    """
    check_input(video, "the video")
    if files.film.absolute() == video.absolute():
        raise InvalidRequest("the output is the video itself; choose another -o")
    for path, option in (
        (files.film, "-o"),
        (files.midi, "--midi"),
        (files.timeline, "--timeline"),
        (files.sound, "--wav"),
        (files.stems and files.stems / "melody.wav", "--stems"),
    ):
        if path is not None:
            check_output(path, option)
    if edited_plan is not None:
        check_input(edited_plan, "the plan")
