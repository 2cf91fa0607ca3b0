"""The places indoors: room and stage."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from songreel_sprout.painter.canvas import Rgb, S, hsv, mix, mul
from songreel_sprout.painter.places.sky import fall
from songreel_sprout.painter.plants import Scene

_LAMP: Final[Rgb] = (255, 214, 120)


def room(s: Scene) -> None:
    """A window onto the weather, curtains, a lamp, a plant."""
    c, k = s.canvas, s.k
    c.depth = 0.8
    warm = {
        "dawn": (1.0, 0.93, 0.9),
        "day": (1.0, 1.0, 1.0),
        "sunset": (0.95, 0.76, 0.62),
        "night": (0.56, 0.5, 0.5),
    }[s.labels.time]
    wall = mul(
        mix(
            hsv(0.09 + 0.05 * k.ground_hue, 0.32, 0.9),
            hsv(0.5 + 0.15 * k.accent, 0.25, 0.82),
            k.sky_hue,
        ),
        warm,
    )
    x0, y0 = 0.1 + 0.34 * k.sun_x, 0.14
    x1, y1 = x0 + 0.42, 0.58
    view = s.sky.copy().resize((round(0.42 * S), round(0.44 * S)), Image.Resampling.BILINEAR)
    box = (round(x0 * S), round(y0 * S))
    c.poly([(-0.05, -0.05), (1.05, -0.05), (1.05, 0.8), (-0.05, 0.8)], wall, shade=0.12, outline=0)
    c.image.paste(view, box)
    c.poly(
        [
            (x0, y1 - 0.1 - 0.03 * k.hill_a),
            (x0 + 0.2, y1 - 0.13),
            (x1, y1 - 0.07 - 0.05 * k.hill_b),
            (x1, y1),
            (x0, y1),
        ],
        s.land((80, 120, 96), 0.3),
        outline=2,
    )
    fall(c, s.labels, k, (box[0], box[1], round(x1 * S), round(y1 * S)))
    frame = mul((248, 244, 236), warm)
    for pts in (
        [(x0, y0), (x1, y0)],
        [(x0, y1), (x1, y1)],
        [(x0, y0), (x0, y1)],
        [(x1, y0), (x1, y1)],
        [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)],
        [(x0, 0.34), (x1, 0.34)],
    ):
        c.limb(pts, 0.02, frame, outline=3)
    cloth = mul(hsv(k.accent, 0.5, 0.78), warm)
    for x, d in ((x0, -1), (x1, 1)):
        c.poly(
            [
                (x - 0.03 * d, y0 - 0.05),
                (x + 0.11 * d, y0 - 0.05),
                (x + 0.13 * d, 0.66),
                (x + 0.02 * d, 0.66),
            ],
            cloth,
            shade=0.35,
            outline=4,
        )
    floor = mul(mix((176, 122, 80), (120, 82, 64), k.near_a), warm)
    c.poly([(-0.05, 0.78), (1.05, 0.78), (1.05, 1.05), (-0.05, 1.05)], floor, shade=0.2, outline=4)
    for i in range(6):
        x = 0.5 + (i - 2.5) * 0.2
        c.stroke([(x, 0.78), (0.5 + (x - 0.5) * 1.6, 1.03)], 3, mul(floor, (0.8, 0.8, 0.8)))
    lx = 0.92 if k.sun_x < 0.5 else 0.07
    c.stroke([(lx, 0.86), (lx, 0.42)], 8, (70, 56, 52))
    c.poly(
        [(lx - 0.05, 0.32), (lx + 0.05, 0.32), (lx + 0.09, 0.44), (lx - 0.09, 0.44)],
        mix((230, 196, 140), _LAMP, float(s.light.dark)),
        shade=0.15,
    )
    if s.light.dark:
        c.glow((lx, 0.4), 0.42, _LAMP, 0.6)
    sx = 0.1 + 0.8 * (1 - k.tree_x) if abs(0.5 - k.tree_x) > 0.25 else 0.85
    c.ellipse((sx, 0.74), 0.05, 0.05, mul((66, 128, 72), warm), shade=0.3)
    c.poly(
        [(sx - 0.04, 0.76), (sx + 0.04, 0.76), (sx + 0.03, 0.85), (sx - 0.03, 0.85)],
        mul((196, 104, 72), warm),
        shade=0.3,
    )


def stage(s: Scene) -> None:
    """Curtains, beams of light, a spot on the floor."""
    c, k = s.canvas, s.k
    c.depth = 0.85
    base = {"dawn": 0.92, "day": 0.56, "sunset": 0.05, "night": 0.7}[s.labels.time] + 0.08 * (
        k.sky_hue - 0.5
    )
    bright = {"dawn": 0.5, "day": 0.62, "sunset": 0.44, "night": 0.24}[s.labels.time]
    c.poly(
        [(-0.05, -0.05), (1.05, -0.05), (1.05, 1.05), (-0.05, 1.05)],
        hsv(base, 0.62, bright),
        shade=0.3,
        outline=0,
    )
    beams = Image.new("L", (128, 128))
    draw = ImageDraw.Draw(beams)
    for i in range(4):
        x = 0.14 + 0.24 * i
        aim = 0.5 + 0.7 * (k.sun_x - 0.5) + 0.3 * (i - 1.5) * (0.4 + k.sun_y)
        draw.polygon(
            [
                (x * 128 - 2, 0),
                (x * 128 + 2, 0),
                ((aim + 0.13) * 128, 108),
                ((aim - 0.13) * 128, 108),
            ],
            fill=130,
        )
    if c.style == "realistic":
        beams = beams.filter(ImageFilter.GaussianBlur(3))
    if s.labels.weather != "clear":
        beams = beams.point(lambda v: v * 0.75 + 18)
    c.lighten(
        beams.resize((S, S), Image.Resampling.BICUBIC),
        mix(hsv(base + 0.12 + 0.2 * k.accent, 0.35, 1.0), (255, 255, 255), 0.2),
    )
    floor = mix(hsv(base, 0.35, 0.5 * bright + 0.14), (90, 60, 44), 0.4)
    c.poly([(-0.05, 0.82), (1.05, 0.82), (1.05, 1.05), (-0.05, 1.05)], floor, shade=0.2, outline=4)
    c.ellipse(
        (0.5 + 0.4 * (k.sun_x - 0.5), 0.91),
        0.3,
        0.065,
        mix(floor, (255, 244, 214), 0.6),
        shade=0,
        outline=0,
    )
    curtain = hsv(0.98 + 0.1 * (k.ground_hue - 0.5), 0.8, 0.58)
    for d in (-1, 1):
        for i in range(3):
            w = 0.075
            x = 0.5 + d * (0.5 - i * w * 0.8 + 0.02 * k.near_a)
            c.poly(
                [
                    (x - w / 2, -0.05),
                    (x + w / 2, -0.05),
                    (x + w / 2 + 0.012 * d, 0.86),
                    (x - w / 2, 0.86),
                ],
                mul(curtain, (1 - 0.13 * i, 1 - 0.13 * i, 1 - 0.13 * i)),
                shade=0.5,
                outline=4,
            )
    for i in range(7):
        x = 0.08 + 0.14 * i
        c.poly(
            [
                (x - 0.075, -0.05),
                (x + 0.075, -0.05),
                (x + 0.075, 0.06),
                (x, 0.1),
                (x - 0.075, 0.06),
            ],
            curtain,
            shade=0.35,
            outline=4,
        )
    for i in range(4):
        x = 0.14 + 0.24 * i
        c.ellipse((x, 0.1), 0.025, 0.025, (255, 250, 220), shade=0, outline=3)
        c.glow((x, 0.1), 0.1, (255, 244, 200), 0.8)
