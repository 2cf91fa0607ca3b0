"""Places by the water: beach and lake."""


from __future__ import annotations

import math

from songreel_animatic.drawing.colours import hexed
from songreel_animatic.drawing.paths import curve, limb
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.ground import EDGE, ridge, ridge_points, water
from songreel_animatic.places.land import green, mountain_range, pine, woods
from songreel_animatic.places.sky import birds_far, falling, sky
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting


def beach(setting: Setting) -> list[Layer]:
    """Sea, surf, sand, palms."""
    y = setting.horizon
    layers = [*sky(setting), birds_far(setting)]
    shore = y + 150.0
    layers.append(_islands(setting, y))
    layers += water(setting, 0.2, y, shore, hexed("#2f7fa8"), surf=True)
    sand = [(x, shore + 6 * math.sin(x / 140.0)) for x in range(-int(EDGE), int(setting.width + EDGE) + 60, 60)]
    layers.append(ridge(setting, sand, green(setting, "#ecd09a"), 0.215, shade=0.3))
    layers.append(_palms(setting))
    return layers + falling(setting)


def _islands(setting: Setting, y: float) -> Layer:
    points = ridge_points(setting, setting.rng("islands"), y + 2, 55, 50, 0.1)

    def draw(pen: Pen, t: float) -> None:
        kept = [(x, min(y + 2, py + 34)) for x, py in points]
        pen.fill(curve([*kept, (setting.width + EDGE, y + 3), (-EDGE, y + 3)], closed=True, tension=0.3), hexed("#6d86a8"), shade=0.0, outline=0.3)

    return Layer(0.15, draw, still=True)


def _palms(setting: Setting) -> Layer:
    rng = setting.rng("palms")
    side = -1 if rng.random() < 0.5 else 1
    base = 0.06 if side < 0 else 0.94
    palms = [(base * setting.width, 985.0, 760.0, -side * 0.16), ((base + 0.07 * side) * setting.width, 1010.0, 560.0, -side * 0.30)]

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        sway = 0.05 * (0.4 + music.energy(t)) * math.sin(math.pi * music.beat(t) / 2)
        for x, foot, tall, lean in palms:
            turn = lean + sway
            middle = (x + math.sin(turn * 0.5) * tall * 0.55, foot - tall * 0.52)
            top = (x + math.sin(turn) * tall, foot - tall * 0.96)
            pen.fill(curve([(x - 24, foot), (middle[0] - 15, middle[1]), (top[0] - 9, top[1]), (top[0] + 9, top[1]), (middle[0] + 15, middle[1]), (x + 24, foot)], closed=True, tension=0.5), hexed("#7a5a41"))
            for k in range(9):
                way = -2.7 + 0.68 * k + 2.2 * sway
                reach = tall * 0.42
                tip = (top[0] + math.sin(way) * reach, top[1] - math.cos(way) * reach * 0.55 + reach * 0.34)
                bend = (top[0] + math.sin(way) * reach * 0.55, top[1] - math.cos(way) * reach * 0.42)
                leaf = curve([top, (bend[0], bend[1] - 10), tip, (bend[0] - 3, bend[1] + 20)], closed=True, tension=0.55)
                pen.fill(leaf, green(setting, "#3f8f5a").darker(0.1 * (k % 3)), shade=0.5, outline=0.5)

    return Layer(0.85, draw, haze=0.0)


def lake(setting: Setting) -> list[Layer]:
    """A lake under mountains, reeds in front."""
    y = setting.horizon
    layers = [*sky(setting), birds_far(setting)]
    layers.append(mountain_range(setting, 0.10, y + 4, 260, hexed("#7c8fb0"), 0.24))
    shore = ridge_points(setting, setting.rng("shore"), y + 6, 46, 50, 0.0)
    pines = woods(setting, "shore pines", shore, 40, (34, 74), green(setting, "#3a6653"))

    def pine_wood(pen: Pen, t: float) -> None:
        for x, foot, tall, colour in pines:
            pine(pen, x, foot, tall, colour, setting.composition.weather == "snow")

    layers.append(ridge(setting, shore, green(setting, "#5f8a5c"), 0.2, dress=pine_wood))
    layers += water(setting, 0.21, y + 8, setting.ground - 40, hexed("#3c7d94"))
    bank = [(x, setting.ground - 46 + 10 * math.sin(x / 170.0)) for x in range(-int(EDGE), int(setting.width + EDGE) + 60, 60)]
    layers.append(ridge(setting, bank, green(setting, "#6f9a55"), 0.55))
    layers.append(_reeds(setting))
    return layers + falling(setting)


def _reeds(setting: Setting) -> Layer:
    rng = setting.rng("reeds")
    reeds = [(rng.choice((rng.uniform(-40, 0.24 * setting.width), rng.uniform(0.76 * setting.width, setting.width + 40))), rng.uniform(170, 300), rng.random()) for _ in range(36)]

    def draw(pen: Pen, t: float) -> None:
        wind = math.sin(math.pi * setting.music.beat(t) / 2) * (0.05 + 0.10 * setting.music.energy(t))
        for x, tall, phase in reeds:
            bend = wind + 0.06 * math.sin(0.9 * t + 6 * phase)
            top = (x + math.sin(bend) * tall, 1010 - math.cos(bend) * tall)
            pen.line(curve([(x, 1020), (x + math.sin(bend) * tall * 0.4, 1010 - tall * 0.55), top]), green(setting, "#4f7a45"), 6)
            if phase > 0.45:
                pen.fill(limb([top, (top[0] + bend * 30, top[1] - 34)], [12, 11]), hexed("#6b4630"), shade=0.6)

    return Layer(0.9, draw)


