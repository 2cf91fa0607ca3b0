"""Lines of text as pictures: shaped by skia, in Hanken Grotesk, other scripts as installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import skia
from numpy.typing import NDArray

_FAMILY: Final = "songreel"
_FACES: Final = ("Light", "Medium", "Bold")


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str
    size: float
    """Of the letters, pixels."""
    weight: int = 500
    """300 is light, 500 medium, 700 bold."""
    spacing: float = 0.0
    """Between letters, as a share of `size`."""


@dataclass(frozen=True)
class Lettering:
    """Text that is ready to be laid over a picture."""

    pixels: NDArray[np.uint8]
    """(height, width, 4) RGBA, premultiplied."""
    missing: str
    """Letters that no installed font has."""


def lettering(lines: list[Line], width: int, *, centred: bool = False) -> Lettering:
    """Lines one below the other, white with a soft shadow, wrapped at the width.

    Args:
        lines: from the top.
        width: pixels.
        centred: else they begin at the left, or at the right where the script does.
    """
    fonts = skia.textlayout.TypefaceFontProvider()
    for face in _faces():
        fonts.registerTypeface(face, _FAMILY)
    text = "".join(line.text for line in lines)
    families, missing = _families(text, fonts)
    paragraphs = [_paragraph(line, families, fonts, centred=centred) for line in lines]
    for paragraph in paragraphs:
        paragraph.layout(width)
    pad = round(0.25 * max(line.size for line in lines))
    height = round(sum(paragraph.Height for paragraph in paragraphs)) + 2 * pad
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    canvas = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    shadow = skia.ImageFilters.DropShadow(0, 0, 0.35 * pad, 0.35 * pad, skia.Color(0, 0, 0, 190))
    canvas.saveLayer(None, skia.Paint(ImageFilter=shadow))
    y = float(pad)
    for paragraph in paragraphs:
        paragraph.paint(canvas, 0, y)
        y += paragraph.Height
    canvas.restore()
    return Lettering(pixels, missing)


@cache
def _faces() -> tuple[skia.Typeface, ...]:
    folder = files("font_hanken_grotesk") / "files"
    return tuple(
        skia.Typeface.MakeFromData(
            skia.Data.MakeWithCopy((folder / f"HankenGrotesk-{face}.otf").read_bytes())
        )
        for face in _FACES
    )


def _families(text: str, fonts: skia.textlayout.TypefaceFontProvider) -> tuple[list[str], str]:
    """The families that have the text's letters, and the letters that none has."""
    system, families, missing = skia.FontMgr(), [_FAMILY], ""
    known = list(_faces()[:1])
    for letter in dict.fromkeys(text):
        code = ord(letter)
        if letter.isspace() or any(face.unicharToGlyph(code) for face in known):
            continue
        face = system.matchFamilyStyleCharacter("", skia.FontStyle.Normal(), [], code)
        if face is None:
            missing += letter
            continue
        known.append(face)
        families.append(f"other{len(families)}")
        fonts.registerTypeface(face, families[-1])
    return families, missing


def _paragraph(
    line: Line,
    families: list[str],
    fonts: skia.textlayout.TypefaceFontProvider,
    *,
    centred: bool,
) -> skia.textlayout.Paragraph:
    collection = skia.textlayout.FontCollection()
    collection.setDefaultFontManager(fonts)
    style = skia.textlayout.TextStyle()
    style.setFontFamilies(families)
    style.setFontSize(line.size)
    style.setLetterSpacing(line.spacing * line.size)
    style.setColor(skia.ColorWHITE)
    upright = skia.FontStyle.kUpright_Slant
    style.setFontStyle(skia.FontStyle(line.weight, skia.FontStyle.kNormal_Width, upright))
    paragraph = skia.textlayout.ParagraphStyle()
    paragraph.setTextStyle(style)
    align = skia.textlayout.TextAlign
    paragraph.setTextAlign(align.kCenter if centred else align.kStart)
    builder = skia.textlayout.ParagraphBuilder(paragraph, collection, skia.Unicodes.ICU.Make())
    builder.pushStyle(style)
    builder.addText(line.text)
    builder.pop()
    return builder.Build()
