"""The pen: fills and lines in a look, under the scene's light."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import skia

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.drawing.paths import Point, curve, limb
from songreel_animatic.looks.look import Look
from songreel_animatic.scene.light import Light

# Drawings are made "on eights": hand-drawn lines change this often, not with every frame.
_BOIL_RATE = 8.0


@lru_cache(maxsize=4096)
def _seen(
    colour: Colour,
    light: Colour,
    lit: float,
    air: Colour,
    haze: float,
    tint: Callable[[Colour], Colour] | None,
) -> Colour:
    """A few hundred colours are asked for in every frame of a scene."""
    seen = colour.lit(light, lit).mix(air, haze)
    return tint(seen) if tint else seen


class Pen:
    """Draws on a canvas whose unit is a thousandth of the picture's height."""

    def __init__(self, canvas: skia.Canvas, look: Look, light: Light, t: float = 0.0) -> None:
        self.canvas = canvas
        self.look = look
        self.light = light
        self.t = t
        self.haze = 0.0
        """How much of the air's colour lies over what is drawn, 0 to 1: far things are paler."""
        self._scale = abs(canvas.getTotalMatrix().getScaleY()) or 1.0
        self.lit = 1.0
        """How much the light's colour shows on what is drawn, 0 to 1; lamps and screens are 0."""

    def colour(self, colour: Colour) -> Colour:
        """The colour as it is seen: under the light, through the air, in the look."""
        return _seen(colour, self.light.colour, self.lit, self.light.air, self.haze, self.look.tint)

    def paint(self, colour: Colour, alpha: float = 1.0) -> skia.Paint:
        """A paint that fills with the colour as it is seen."""
        return skia.Paint(AntiAlias=True, Color=self.colour(colour).argb(alpha * self.look.fill))

    def fill(
        self,
        path: skia.Path,
        colour: Colour,
        *,
        shade: float = 1.0,
        outline: float = 1.0,
        alpha: float = 1.0,
    ) -> None:
        """Fills a shape, with a shadow side away from the light and the look's outline.

        Args:
            path: closed.
            colour: under white light.
            shade: times the look's shading; 0 is flat.
            outline: times the look's outline; 0 is none.
            alpha: opacity, 0 to 1.
        """
        if self.look.lift > 0.0 and shade > 0.0:
            self._cast(path, alpha)
        self.canvas.drawPath(path, self.paint(colour, alpha))
        strength = self.look.shading * shade
        if strength > 0.0:
            self._shade(path, colour, strength, alpha)
        if self.look.outline * outline > 0.0:
            ink = self.look.ink or self.colour(colour).darker(0.62)
            width = self._inked(path, self.look.outline * outline)
            self._stroke(skia.Simplify(path) or path, ink, width, alpha)

    def _enlarged(self) -> float:
        """How many units of the picture one unit of the drawing is: figures are scaled."""
        matrix = self.canvas.getTotalMatrix()
        turned = math.hypot(matrix.getScaleY(), matrix.getSkewX())
        return max(1e-6, turned / self._scale)

    def _inked(self, path: skia.Path, width: float) -> float:
        """Width of a shape's outline in its own units: small and far things have finer lines."""
        box, enlarged = path.getBounds(), self._enlarged()
        size = min(box.width(), box.height()) * enlarged
        finer = min(1.0, max(0.3, (size / 70.0) ** 0.5)) * (1.0 - 0.6 * self.haze)
        return width * finer / enlarged

    def _cast(self, path: skia.Path, alpha: float) -> None:
        """The shadow of cut paper on what lies below it."""
        box, enlarged = path.getBounds(), self._enlarged()
        length = min(self.look.lift / enlarged, 0.16 * min(box.width(), box.height()))
        if length * enlarged < 0.6:
            return
        dx, dy = self.light.direction
        shadow = skia.Path(path)
        shadow.offset(-dx * length * 0.8, abs(dy) * length + 0.2 * length)
        paint = skia.Paint(
            AntiAlias=True,
            Color=skia.Color(24, 16, 40, round(105 * alpha * (1.0 - 0.5 * self.haze))),
            MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.55 * length),
        )
        self.canvas.drawPath(shadow, paint)

    def _shade(self, path: skia.Path, colour: Colour, strength: float, alpha: float) -> None:
        box = path.getBounds()
        reach = 0.5 * (box.width() + box.height())
        if reach < 6.0:
            return
        dx, dy = self.light.direction
        dark = self.colour(colour.darker(0.45 * strength))
        self.canvas.save()
        self.canvas.clipPath(path, skia.ClipOp.kIntersect, True)
        if self.look.soft:
            middle = (box.centerX(), box.centerY())
            shader = skia.GradientShader.MakeLinear(
                [
                    skia.Point(middle[0] + dx * reach * 0.5, middle[1] + dy * reach * 0.5),
                    skia.Point(middle[0] - dx * reach * 0.5, middle[1] - dy * reach * 0.5),
                ],
                [dark.argb(0.0), dark.argb(alpha)],
            )
            self.canvas.drawRect(box, skia.Paint(AntiAlias=True, Shader=shader))
        else:
            # All of the shape but what the same shape covers, moved towards the light.
            rest = skia.Path(path)
            push = min(0.22 * min(box.width(), box.height()), 26.0)
            rest.offset(dx * push, dy * push)
            rest.toggleInverseFillType()
            self.canvas.drawPath(rest, skia.Paint(AntiAlias=True, Color=dark.argb(alpha)))
        self.canvas.restore()

    def line(self, path: skia.Path, colour: Colour, width: float, *, alpha: float = 1.0) -> None:
        """Draws along a path with round ends; width in units."""
        self._stroke(path, self.colour(colour), width, alpha)

    def _stroke(self, path: skia.Path, colour: Colour, width: float, alpha: float) -> None:
        paint = skia.Paint(
            AntiAlias=True,
            Color=colour.argb(alpha),
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=width,
            StrokeCap=skia.Paint.kRound_Cap,
            StrokeJoin=skia.Paint.kRound_Join,
        )
        if self.look.boil > 0.0:
            seed = math.floor(self.t * _BOIL_RATE)
            enlarged = self._enlarged()
            paint.setPathEffect(
                skia.DiscretePathEffect.Make(16.0 / enlarged, self.look.boil / enlarged, seed)
            )
        self.canvas.drawPath(path, paint)

    def limb(self, points: Sequence[Point], widths: Sequence[float], colour: Colour) -> None:
        """A tapering, shaded tube."""
        self.fill(limb(points, widths), colour)

    def smooth(self, points: Sequence[Point], colour: Colour, **options: float) -> None:
        """A filled smooth shape through the points."""
        self.fill(curve(points, closed=True), colour, **options)

    def glow(self, x: float, y: float, radius: float, colour: Colour, alpha: float = 1.0) -> None:
        """Light that adds itself to what is behind: lamps, sparks, the sun's halo."""
        seen = self.look.tint(colour) if self.look.tint else colour
        shader = skia.GradientShader.MakeRadial(
            skia.Point(x, y), radius, [seen.argb(alpha), seen.argb(alpha * 0.35), seen.argb(0.0)],
            [0.0, 0.35, 1.0],
        )  # fmt: skip
        paint = skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.BlendMode.kPlus)
        self.canvas.drawCircle(x, y, radius, paint)
