"""`songreel inspect`: a video's content credentials, verified."""

from pathlib import Path
from typing import Annotated

import typer

from songreel_app.commands import options

File = Annotated[Path, typer.Argument(metavar="VIDEO", help="An .mp4 or .webp file.")]
Trust = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="PEM",
        help="Certificates of authorities to trust, besides this installation's own.",
    ),
]


def inspect(
    file: File,
    trust: Trust = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Read and verify a video's content credentials (C2PA); works offline.

    The exit code is 0 when they are present and intact, else 1.
    """
    from songreel_app.reports.credentials import show_credentials

    return 0 if show_credentials(file, trust, options.data_folder(data), as_json=as_json) else 1
