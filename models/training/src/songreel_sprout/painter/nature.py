"""Animals, plants, hearts and stars in front."""

from __future__ import annotations

import math

from songreel_sprout.painter.canvas import Point, hsv, mix, rounded
from songreel_sprout.painter.plants import Scene, leafy
from songreel_sprout.painter.things import spot


def bird(s: Scene) -> None:
    """A bird on the wing."""
    c, k = s.canvas, s.k
    x, _, h = spot(s)
    y = {"close-up": 0.58, "medium": 0.46, "wide": 0.36, "above": 0.36}[s.labels.framing]
    y += 0.1 * (k.sun_y - 0.5)
    d = 1 if k.turn > 0.5 else -1
    body = s.thing(mix((250, 250, 250), hsv(k.cloth_hue, 0.6, 0.85), 0.35 + 0.4 * k.cloth_val))
    wing = mix(body, s.thing((60, 70, 100)), 0.3)
    flap = (k.pose_a - 0.4) * 0.9
    w = 0.8 * h
    c.poly(
        rounded(
            [
                (x + 0.05 * d * h, y),
                (x - 0.35 * d * h, y - (0.22 + 0.5 * flap) * h),
                (x - 0.1 * d * h - 0.1 * h, y - (0.55 * flap + 0.36) * h),
                (x + 0.16 * d * h, y - 0.05 * h),
            ],
            1,
        ),
        mix(wing, (30, 30, 60), 0.2),
        shade=0.3,
    )
    c.poly(
        [
            (x - 0.34 * d * w, y + 0.02 * h),
            (x - 0.62 * d * w, y - 0.06 * h),
            (x - 0.62 * d * w, y + 0.12 * h),
        ],
        wing,
    )
    c.ellipse((x, y + 0.02 * h), 0.36 * w, 0.145 * h, body, turn=-0.12 * d)
    c.ellipse((x + 0.33 * d * w, y - 0.06 * h), 0.13 * w, 0.105 * h, body)
    c.poly(
        [
            (x + 0.44 * d * w, y - 0.09 * h),
            (x + 0.6 * d * w, y - 0.04 * h),
            (x + 0.44 * d * w, y - 0.01 * h),
        ],
        s.thing((246, 166, 44)),
        outline=4,
    )
    c.ellipse(
        (x + 0.37 * d * w, y - 0.09 * h), 0.022 * w, 0.022 * w, (16, 14, 20), shade=0, outline=0
    )
    c.poly(
        rounded(
            [
                (x + 0.12 * d * h, y),
                (x - 0.16 * d * h, y + 0.02 * h),
                (x - 0.5 * d * h, y - (0.42 + 0.55 * flap) * h),
                (x - 0.1 * d * h, y - (0.5 + 0.4 * flap) * h),
            ],
            1,
        ),
        wing,
        shade=0.35,
    )


