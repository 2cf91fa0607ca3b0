"""Builds the layers of a composition and draws them at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from songreel_animatic.composition import Composition, Shot
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.looks import find_look
from songreel_animatic.music import Music
from songreel_animatic.places import PLACES
from songreel_animatic.rigs import RIGS
from songreel_animatic.scene.camera import MARGIN, View, view_at
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.light import light_of
from songreel_animatic.scene.setting import Setting

# How much of the air's colour lies over the farthest layer.
_HAZE: Final = 0.55


@dataclass(frozen=True)
class _Still:
    """A layer that is drawn once."""

    pixels: NDArray[np.uint8]
    """(height, width, 4) RGBA, premultiplied; only where something is drawn."""
    place: NDArray[np.float64]
    """(3, 3): from its pixels to units."""
    paint: skia.Paint


class Scene:
    """One shot at one size. Not safe to use in several threads at once."""

    def __init__(self, shot: Shot, music: Music, width: int, height: int) -> None:
        self.shot, self.music = shot, music
        self.width, self.height = width, height
        self._unit = height / 1000.0
        composition = shot.composition
        self.look = find_look(composition.look)
        self.light = light_of(composition)
        self.setting = Setting(
            composition, music, shot.start, shot.end, 1000.0 * width / height, self.light,
            horizon=_horizon(composition), ground=_ground(composition),
        )  # fmt: skip
        layers = list(PLACES[composition.place](self.setting))
        for index, subject in enumerate(composition.subjects):
            layers += RIGS[subject.kind](self.setting, subject, index)
        self.layers: list[Layer] = sorted(layers, key=lambda layer: layer.depth)
        self._stills: dict[int, _Still] = {}

    def picture(self, t: float) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB at t seconds."""
        pixels = np.empty((self.height, self.width, 4), dtype=np.uint8)
        canvas = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas()
        # What shows where two soft edges meet must not be what the memory held before.
        canvas.clear(self.light.air.argb())
        view = self.view(t)
        for number, layer in enumerate(self.layers):
            canvas.save()
            self._draw(canvas, number, layer, view, t)
            canvas.restore()
        rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), dtype=np.uint8)
        return self.look.finish(rgb, t) if self.look.finish else rgb

    def view(self, t: float) -> View:
        """Where the camera is at t seconds."""
        return view_at(self.shot.composition, self.music, self.shot.start, self.shot.end, t)

    def _draw(self, canvas: skia.Canvas, number: int, layer: Layer, view: View, t: float) -> None:
        """Draws one layer; the canvas is in pixels and is left changed."""
        matrix = view.matrix(layer.depth, self.setting.width)
        if layer.still:  # its lines do not boil either: backgrounds are held, as in film
            still = self._stills.get(number)
            if still is None:
                still = self._stills[number] = self._still(layer)
            self._lay(canvas, still, matrix)
        else:
            canvas.scale(self._unit, self._unit)
            canvas.concat(matrix)
            layer.draw(self._pen(canvas, layer, t), t)

    def _lay(self, canvas: skia.Canvas, still: _Still, matrix: skia.Matrix) -> None:
        """Draws a still where the camera sees it. OpenCV warps four times as fast as skia."""
        rows, columns = still.pixels.shape[:2]
        if not rows:
            return
        moved = np.diag([self._unit, self._unit, 1.0]) @ np.reshape(matrix.get9(), (3, 3))
        moved = moved @ still.place
        corners = moved[:2] @ np.array(
            [[0, columns, 0, columns], [0, 0, rows, rows], [1.0] * 4], dtype=np.float64
        )
        left, top = np.maximum(0, np.floor(corners.min(axis=1))).astype(int).tolist()
        right, bottom = np.ceil(corners.max(axis=1)).astype(int).tolist()
        size = min(self.width, right) - left, min(self.height, bottom) - top
        if min(size) <= 0:
            return
        moved[:2, 2] -= left, top
        # Pixels are areas: a half of one lies before the middle of the first.
        moved[:2, 2] += 0.5 * (moved[:2, 0] + moved[:2, 1]) - 0.5
        seen = cv2.warpAffine(still.pixels, moved[:2], size, flags=cv2.INTER_LINEAR)
        image = skia.Image.fromarray(
            seen, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType, copy=False
        )
        canvas.drawImage(image, left, top, skia.SamplingOptions(), still.paint)

    def _pen(self, canvas: skia.Canvas, layer: Layer, t: float) -> Pen:
        pen = Pen(canvas, self.look, self.light, t)
        pen.haze = _HAZE * (1.0 - layer.depth) ** 2 if layer.haze is None else layer.haze
        return pen

    def _still(self, layer: Layer) -> _Still:
        edge, scale = MARGIN * 1000.0, self._unit * 1.08
        width = round((self.setting.width + 2 * edge) * scale)
        height = round((1000.0 + 2 * edge) * scale)
        pixels = np.zeros((height, width, 4), dtype=np.uint8)
        surface = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType)
        canvas = surface.getCanvas()
        canvas.scale(scale, scale)
        canvas.translate(edge, edge)
        layer.draw(self._pen(canvas, layer, self.shot.start), self.shot.start)
        # Only what is drawn on is worth looking at again in every frame.
        alpha = pixels[..., 3]
        left, top, across, down = cv2.boundingRect(alpha)
        paint = skia.Paint()
        if alpha.min() == 255:
            paint.setBlendMode(skia.BlendMode.kSrc)
        place = np.diag([1.0 / scale, 1.0 / scale, 1.0])
        place[:2, 2] = left / scale - edge, top / scale - edge
        drawn = pixels[top : top + down, left : left + across].copy()
        return _Still(drawn, place, paint)

    def depth(self, t: float) -> NDArray[np.float32]:
        """(height, width) float32 in [0, 1], 1 nearest."""
        levels = [round(255 * layer.depth) for layer in self.layers]
        return self._flat(t, levels)[..., 0].astype(np.float32) / 255.0

    def masks(self, t: float) -> NDArray[np.bool_]:
        """(subjects, height, width): where each subject is seen."""
        ids = [0 if layer.subject is None else layer.subject + 1 for layer in self.layers]
        seen = self._flat(t, ids)[..., 0]
        count = len(self.shot.composition.subjects)
        return (
            np.stack([seen == i + 1 for i in range(count)])
            if count
            else np.zeros((0, self.height, self.width), dtype=np.bool_)
        )

    def _flat(self, t: float, levels: list[int]) -> NDArray[np.uint8]:
        """Every layer in one grey, without soft edges."""
        surface = skia.Surface(self.width, self.height)
        canvas = surface.getCanvas()
        canvas.clear(skia.ColorBLACK)
        view = self.view(t)
        for number, (layer, level) in enumerate(zip(self.layers, levels, strict=True)):
            if layer.glow:
                continue
            # Alpha below a half is nothing, above it everything: edges belong to one side.
            alpha = skia.ColorFilters.Matrix(
                [0, 0, 0, 0, level / 255.0] * 3 + [0, 0, 0, 255.0, -127.0]
            )
            canvas.saveLayer(None, skia.Paint(ColorFilter=alpha))
            self._draw(canvas, number, layer, view, t)
            canvas.restore()
        return np.asarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType))


def _horizon(composition: Composition) -> float:
    return {"close-up": 560.0, "medium": 600.0, "wide": 640.0, "above": -200.0}.get(
        composition.framing, 600.0
    )


def _ground(composition: Composition) -> float:
    return {"close-up": 1560.0, "medium": 900.0, "wide": 860.0, "above": 700.0}.get(
        composition.framing, 900.0
    )
