"""`songreel evaluate`: what can be measured of a finished video."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands import options

app = typer.Typer(no_args_is_help=True, help="Measure a finished video.")

Film = Annotated[Path, typer.Argument(metavar="VIDEO", help="A video that shows the person.")]
Name = Annotated[
    str, typer.Option("--identity", metavar="NAME", help="The enrolled person it should show.")
]
Board = Annotated[
    Path | None,
    typer.Option(
        "--storyboard",
        metavar="S.yaml",
        help="Says which scenes show the person; by default the one beside the video.",
    ),
]
Impostors = Annotated[
    list[Path] | None,
    typer.Option(
        "--impostor",
        metavar="PICTURE",
        help="A picture of somebody else; may be given several times.",
    ),
]
Every = Annotated[int, typer.Option("--every", metavar="N", help="Look at each N-th frame.", min=1)]


@app.callback()
def _root() -> None:
    """Measure a finished video."""


@app.command("identity")
def identity(
    video: Film,
    name: Name,
    storyboard: Board = None,
    impostor: Impostors = None,
    every: Every = 1,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Count the frames in which the person is found and recognised (dlib, .6).

    Only frames of scenes that show the protagonist count. Impostors say how often
    somebody else would be recognised in the same frames.
    """
    from songreel_app.likeness import Question, evaluate_identity
    from songreel_app.runner import run_command

    question = Question(
        video=video,
        identity=name,
        storyboard=storyboard,
        impostors=tuple(impostor or ()),
        every=every,
        server=server,
        as_json=as_json,
    )
    return run_command(lambda _: evaluate_identity(question))
