"""Draws a body in a pose: limbs, clothes, head, from the back to the front."""

from __future__ import annotations

import math
from dataclasses import dataclass

import skia

from songreel_animatic.drawing.colours import Colour
from songreel_animatic.drawing.paths import Point, curve, limb, oval
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.people.appearance import Appearance
from songreel_animatic.people.body import FOOT_HEIGHT, Joints, Limb, Pose, joints
from songreel_animatic.people.face import Expression, head, head_back


@dataclass(frozen=True)
class Motion:
    """A pose, and the one just before, which hair and cloth still follow."""

    now: Pose
    before: Pose


def draw_figure(pen: Pen, looks: Appearance, motion: Motion, face: Expression) -> None:
    """Draws around (0, 0) on the ground; 100 units are a grown person's height."""
    body, last = joints(motion.now, looks.build), joints(motion.before, looks.build)
    swing = max(-6.0, min(6.0, 1.6 * (last.head[0] - body.head[0])))
    canvas = pen.canvas
    canvas.save()
    canvas.translate(*body.head)
    canvas.rotate(math.degrees(body.head_turn))
    head_back(pen, looks, face.look, swing)
    canvas.restore()
    twisted = motion.now.twist
    first, second = (
        (body.left_arm, body.right_arm) if twisted >= 0 else (body.right_arm, body.left_arm)
    )
    _arm(pen, looks, first, far=True)
    _leg(pen, looks, body.left_leg, motion.now.look, far=True)
    _leg(pen, looks, body.right_leg, motion.now.look, far=False)
    _neck(pen, looks, body)
    _torso(pen, looks, body, last)
    canvas.save()
    canvas.translate(*body.head)
    canvas.rotate(math.degrees(body.head_turn))
    head(pen, looks, face)
    canvas.restore()
    _arm(pen, looks, second, far=False)


def hand_of(arm: Limb) -> Point:
    """Middle of the hand."""
    return arm.end[0] + math.sin(arm.angle) * 2.6, arm.end[1] + math.cos(arm.angle) * 2.6


def _neck(pen: Pen, looks: Appearance, body: Joints) -> None:
    wide = (4.2 if looks.feminine else 5.6) * (0.9 if looks.build.height < 0.8 else 1.0)
    root = (body.chest[0], body.chest[1] + 1.5)
    top = (
        body.neck[0] * 0.5 + body.head[0] * 0.5,
        body.neck[1] * 0.5 + body.head[1] * 0.5,
    )
    pen.fill(limb([root, top], [wide * 1.15, wide]), looks.skin.darker(0.14), shade=0.4, outline=0.6)


def _leg(pen: Pen, looks: Appearance, leg: Limb, look: float, *, far: bool) -> None:
    size = looks.build.limbs
    shade = 0.16 if far else 0.0
    bare = looks.garment in ("dress", "skirt", "shorts")
    cloth = (looks.skin if bare else looks.lower).darker(shade)
    _foot(pen, looks, leg, look, shade)
    pen.fill(
        limb([leg.root, leg.middle, leg.end], [10.2 * size, 7.2 * size, 4.4 * size if bare else 5.6 * size]),
        cloth,
    )  # fmt: skip
    if looks.garment == "shorts":
        cut = (
            leg.root[0] + (leg.middle[0] - leg.root[0]) * 0.8,
            leg.root[1] + (leg.middle[1] - leg.root[1]) * 0.8,
        )
        pen.fill(limb([leg.root, cut], [11.0 * size, 9.4 * size]), looks.lower.darker(shade))


