"""Portraits that fill the frame."""

from __future__ import annotations

import math

from songreel_sprout.painter.appearance import FACES, Appearance
from songreel_sprout.painter.canvas import Point, Rgb, hsv, mix, rounded
from songreel_sprout.painter.hair import Place, hair_front
from songreel_sprout.painter.plants import Scene


def portrait(
    s: Scene, who: Appearance, at: Point, r: float, extra: str = "", flip: float = 1.0
) -> None:
    """Head and shoulders around ``at`` (middle of the face); ``r`` half the height of the face."""
    c, k = s.canvas, s.k
    c.depth = 1.0
    turn = flip * (k.turn - 0.5) * 2
    lean = (k.tilt - 0.5) * 0.5
    cos, sin = math.cos(lean), math.sin(lean)

    def p(x: float, y: float) -> Point:
        return at[0] + r * (cos * x - sin * y), at[1] + r * (sin * x + cos * y)

    def shape(points: list[Point], fill: Rgb, shade: float = 0.25, outline: float = 6) -> None:
        c.poly(rounded([p(x, y) for x, y in points]), fill, shade=shade, outline=outline)

    wide = 0.74 + 0.12 * k.face_width + (0.04 if not who.female else 0) + (0.06 if who.child else 0)
    dark_hair = mix(who.hair, (10, 8, 20), 0.35)
    length = (0.75 + 1.15 * k.hair_len) if who.female else 0.1
    if who.female and extra != "dancer":
        back = [
            (-wide - 0.2, -0.2),
            (-wide - 0.26, 0.5 * length),
            (-wide - 0.16, length + 0.15),
            (0, length + 0.05),
            (wide + 0.16, length + 0.15),
            (wide + 0.26, 0.5 * length),
            (wide + 0.2, -0.2),
            (0.75, -0.95),
            (0, -1.28),
            (-0.75, -0.95),
        ]
        shape(back, dark_hair)
    elif extra == "dancer":
        c.ellipse(p(0, -1.32), 0.34 * r, 0.3 * r, who.hair)
    x, y = at
    sh = 1.62 if not who.female else 1.35
    if who.child:
        sh = 1.15
    c.poly(
        [
            (x - 0.3 * r, y + 0.6 * r),
            (x + 0.3 * r, y + 0.6 * r),
            (x + 0.36 * r, y + 1.45 * r),
            (x - 0.36 * r, y + 1.45 * r),
        ],
        mix(who.skin, (60, 20, 30), 0.22),
        outline=5,
    )
    c.poly(
        rounded(
            [
                (x - 0.42 * r, y + 1.22 * r),
                (x, y + 1.5 * r),
                (x + 0.42 * r, y + 1.22 * r),
                (x + 0.8 * sh * r, y + 1.42 * r),
                (x + sh * r, y + 1.75 * r),
                (x + 1.16 * sh * r, y + 4 * r),
                (x - 1.16 * sh * r, y + 4 * r),
                (x - sh * r, y + 1.75 * r),
                (x - 0.8 * sh * r, y + 1.42 * r),
            ]
        ),
        who.cloth,
        shade=0.35,
        outline=6,
    )
    for d in (-1, 1):
        c.ellipse(
            p(d * (wide + 0.02) + 0.06 * turn, 0.08),
            0.13 * r,
            0.2 * r,
            mix(who.skin, (160, 60, 50), 0.15),
            outline=5,
        )
    jaw = 0.5 if who.female else 0.62
    if who.child:
        jaw = 0.56
    face = [
        (-wide, -0.35),
        (-wide, 0.2),
        (-0.86 * wide, 0.56),
        (-jaw, 0.82),
        (-0.22, 1.0),
        (0.22, 1.0),
        (jaw, 0.82),
        (0.86 * wide, 0.56),
        (wide, 0.2),
        (wide, -0.35),
        (0.7 * wide, -0.82),
        (0, -1.0),
        (-0.7 * wide, -0.82),
    ]
    shape(face, who.skin, 0.28)
    if not who.female and not who.child:
        beard = mix(who.skin, who.hair, 0.85 * max(0.0, min(1.0, 2.4 * k.beard - 0.9)))
        if k.beard > 0.4:
            shape(
                [
                    (-0.93 * wide, 0.28),
                    (-0.82 * wide, 0.56),
                    (-jaw, 0.8),
                    (-0.2, 0.98),
                    (0.2, 0.98),
                    (jaw, 0.8),
                    (0.82 * wide, 0.56),
                    (0.93 * wide, 0.28),
                    (0.52, 0.44),
                    (0.2, 0.36),
                    (-0.2, 0.36),
                    (-0.52, 0.44),
                ],
                beard,
                0.2,
                0,
            )
    pink = 0.3 if who.female or who.child else 0.14
    blush = mix(who.skin, (236, 96, 96), pink * (0.5 if c.style == "realistic" else 1.0))
    fx = 0.17 * turn
    for d in (-1, 1):
        c.ellipse(p(fx + 0.46 * d, 0.38), 0.17 * r, 0.11 * r, blush, shade=0, outline=0)
    _features(s, who, p, r, fx)
    hair_front(s, who, shape, p, r, wide, extra)
    if extra == "musician":
        _guitar_close(s, at, r)
    if extra == "dancer":
        for d in (-1, 1):
            hand = (x + d * 0.3 * r * (0.6 + k.pose_a), y - 2.15 * r)
            c.limb(
                [
                    (x + d * 1.3 * r, y + 1.9 * r),
                    (x + d * (1.6 + 0.3 * k.pose_b) * r, y - 0.3 * r),
                    hand,
                ],
                0.3 * r,
                who.skin,
            )


