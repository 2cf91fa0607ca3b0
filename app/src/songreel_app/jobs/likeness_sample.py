"""Whether a finished video shows the person it was asked for."""

import math
from pathlib import Path
from typing import Final

from songreel.v1 import identity_service_pb2 as pb

from songreel_app.files.protagonist import (
    png_frames,
    protagonist_spans,
    read_board,
    shown_frames,
)
from songreel_app.server.client import Client

# Frames that `make` measures: a few seconds of dlib.
SAMPLE: Final = 16


async def measure_sample(
    client: Client, identity: str, video: Path, storyboard: Path
) -> pb.MeasureLikenessResponse | None:
    """Measures at most `SAMPLE` frames, spread over the scenes that show a person.

    Args:
        client: of the server whose vault has the person.
        identity: full resource name.
        video: a finished video.
        storyboard: what it was drawn from.

    Returns:
        The counts; None where no frame is of a scene with the protagonist.

    Raises:
        SongreelError: it cannot be measured, for instance since the person was erased.
    """
    spans = protagonist_spans(read_board(storyboard))
    shown = sum(1 for _ in shown_frames(video, spans))
    if shown == 0:
        return None
    every = math.ceil(shown / SAMPLE)
    start = pb.MeasureLikenessStart(name=identity)
    return await client.measure_likeness(start, lambda: png_frames(video, spans, every))
