"""The frames of a video that should show the protagonist."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame
    from songreel.prompt.v1.storyboard_pb2 import Storyboard


def read_board(path: Path) -> Storyboard:
    """A storyboard that `make` wrote, or the user."""
    from songreel_prompt.storyboard.documents import parse_storyboard

    return parse_storyboard(path.read_text(encoding="utf-8-sig"), path.name).storyboard


def protagonist_spans(board: Storyboard) -> list[tuple[float, float]]:
    """Start and end, in seconds, of the scenes that show the protagonist."""
    return [(scene.start, scene.end) for scene in board.scenes if scene.protagonist]


def shown_frames(video: Path, spans: list[tuple[float, float]]) -> Iterator[VideoFrame]:
    """The frames of the spans, one at a time."""
    import av

    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            at = float(frame.time or 0.0)
            # A frame on the cut belongs to the scene that begins there.
            if any(start <= at + 1e-4 < end for start, end in spans):
                yield frame


def png_frames(video: Path, spans: list[tuple[float, float]], every: int) -> Iterator[bytes]:
    """Every so many frames of the spans as PNG, one at a time."""
    for frame in islice(shown_frames(video, spans), 0, None, every):
        target = io.BytesIO()
        frame.to_image().save(target, "PNG")
        yield target.getvalue()
