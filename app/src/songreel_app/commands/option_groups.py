"""Options that several commands share, as dataclasses that commands take as one parameter."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from songreel_app.commands import options
from songreel_app.server.target import ServerTarget

if TYPE_CHECKING:
    from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
    from songreel.render.v1.render_plan_pb2 import RenderSettings


def with_groups(command: Callable[..., int]) -> Callable[..., int]:
    """The command for typer: a parameter whose type is a dataclass becomes the fields' options."""
    groups: dict[str, type[Any]] = {
        name: parameter.annotation
        for name, parameter in inspect.signature(command).parameters.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name not in groups:
            parameters.append(parameter)
            continue
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=field.type,
            )
            for field in fields(groups[name])
        ]

    @wraps(command)
    def call(**given: Any) -> int:
        taken = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**given, **taken)

    call.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    call.__dict__["__signature__"] = inspect.Signature(parameters)
    return call


@dataclass(frozen=True)
class CommonOptions:
    """Where a command works, and how it answers."""

    server: options.Server = None
    data: options.Data = None
    as_json: options.Json = False

    def target(self, backend: str = "") -> ServerTarget:
        """The server to work with.

        Raises:
            typer.BadParameter: `backend` is given for a server elsewhere.
        """
        if backend and self.server is not None:
            raise typer.BadParameter(
                "this is for the embedded server; choose another server's where it is started",
                param_hint="--render",
            )
        return ServerTarget(options.data_folder(self.data), self.server, backend)


@dataclass(frozen=True)
class StoryOptions:
    """How a storyboard is written."""

    style: options.Style = ""
    storyteller: options.Storyteller = ""
    protagonist: options.Protagonist = ""
    protagonist_share: options.ProtagonistShare = 0.0

    def check_with(self, edited: Path | None, rewritten: Path | None) -> None:
        """Refuses options for writing where a storyboard is drawn as it is.

        Raises:
            typer.BadParameter: names these options.
        """
        given = {
            "--style": self.style,
            "--storyteller": self.storyteller,
            "--protagonist-share": self.protagonist_share,
            "--from": rewritten,
        }
        names = ", ".join(name for name, value in given.items() if value)
        if edited is not None and names:
            raise typer.BadParameter(
                f"a storyboard that is drawn as it is takes no {names}; give --from {edited} to "
                "have its open scenes rewritten",
                param_hint="--storyboard",
            )

    def message(self, seed: int) -> "StoryboardOptions":
        """The request's options."""
        from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions

        return StoryboardOptions(
            style=self.style,
            storyteller=self.storyteller,
            seed=seed,
            protagonist_share=self.protagonist_share,
            protagonist_name=self.protagonist,
        )


@dataclass(frozen=True)
class RenderOptions:
    """How frames are drawn."""

    fps: options.Fps = "24"
    size: options.Size = 0
    steps: options.Steps = 0
    seed: options.Seed = 0
    schedule: options.Schedule = ""
    scheduler: options.Scheduler = ""
    guidance: options.Guidance = 0.0
    cadence: options.Cadence = None
    animatic: options.Animatic = ""
    in_betweens: options.InBetweens = ""
    colour_match: options.ColourMatch = None
    lora: options.Loras = None
    mark: options.Mark = ""
    preview: options.Preview = False

    def settings(self, output: Path) -> "RenderSettings":
        """The request's settings for a video at `output`."""
        from songreel.render.v1.render_plan_pb2 import Lora, RenderSettings

        pairs = [split_lora(text) for text in self.lora or ()]
        return RenderSettings(
            fps=self.fps,
            size=self.size,
            steps=self.steps,
            seed=self.seed,
            schedule=self.schedule,
            scheduler=self.scheduler,
            guidance_scale=self.guidance,
            cadence=self.cadence,
            animatic=self.animatic,
            in_betweens=self.in_betweens,
            colour_match=self.colour_match,
            mark=self.mark,
            preview=self.preview,
            format=output.suffix.lower().removeprefix("."),
            loras=[Lora(path=path, weight=weight) for path, weight in pairs],
        )

    def output(self, given: Path | None, song: Path) -> Path:
        """Where the video goes: as given, or the song's name in this folder."""
        return given or Path(f"{song.stem}.preview.mp4" if self.preview else f"{song.stem}.mp4")


def split_lora(text: str) -> tuple[str, float]:
    """Path and weight of "FILE:WEIGHT"; the weight is 1 where none is given."""
    path, colon, weight = text.rpartition(":")
    try:
        return (path, float(weight)) if colon and path else (text, 1.0)
    except ValueError:
        return text, 1.0  # the colon is a part of the path