def _foot(pen: Pen, looks: Appearance, leg: Limb, look: float, shade: float) -> None:
    way = -1.0 if look < -0.3 or (abs(look) <= 0.3 and leg.end[0] < leg.root[0]) else 1.0
    x, y = leg.end
    length = 8.2 if abs(look) > 0.3 else 6.4
    canvas = pen.canvas
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(math.degrees(-leg.angle * 0.55))
    canvas.scale(way, 1.0)
    sole = FOOT_HEIGHT
    shoe = curve(
        [(-2.7, -1.6), (-2.9, sole * 0.75), (-2.4, sole), (length - 0.9, sole), (length, sole * 0.62), (length * 0.55, -0.1), (2.3, -1.9)],
        closed=True, tension=0.42,
    )  # fmt: skip
    pen.fill(shoe, looks.shoes.darker(shade), shade=0.7)
    pen.line(curve([(-2.5, sole), (length - 0.8, sole)]), looks.shoes.darker(0.5), 0.9)
    canvas.restore()


def _arm(pen: Pen, looks: Appearance, arm: Limb, *, far: bool) -> None:
    size = looks.build.limbs
    shade = 0.16 if far else 0.0
    skin = looks.skin.darker(shade)
    wide = [6.0 * size, 4.9 * size, 3.7 * size]
    _hand(pen, skin, arm)
    pen.fill(limb([arm.root, arm.middle, arm.end], wide), skin)
    if looks.sleeves <= 0.0:
        return
    cloth = looks.upper.darker(shade)
    if looks.sleeves <= 0.5:
        part = looks.sleeves * 2.0
        end = _between(arm.root, arm.middle, part)
        pen.fill(limb([arm.root, end], [wide[0] * 1.18, wide[1] * 1.3]), cloth)
    else:
        cuff = _between(arm.middle, arm.end, 0.92)
        pen.fill(limb([arm.root, arm.middle, cuff], [w * 1.2 for w in wide]), cloth)


def _hand(pen: Pen, skin: Colour, arm: Limb) -> None:
    canvas = pen.canvas
    canvas.save()
    canvas.translate(*arm.end)
    canvas.rotate(-math.degrees(arm.angle))
    thumb = 1.0 if arm.end[0] < arm.middle[0] else -1.0
    palm = curve(
        [(-1.7, -0.6), (-1.95, 2.2), (-1.5, 4.6), (-0.2, 5.6), (1.3, 4.9), (1.9, 2.2), (1.7, -0.6)],
        closed=True,
    )  # fmt: skip
    finger = limb([(thumb * 1.2, 1.2), (thumb * 2.6, 3.2)], [1.5, 1.1])
    pen.fill(skia.Op(palm, finger, skia.PathOp.kUnion_PathOp) or palm, skin, shade=0.6)
    for x in (-0.65, 0.35):
        pen.line(curve([(x, 3.4), (x * 1.1, 5.0)]), skin.darker(0.3), 0.28, alpha=0.7)
    canvas.restore()


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _torso(pen: Pen, looks: Appearance, body: Joints, last: Joints) -> None:
    side = (math.cos(body.spine), math.sin(body.spine))
    waist = _between(body.hips, body.chest, 0.38)
    narrow = 1.0 - 0.22 * body.turned
    half_waist = (4.6 if looks.feminine else 6.0) * (1.05 if looks.build.height < 0.8 else 1.0)
    half_waist *= narrow
    half_hip = (looks.build.hips + 4.2) * narrow
    ls, rs = body.left_arm.root, body.right_arm.root
    hip = (body.hips[0], body.hips[1] + 2.2)

    def out(at: Point, distance: float, up: float = 0.0) -> Point:
        return (
            at[0] + side[0] * distance + side[1] * up,
            at[1] + side[1] * distance - side[0] * up,
        )

    top = [
        out(ls, -1.6, 1.0), out(ls, 1.4, 3.0), out(body.chest, -2.6, 3.0), out(body.chest, 0.0, 1.0),
        out(body.chest, 2.6, 3.0), out(rs, -1.4, 3.0), out(rs, 1.6, 1.0),
        out(rs, 0.8, -6.0), out(waist, half_waist), (hip[0] + half_hip, hip[1]),
    ]  # fmt: skip
    bottom = [(hip[0], hip[1] + 1.2), (hip[0] - half_hip, hip[1]), out(waist, -half_waist), out(ls, -0.8, -6.0)]
    if looks.garment in ("dress", "skirt"):
        _skirt(pen, looks, body, last, half_hip)
    elif looks.garment in ("trousers", "shorts"):
        seat = curve(
            [(hip[0] - half_hip, hip[1] - 3.0), (hip[0] + half_hip, hip[1] - 3.0), (hip[0] + half_hip * 0.8, hip[1] + 4.5), (hip[0], hip[1] + 5.8), (hip[0] - half_hip * 0.8, hip[1] + 4.5)],
            closed=True, tension=0.45,
        )  # fmt: skip
        pen.fill(seat, looks.lower, shade=0.4, outline=0.0)
    pen.fill(curve([*top, *bottom], closed=True, tension=0.42), looks.upper)
    if looks.garment == "dress":
        belt = curve([out(waist, -half_waist * 1.02, -0.6), out(waist, 0, -1.4), out(waist, half_waist * 1.02, -0.6)])
        pen.line(belt, looks.accent, 1.5)
    neckline = curve([out(body.chest, -2.6, 2.9), out(body.chest, 0.0, 0.6 if looks.feminine else 1.6), out(body.chest, 2.6, 2.9)])
    pen.line(neckline, looks.skin.darker(0.1), 1.3 if looks.feminine else 0.9)


