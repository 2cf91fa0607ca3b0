"""Some pictures of a video, evenly spaced, as players show them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from av.error import FFmpegError

from songreel_score.watch.video_file import Pixels, open_video, video_stream

_HEIGHT: Final = 120


def film_strip(video: Path, duration: float, count: int) -> list[Pixels]:
    """`count` pictures (120, width, 3) RGB from the middles of as many equal parts.

    A part that cannot be reached shows the picture before it.
    """
    strip: list[Pixels] = []
    with open_video(video) as container:
        stream = video_stream(container)
        start = stream.start_time or 0
        for early, late in pairwise(np.linspace(0.0, duration, count + 1)):
            target = start + int((early + late) / 2 / stream.time_base)
            try:
                container.seek(target, stream=stream)
                frame = _frame_at(container, stream, target)
            except (FFmpegError, StopIteration):
                frame = None
            if frame is not None:
                strip.append(_turned(frame))
            elif strip:
                strip.append(strip[-1])
    return strip


def _frame_at(container: Any, stream: Any, target: int) -> Any:
    """The picture shown at a time."""
    shown = None
    for frame in container.decode(stream):
        if frame.pts is not None and frame.pts > target:
            return shown or frame
        shown = frame
    return shown


def _turned(frame: Any) -> Pixels:
    turns = round(frame.rotation / 90) % 4
    width, height = frame.width, frame.height
    scale = _HEIGHT / (width if turns % 2 else height)
    small = frame.to_ndarray(
        format="rgb24", width=max(2, round(width * scale)), height=max(2, round(height * scale))
    )
    return np.rot90(small, turns)
