"""The options of drawing, which `make` and `render` share, as the request has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from songreel.render.v1.render_plan_pb2 import RenderSettings


@dataclass(frozen=True)
class Drawing:
    """What the command line says of drawing; see the options of the same names."""

    fps: str
    size: int
    steps: int
    seed: int
    schedule: str
    scheduler: str
    guidance: float
    cadence: float | None
    in_betweens: str
    colour_match: float | None
    loras: list[str]
    mark: str
    preview: bool

    def settings(self, output: Path) -> RenderSettings:
        """The request's settings for a video at `output`."""
        from songreel.render.v1.render_plan_pb2 import Lora, RenderSettings

        settings = RenderSettings(
            fps=self.fps,
            size=self.size,
            steps=self.steps,
            seed=self.seed,
            schedule=self.schedule,
            scheduler=self.scheduler,
            guidance_scale=self.guidance,
            cadence=self.cadence,
            in_betweens=self.in_betweens,
            colour_match=self.colour_match,
            mark=self.mark,
            preview=self.preview,
            format=output.suffix.lower().removeprefix("."),
        )
        for text in self.loras:
            path, weight = split_lora(text)
            settings.loras.append(Lora(path=path, weight=weight))
        return settings


def split_lora(text: str) -> tuple[str, float]:
    """Path and weight of "FILE:WEIGHT"; the weight is 1 where none is given."""
    path, colon, weight = text.rpartition(":")
    try:
        return (path, float(weight)) if colon and path else (text, 1.0)
    except ValueError:
        return text, 1.0  # the colon is a part of the path


def default_output(song: Path, *, preview: bool) -> Path:
    """Where the video of a song goes when nothing else is said."""
    return Path(f"{song.stem}.preview.mp4" if preview else f"{song.stem}.mp4")