def _skirt(pen: Pen, looks: Appearance, body: Joints, last: Joints, half_hip: float) -> None:
    """The hem hangs from the knees' place and lags behind the hips."""
    lag = max(-9.0, min(9.0, 2.2 * (last.hips[0] - body.hips[0])))
    drop = max(-4.0, min(4.0, 1.4 * (last.hips[1] - body.hips[1])))
    waist = _between(body.hips, body.chest, 0.38)
    knees = (body.left_leg.middle, body.right_leg.middle)
    left = min(knees[0][0], body.hips[0] - half_hip) - 3.6 + lag
    right = max(knees[1][0], body.hips[0] + half_hip) + 3.6 + lag
    hem = min(max(k[1] for k in knees) + 1.5, body.hips[1] + 26.0) + drop
    middle = (left + right) / 2
    outline = [
        (waist[0] - 4.6, waist[1]), (waist[0] + 4.6, waist[1]),
        (body.hips[0] + half_hip + 0.6, body.hips[1] + 1.0), (right, hem - 1.2),
        (middle + (right - middle) * 0.5, hem + 0.9), (middle, hem), (middle - (middle - left) * 0.5, hem + 0.9),
        (left, hem - 1.2), (body.hips[0] - half_hip - 0.6, body.hips[1] + 1.0),
    ]  # fmt: skip
    pen.fill(curve(outline, closed=True, tension=0.45), looks.lower)
    for share in (0.3, 0.55, 0.78):
        x = left + (right - left) * share
        fold = curve([(body.hips[0] + (share - 0.5) * half_hip, body.hips[1] + 6.0), (x, hem - 2.0)])
        pen.line(fold, looks.lower.darker(0.28), 0.7, alpha=0.8)


def shadow(pen: Pen, motion: Motion, looks: Appearance, strength: float) -> None:
    """A soft pool of shadow under the feet."""
    body = joints(motion.now, looks.build)
    left, right = body.left_leg.end[0], body.right_leg.end[0]
    middle, half = (left + right) / 2, abs(right - left) / 2 + 11.0
    lift = 1.0 / (1.0 + 0.08 * motion.now.lift)
    paint = skia.Paint(
        AntiAlias=True, Color=skia.Color(18, 12, 40, round(150 * strength * lift)),
        MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 2.2),
    )  # fmt: skip
    pen.canvas.drawPath(oval(middle, 0.4, half * (0.6 + 0.4 * lift), 2.6), paint)


