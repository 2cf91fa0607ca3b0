"""Title and end: the song's name at the beginning, and again as the picture goes dark."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from songreel_render.finish.lettering import Line, lettering
from songreel_render.finish.step import Film, Picture, Step
from songreel_render.motion.easing import smoothstep

_TITLE_FROM: Final = 0.5
_TITLE_TO: Final = 4.4
_FADE: Final = 0.6
_END: Final = 2.6
"""Seconds of the end card."""
_SHORTEST: Final = 8.0
"""Seconds of a song below which words would be all that there is."""
_DARK: Final = 0.16
"""What is left of the picture's light behind the end card."""
_MARGIN: Final = 0.07
_LETTERS: Final = 0.072
"""Size of the title, as a share of the shorter side."""


def title_card(film: Film) -> Step | None:
    """Title and artist, lower left, for the first seconds."""
    words = _words(film, 1.0, centred=False)
    if words is None:
        return None
    top = film.height - round(_MARGIN * film.height) - words.shape[0]
    to = min(_TITLE_TO, 0.3 * film.music.duration)

    def step(picture: Picture, time: float) -> Picture:
        seen = smoothstep((time - _TITLE_FROM) / _FADE) * smoothstep((to - time) / _FADE)
        # It comes in from a little below.
        shift = round(0.02 * film.height * (1.0 - smoothstep((time - _TITLE_FROM) / _FADE)))
        return _laid(picture, words, top + shift, seen)

    return step


def end_card(film: Film) -> Step:
    """The picture darkens, the title stands in the middle, then all is black."""
    words = _words(film, 0.8, centred=True)
    end = film.music.duration
    start = end - min(_END, 0.2 * end)

    def step(picture: Picture, time: float) -> Picture:
        if time < start:
            return picture
        darkness = smoothstep((time - start) / (0.45 * (end - start)))
        picture = np.asarray(
            cv2.convertScaleAbs(picture, alpha=1.0 - (1.0 - _DARK) * darkness), dtype=np.uint8
        )
        gone = smoothstep((end - 0.05 - time) / (0.22 * (end - start)))
        if words is not None:
            top = (film.height - words.shape[0]) // 2
            picture = _laid(picture, words, top, smoothstep(2.0 * darkness - 1.0))
        if gone < 1.0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gone), dtype=np.uint8)
        return picture

    return step


def _words(film: Film, scale: float, *, centred: bool) -> NDArray[np.uint8] | None:
    """(height, width of the film, 4) RGBA, premultiplied; None where nothing is written."""
    title = film.title.strip()
    if title in ("", "Untitled") or film.music.duration < _SHORTEST:
        return None
    size = scale * _LETTERS * min(film.width, film.height)
    # A long title is written smaller, so that it is two lines at most.
    size *= min(1.0, (34 / max(34, len(title))) ** 0.5)
    lines = [Line(title, size, 700)]
    if film.artist.strip():
        lines.append(Line(film.artist.strip(), 0.5 * size, 500, 0.06))
    margin = round(_MARGIN * film.width)
    made = lettering(lines, film.width - 2 * margin, centred=centred)
    note = (
        f"no installed font has {made.missing!r}, so the title shows boxes; install one that has "
        "(Debian: fonts-noto-core, fonts-noto-cjk), or leave title and end out of finish"
    )
    if made.missing and note not in film.notes:
        film.notes.append(note)
    return np.pad(made.pixels, ((0, 0), (margin, margin), (0, 0)))


def _laid(picture: Picture, words: NDArray[np.uint8], top: int, seen: float) -> Picture:
    """The words over the picture, `seen` of them."""
    if seen <= 0.0:
        return picture
    rows = slice(max(0, top), min(picture.shape[0], top + words.shape[0]))
    part = words[rows.start - top : rows.stop - top].astype(np.float32)
    share = 1.0 - seen * part[..., 3:] / 255.0
    picture = picture.copy()
    picture[rows] = np.rint(picture[rows] * share + seen * part[..., :3]).astype(np.uint8)
    return picture
