"""Content credentials of a video, for a person or a program to read."""

import json
from dataclasses import asdict
from pathlib import Path

import typer
from songreel_kit.credentials.certificates import development_authority
from songreel_kit.credentials.content_credentials import Credentials, read_credentials
from songreel_render.settings import RenderServiceSettings

from songreel_app.errors import check_input

_WORDS = {
    "trusted": "intact, and signed by somebody trusted here",
    "valid": "intact, but signed by somebody unknown here",
    "invalid": "NOT intact: the file was changed after it was signed",
    "none": "there are none",
}


def show_credentials(file: Path, trust: Path | None, data: Path, *, as_json: bool) -> bool:
    """Prints the file's credentials; True when they are intact.

    Raises:
        InputUnreadable: the file or the certificates cannot be read.
        InvalidRequest: not a kind of file that holds credentials.
    """
    check_input(file, "the video")
    anchors = development_authority(RenderServiceSettings(data=data).signing_folder)
    if trust is not None:
        check_input(trust, "the certificates")
        anchors += trust.read_text()
    found = read_credentials(file, anchors)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        for line in _lines(found):
            typer.echo(line)
    return found.state in ("trusted", "valid")


def _lines(found: Credentials) -> list[str]:
    lines = [f"credentials: {_WORDS[found.state]}"]
    if found.signed_by:
        lines.append(f"signed by: {found.signed_by}")
    if found.made_by:
        lines.append(f"made by: {found.made_by}")
    for name, value in found.facts.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if value not in ("", [], None):
            lines.append(f"{name.replace('_', ' ')}: {told}")
    lines += [f"problem: {problem}" for problem in found.problems]
    return lines
