"""`songreel evaluate`: measurements of a finished video."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands.option_groups import CommonOptions, with_groups

Film = Annotated[Path, typer.Argument(metavar="VIDEO", help="A video that shows the person.")]
Name = Annotated[
    str, typer.Option("--identity", metavar="NAME", help="The enrolled person to look for.")
]
Board = Annotated[
    Path | None,
    typer.Option(
        "--storyboard",
        metavar="S.yaml",
        help="The video's storyboard, which says which scenes show the person; by default the one "
        "beside the video.",
    ),
]
Impostors = Annotated[
    list[Path] | None,
    typer.Option(
        "--impostor",
        metavar="PICTURE",
        help="A picture of somebody else, to count mistaken matches; repeat for several.",
    ),
]
Every = Annotated[
    int, typer.Option("--every", metavar="N", help="Look at every N-th frame only.", min=1)
]


@with_groups
def identity(
    video: Film,
    name: Name,
    storyboard: Board = None,
    impostor: Impostors = None,
    every: Every = 1,
    *,
    common: CommonOptions,
) -> int:
    """Count the frames in which the person is found and recognised.

    Only scenes that show the protagonist count. Faces are compared by dlib (the same person
    below a distance of .6). With --impostor, also count how often somebody else is recognised
    in the same frames.
    """
    from songreel_app.identities.likeness import LikenessRequest, evaluate_identity
    from songreel_app.jobs.signals import run_command

    request = LikenessRequest(
        video=video,
        identity=name,
        storyboard=storyboard,
        impostors=tuple(impostor or ()),
        every=every,
        target=common.target(),
        as_json=common.as_json,
    )
    return run_command(lambda _: evaluate_identity(request))