def dog(s: Scene) -> None:
    """A sitting dog; in the close-up its head fills the frame."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    d = 1 if k.turn > 0.5 else -1
    coat = s.thing(mix((236, 196, 132), (96, 60, 44), k.hair_hue))
    pale, dark = mix(coat, (255, 250, 240), 0.5), mix(coat, (40, 24, 24), 0.55)
    if s.labels.framing == "close-up":
        top, r = (x, 0.52), 0.3 * h
    else:
        top, r = (x + 0.1 * d * h, foot - 0.74 * h), 0.2 * h
        c.limb(
            [
                (x - 0.24 * d * h, foot - 0.1 * h),
                (x - 0.5 * d * h, foot - (0.2 + 0.3 * k.pose_a) * h),
            ],
            0.08 * h,
            coat,
        )
        c.ellipse((x - 0.14 * d * h, foot - 0.2 * h), 0.24 * h, 0.21 * h, coat)
    c.ellipse((top[0] - 0.06 * d * h, top[1] + 2.1 * r), 0.95 * r, 1.5 * r, coat)
    c.ellipse((top[0] + 0.02 * d * h, top[1] + 1.9 * r), 0.55 * r, 1.0 * r, pale, outline=0)
    if s.labels.framing != "close-up":
        for e in (-0.35, 0.35):
            c.limb(
                [
                    (x + 0.05 * d * h + e * r, foot - 0.3 * h),
                    (x + 0.08 * d * h + e * r, foot - 0.02 * h),
                ],
                0.1 * h,
                coat,
            )
    c.ellipse(top, r, 0.9 * r, coat)
    for e in (-1, 1):
        c.poly(
            [
                (top[0] + 0.5 * e * r, top[1] - 0.85 * r),
                (top[0] + 1.05 * e * r, top[1] - 0.5 * r),
                (top[0] + 1.25 * e * r, top[1] + 0.55 * r),
                (top[0] + 0.85 * e * r, top[1] + 0.35 * r),
            ],
            dark,
        )
        c.ellipse(
            (top[0] + 0.38 * e * r, top[1] - 0.18 * r),
            0.13 * r,
            0.15 * r,
            (20, 14, 14),
            shade=0,
            outline=3,
        )
        c.ellipse(
            (top[0] + (0.38 * e + 0.04) * r, top[1] - 0.23 * r),
            0.045 * r,
            0.045 * r,
            (255, 255, 255),
            shade=0,
            outline=0,
        )
    c.ellipse((top[0], top[1] + 0.42 * r), 0.48 * r, 0.4 * r, pale)
    if s.labels.mood == "joyful":
        c.ellipse(
            (top[0], top[1] + 0.82 * r), 0.17 * r, 0.25 * r, s.thing((240, 110, 120)), outline=3
        )
    c.ellipse((top[0], top[1] + 0.26 * r), 0.2 * r, 0.14 * r, (28, 20, 24), shade=0, outline=3)


def tree(s: Scene) -> None:
    """A broad tree."""
    x, foot, h = spot(s)
    s.canvas.depth = 1.0
    autumn = mix((62, 140, 62), (216, 112, 44), s.k.accent)
    leafy(
        s, x, foot, h * 1.08, s.thing(autumn if s.labels.weather != "snow" else (216, 226, 238)), 6
    )


def flower(s: Scene) -> None:
    """One large flower."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    foot += 0.08
    head: Point = (x + 0.12 * (k.tilt - 0.5) * h, foot - 0.74 * h)
    green = s.thing((66, 146, 66))
    c.limb([(x, foot), (x + 0.06 * (k.tilt - 0.5) * h, foot - 0.4 * h), head], 0.035 * h, green)
    for e in (-1, 1):
        c.poly(
            [
                (x, foot - 0.14 * h),
                (x + 0.2 * e * h, foot - 0.36 * h),
                (x + 0.3 * e * h, foot - 0.3 * h),
                (x + 0.16 * e * h, foot - 0.14 * h),
            ],
            green,
            shade=0.35,
        )
    petal = s.thing(hsv(0.84 + 0.36 * k.cloth_hue, 0.7, 0.98))
    for ring, (count, far, r) in enumerate(((8, 0.2, 0.13), (6, 0.1, 0.1))):
        for i in range(count):
            a = 2 * math.pi * (i + 0.5 * ring) / count + 0.7 * (k.turn - 0.5)
            at = (head[0] + far * h * math.cos(a), head[1] + far * h * math.sin(a))
            c.ellipse(at, r * h, 0.62 * r * h, mix(petal, (255, 255, 255), 0.25 * ring), turn=a)
    c.ellipse(head, 0.085 * h, 0.085 * h, s.thing((250, 204, 70)))


def heart(s: Scene) -> None:
    """A heart with a glow."""
    c, k = s.canvas, s.k
    x, _, h = spot(s)
    y = 0.47 if s.labels.framing != "wide" else 0.4
    r = 0.46 * h
    lean = 0.6 * (k.tilt - 0.5)
    cos, sin = math.cos(lean), math.sin(lean)
    pts: list[Point] = []
    for i in range(40):
        t = 2 * math.pi * i / 40
        a = math.sin(t) ** 3
        b = -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 15
        pts.append((x + r * (cos * a - sin * b), y + r * (sin * a + cos * b)))
    red = s.thing(hsv(0.93 + 0.1 * k.cloth_hue, 0.85, 0.92))
    c.glow((x, y), 1.7 * r, mix(red, (255, 220, 220), 0.5), 0.6)
    c.poly(pts, red, shade=0.4, outline=7)
    c.ellipse(
        (x - 0.42 * r, y - 0.45 * r),
        0.19 * r,
        0.12 * r,
        mix(red, (255, 255, 255), 0.65),
        shade=0,
        outline=0,
        turn=-0.6,
    )


def _five_points(center: Point, r: float, lean: float) -> list[Point]:
    pts: list[Point] = []
    for i in range(10):
        a, far = lean + math.pi * (i / 5 - 0.5), r if i % 2 == 0 else 0.39 * r
        pts.append((center[0] + far * math.cos(a), center[1] + far * math.sin(a)))
    return rounded(pts, 2)


def star(s: Scene) -> None:
    """A star with a glow, small ones beside it."""
    c, k = s.canvas, s.k
    x, _, h = spot(s)
    y = 0.48 if s.labels.framing != "wide" else 0.4
    r = 0.57 * h
    lean = 0.7 * (k.tilt - 0.5)
    own = hsv(0.125 + 0.06 * (k.cloth_hue - 0.5), 0.72, 1.0)
    # It shines by itself, most of all at night.
    gold = mix(s.thing(own), own, 0.75)
    pale = mix(gold, (255, 255, 255), 0.6)
    c.glow((x, y), 1.2 * r, mix(gold, (255, 255, 220), 0.6), 0.95)
    for dx, dy, size in ((-0.72, -0.66, 0.28), (0.74, -0.7, 0.22), (0.78, 0.56, 0.22)):
        at = (x + dx * r, y + dy * r)
        c.glow(at, 1.6 * size * r, pale, 0.9)
        c.poly(_five_points(at, size * r, -lean), mix(gold, pale, 0.4), shade=0.1, outline=4)
    c.poly(_five_points((x, y), r, lean), gold, shade=0.25, outline=7)
    c.poly(_five_points((x, y), 0.55 * r, lean), mix(gold, pale, 0.7), shade=0, outline=0)
