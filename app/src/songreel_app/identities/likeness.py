"""Share of frames that show the right person, as the paper measures it (section 5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from songreel.identity.v1.identity_service_pb2 import Impostor
from songreel.v1 import identity_service_pb2 as pb
from songreel_kit.errors import InvalidRequest

from songreel_app.errors import check_input
from songreel_app.files.protagonist import png_frames, protagonist_spans, read_board
from songreel_app.files.video_files import files_beside
from songreel_app.server.names import identity_name
from songreel_app.server.session import Session
from songreel_app.server.target import ServerTarget


@dataclass(frozen=True)
class LikenessRequest:
    """A request of `songreel evaluate identity`."""

    video: Path
    identity: str
    storyboard: Path | None
    impostors: tuple[Path, ...]
    every: int
    target: ServerTarget
    as_json: bool


async def evaluate_identity(request: LikenessRequest) -> None:
    """Measures and prints; the frames go to the server, which keeps none."""
    check_input(request.video, "the video")
    board = request.storyboard or files_beside(request.video).storyboard
    check_input(board, "the storyboard")
    for picture in request.impostors:
        check_input(picture, "the impostor's picture")
    spans = protagonist_spans(read_board(board))
    if not spans:
        raise InvalidRequest(f"no scene of {board} shows the protagonist: nothing can be measured")
    async with Session(request.target) as session:
        start = pb.MeasureLikenessStart(
            name=identity_name(request.identity, session.client.parent),
            impostors=[
                Impostor(name=path.stem, picture=path.read_bytes()) for path in request.impostors
            ],
        )
        found = await session.client.measure_likeness(
            start, lambda: png_frames(request.video, spans, request.every)
        )
    facts = report(found)
    typer.echo(json.dumps(facts) if request.as_json else "\n".join(_lines(facts)))


def report(found: pb.MeasureLikenessResponse) -> dict[str, Any]:
    """The counts with their shares; a share of nothing is None."""
    return {
        "frames": found.pictures,
        "faces": found.faces,
        "face_share": _share(found.faces, found.pictures),
        "matches": found.matches,
        "match_share_of_faces": _share(found.matches, found.faces),
        "match_share_of_frames": _share(found.matches, found.pictures),
        "median_distance": round(found.distance, 3) if found.faces else None,
        "impostors": [
            {
                "name": other.name,
                "matches": other.matches,
                "match_share_of_faces": _share(other.matches, found.faces),
                "median_distance": round(other.distance, 3) if found.faces else None,
                "distance_to_enrolled": round(other.enrolled_distance, 3),
            }
            for other in found.impostors
        ],
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _lines(facts: dict[str, Any]) -> list[str]:
    def percent(share: float | None) -> str:
        return "-" if share is None else f"{share:.1%}"

    lines = [
        f"frames that should show the person   {facts['frames']}",
        f"a face is found in                   {facts['faces']} ({percent(facts['face_share'])})",
        f"it is the person in                  {facts['matches']} "
        f"({percent(facts['match_share_of_faces'])} of those with a face, "
        f"{percent(facts['match_share_of_frames'])} of all)",
        f"median distance (same below .6)      {facts['median_distance'] or '-'}",
    ]
    return [
        *lines,
        *(
            f"taken for {other['name']}: {other['matches']} "
            f"({percent(other['match_share_of_faces'])} of those with a face)"
            for other in facts["impostors"]
        ),
    ]
