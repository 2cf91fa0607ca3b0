"""The contact sheet: a frame of every scene with its prompt."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import av
from av.video.reformatter import ColorRange, Colorspace
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard

from songreel_render.motion.layout import Layout

_THUMB: Final = 256
_GAP: Final = 16
_HEAD: Final = 56
_CAPTION_LINES: Final = 5
_LINE: Final = 16
_CAPTION: Final = 12 + 18 + _CAPTION_LINES * _LINE
_PAPER: Final = (250, 249, 246)
_INK: Final = (34, 38, 46)
_FAINT: Final = (120, 126, 138)
_MAX_SCENES: Final = 60
_MAX_COLUMNS: Final = 5


def sheet_scenes(layout: Layout) -> list[int]:
    """The scenes that a sheet shows: those with a frame, every n-th of more than fit (60)."""
    shown = layout.shown
    total = len(shown)
    if total > _MAX_SCENES:
        return [shown[place * total // _MAX_SCENES] for place in range(_MAX_SCENES)]
    return shown


def middle_frames(video: Path, scenes: Sequence[int], layout: Layout) -> Iterator[Image.Image]:
    """The middle frame of each scene of a finished video."""
    middles = [sum(layout.spans[scene]) // 2 for scene in scenes]
    return read_frames(video, middles, float(layout.grid.rate))


def draw_contact_sheet(
    pictures: Iterable[Image.Image], shown: Sequence[int], storyboard: Storyboard, layout: Layout
) -> bytes:
    """Draw the sheet.

    Args:
        pictures: of the scenes shown, in order; read one at a time.
        shown: numbers of the scenes, as `sheet_scenes` gives them.
        storyboard: for their words.
        layout: for how many there are.

    Returns:
        PNG bytes.
    """
    total = len(layout.shown)
    columns = min(_MAX_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    cell_width, cell_height = _THUMB + _GAP, _THUMB + _CAPTION + _GAP
    sheet = Image.new(
        "RGB", (columns * cell_width + _GAP, _HEAD + rows * cell_height + _GAP), _PAPER
    )
    draw = ImageDraw.Draw(sheet)
    left_out = f", {len(shown)} of them shown" if len(shown) < total else ""
    title = storyboard.title or "storyboard"
    heading = f"{title}   ({storyboard.style or 'no style'}; {total} scenes{left_out})"
    draw.text((_GAP, 18), heading, _INK, _font(20))
    for place, (index, picture) in enumerate(zip(shown, pictures, strict=True)):
        corner = (
            _GAP + place % columns * cell_width,
            _HEAD + place // columns * cell_height,
        )
        _draw_cell(sheet, draw, corner, index, storyboard.scenes[index], picture)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def read_frames(video: Path, frames: list[int], rate: float) -> Iterator[Image.Image]:
    """Frames of a video by number, ascending; seeks, so that long videos cost little."""
    with av.open(str(video)) as container:
        stream: Any = container.streams.video[0]
        for wanted in frames:
            container.seek(int(wanted / rate / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if round(frame.pts * stream.time_base * rate) >= wanted:
                    yield frame.reformat(
                        format="rgb24",
                        src_colorspace=Colorspace.ITU709,
                        src_color_range=ColorRange.MPEG,
                    ).to_image()
                    break


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    index: int,
    scene: Scene,
    picture: Image.Image,
) -> None:
    x, y = corner
    sheet.paste(picture.resize((_THUMB, _THUMB), Image.Resampling.LANCZOS), corner)
    y += _THUMB + 8
    draw.text((x, y), f"{index + 1}", _INK, _font(14))
    note = f"{scene.start:.2f} - {scene.end:.2f} s"
    for extra in (scene.mood, scene.camera if scene.camera != "none" else ""):
        note += f"  {extra}" if extra else ""
    draw.text((x + 26, y + 1), note, _FAINT, _font(12))
    y += 20
    for line in _wrapped(draw, scene.prompt, _font(12)):
        draw.text((x, y), line, _INK, _font(12))
        y += _LINE


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """At most `_CAPTION_LINES` lines that fit under a picture, by measured width."""
    width = _THUMB // 6
    while width > 8:
        lines = textwrap.wrap(" ".join(text.split()), width) or [""]
        if max(draw.textlength(line, font) for line in lines) <= _THUMB:
            break
        width -= 1
    else:
        lines = textwrap.wrap(text, 8)
    if len(lines) > _CAPTION_LINES:
        lines = [*lines[: _CAPTION_LINES - 1], lines[_CAPTION_LINES - 1][: width - 3] + "..."]
    return lines


def _font(size: int) -> ImageFont.FreeTypeFont:
    # matplotlib brings DejaVu Sans along: the same sheet on every machine, most scripts covered.
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)