def _features(s: Scene, who: Appearance, p: Place, r: float, fx: float) -> None:
    c, k = s.canvas, s.k
    smile, gape, slant, lid = FACES[s.labels.mood]
    smile += 0.35 * (k.expression - 0.5)
    gape *= 0.6 + 0.6 * k.expression
    big = 1.25 if who.child else 1.08 if who.female else 0.95
    if c.style == "realistic":
        big *= 0.86
    iris = s.thing(hsv(0.06 + 0.55 * k.eye_hue, 0.6, 0.55))
    ink: Rgb = mix(who.hair, (24, 16, 22), 0.75)
    white = s.thing((250, 250, 250))
    for d in (-1, 1):
        ex, ey = fx + 0.38 * d * (1 - 0.1 * d * fx), 0.02
        h = 0.155 * lid * big
        c.ellipse(p(ex, ey), 0.2 * big * r, h * r, white, shade=0, outline=4)
        gx = ex + 0.35 * fx
        q = min(0.125 * big, h * 0.98)
        c.ellipse(p(gx, ey), 0.115 * big * r, q * r, iris, shade=0, outline=0)
        c.ellipse(p(gx, ey), 0.062 * big * r, 0.7 * q * r, (12, 10, 16), shade=0, outline=0)
        c.ellipse(
            p(gx + 0.045, ey - 0.05 * lid),
            0.034 * big * r,
            0.034 * big * r,
            (255, 255, 255),
            shade=0,
            outline=0,
        )
        lash = 8.0 if who.female else 6.0
        c.stroke(
            [
                p(ex - 0.22 * big, ey - 0.2 * h),
                p(ex - 0.1 * big, ey - 0.95 * h),
                p(ex + 0.1 * big, ey - 0.95 * h),
                p(ex + 0.22 * big, ey - 0.2 * h),
            ],
            lash * r / 0.27,
            ink,
        )
        lift = -0.32 - 0.06 * smile
        inner, outer = lift - 0.1 * slant, lift + 0.07 * slant
        weight = (9 if who.female else 14) * r / 0.27
        c.stroke(
            [p(ex - 0.19 * d, inner), p(ex, min(inner, outer) - 0.05), p(ex + 0.22 * d, outer)],
            weight,
            mix(who.hair, (30, 20, 20), 0.35),
        )
    shadow = mix(who.skin, (110, 40, 40), 0.4)
    c.stroke(
        [p(1.35 * fx - 0.02, 0.08), p(1.5 * fx + 0.09, 0.4), p(1.4 * fx - 0.07, 0.44)],
        6 * r / 0.27,
        shadow,
    )
    lip = mix(who.skin, (190, 30, 60), 0.72 if who.female else 0.42)
    w, y0, bow = 0.34, 0.66, 0.16 * smile
    upper = [(fx + w * (i / 4 - 1), y0 - bow * (i / 4 - 1) ** 2 * 1.0) for i in range(9)]
    if gape > 0.05:
        low = [
            (
                fx + 0.94 * w * (1 - i / 4),
                y0 + 0.24 * gape * (1 - (i / 4 - 1) ** 2) - bow * (i / 4 - 1) ** 2,
            )
            for i in range(9)
        ]
        c.poly([p(a, b) for a, b in [*upper, *low]], (120, 26, 40), shade=0, outline=4)
        teeth = [(a, b + 0.075 * gape * (1 - ((a - fx) / w) ** 2)) for a, b in reversed(upper)]
        c.poly([p(a, b) for a, b in [*upper, *teeth]], white, shade=0, outline=0)
    c.stroke(
        [p(a, b) for a, b in upper],
        (8 if who.female else 7) * r / 0.27,
        lip if gape < 0.05 else mix(lip, (60, 10, 20), 0.3),
    )
    if s.labels.mood == "sad":
        tear = p(fx + 0.42, 0.33)
        c.ellipse(tear, 0.045 * r, 0.1 * r, s.thing((150, 205, 250)), shade=0, outline=2)


def _guitar_close(s: Scene, at: Point, r: float) -> None:
    c = s.canvas
    x, y = at
    wood = s.thing((190, 112, 52))
    c.limb(
        [(x - 0.2 * r, y + 2.1 * r), (x + 2.3 * r, y + 0.95 * r)], 0.2 * r, s.thing((92, 56, 36))
    )
    c.ellipse(
        (x - 0.75 * r, y + 2.3 * r), 0.95 * r, 0.72 * r, wood, shade=0.35, outline=6, turn=-0.4
    )
    c.ellipse(
        (x - 0.5 * r, y + 2.2 * r), 0.3 * r, 0.28 * r, s.thing((50, 28, 20)), shade=0, outline=3
    )
    for i in range(2):
        o = 0.06 * (i - 0.5) * r
        c.stroke(
            [(x - 0.9 * r, y + 2.4 * r + o), (x + 2.3 * r, y + 0.95 * r + o)], 3, (235, 225, 205)
        )
