"""Streets: city and road."""

from __future__ import annotations

import skia

from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import curve, limb, oval, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.ground import EDGE, ridge, ridge_points
from songreel_animatic.places.sky import falling, sky
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting


def _towers(setting: Setting, depth: float, base: float, high: tuple[float, float], wide: tuple[float, float], tone: Colour) -> list[Layer]:
    rng = setting.rng(f"towers {depth}")
    towers: list[tuple[float, float, float, int, list[float]]] = []
    x = -EDGE
    while x < setting.width + EDGE:
        w = rng.uniform(*wide)
        towers.append((x, w, rng.uniform(*high), rng.randrange(4), [rng.random() for _ in range(60)]))
        x += w + rng.uniform(-6, 14)

    def walls(pen: Pen, t: float) -> None:
        for left, w, h, roof, values in towers:
            body = tone.mix(tone.paler(0.3), values[0] * 0.5)
            top = base - h
            pen.fill(polygon([(left, base + 260), (left, top), (left + w, top), (left + w, base + 260)]), body, shade=0.0, outline=0.5)
            side = left + w * (0.72 if setting.light.direction[0] < 0 else 0.0)
            pen.fill(polygon([(side, base + 260), (side, top), (side + w * 0.28, top), (side + w * 0.28, base + 260)]), body.darker(0.25), shade=0.0, outline=0.0)
            if roof == 1:
                pen.line(curve([(left + w / 2, top), (left + w / 2, top - 46)]), body.darker(0.3), 4)
            elif roof == 2:
                pen.fill(polygon([(left + w * 0.2, top), (left + w * 0.2, top - 24), (left + w * 0.7, top - 24), (left + w * 0.7, top)]), body.darker(0.12), shade=0.0, outline=0.4)
            elif roof == 3:
                pen.fill(polygon([(left, top), (left + w / 2, top - 40), (left + w, top)]), body.darker(0.18), shade=0.0, outline=0.4)

    dark = setting.light.dark or setting.composition.weather == "rain"
    # One path for all windows of a colour: there are hundreds.
    panes = {kind: skia.Path() for kind in ("warm", "cold", "moving")}
    for left, w, h, _, values in towers:
        columns = max(2, int(w / 26))
        rows = max(3, int(h / 34))
        step_x, step_y = w / (columns + 0.6), min(34.0, (h - 20) / rows)
        for c in range(columns):
            for r in range(rows):
                value = values[(c * 7 + r * 3) % len(values)]
                if dark and value < 0.42:
                    continue
                x, y = left + step_x * (c + 0.45), base - h + 16 + step_y * r
                kind = "cold" if value > 0.9 else "moving" if value > 0.7 else "warm"
                panes[kind].addRect(skia.Rect(x, y, x + step_x * 0.55, y + step_y * 0.55))

    def windows(pen: Pen, t: float) -> None:
        warm, cold = hexed("#ffd98a"), hexed("#bfe3f5")
        beat = setting.music.band("mid", t)
        pen.lit, before = (0.0 if dark else 1.0), pen.lit
        for kind, path in panes.items():
            colour = (cold if kind == "cold" else warm) if dark else tone.darker(0.45)
            alpha = (0.55 + 0.45 * beat * (kind != "warm")) if dark else 0.65
            pen.canvas.drawPath(path, pen.paint(colour, alpha))
        pen.lit = before

    return [Layer(depth, walls, still=True), Layer(depth + 0.005, windows)]


def city(setting: Setting) -> list[Layer]:
    """A skyline in three depths, a street with lamps."""
    y = setting.horizon
    layers = sky(setting)
    layers += _towers(setting, 0.12, y + 20, (150, 330), (60, 110), hexed("#7f8fb5"))
    layers += _towers(setting, 0.26, y + 60, (160, 400), (80, 150), hexed("#5d6c96"))
    layers += _towers(setting, 0.42, y + 110, (120, 300), (120, 210), hexed("#8a6f7f"))
    layers.append(_pavement(setting, y + 120))
    layers.append(_lamps(setting))
    return layers + falling(setting)


def _pavement(setting: Setting, y: float) -> Layer:
    def draw(pen: Pen, t: float) -> None:
        ground = hexed("#59586a")
        pen.fill(polygon([(-EDGE, y), (setting.width + EDGE, y), (setting.width + EDGE, 1400), (-EDGE, 1400)]), ground, shade=0.0, outline=0.4)
        pen.fill(polygon([(-EDGE, y), (setting.width + EDGE, y), (setting.width + EDGE, y + 26), (-EDGE, y + 26)]), ground.paler(0.22), shade=0.0, outline=0.3)
        centre = setting.width / 2
        for k in range(-7, 8):
            pen.line(curve([(centre + k * 150, y + 26), (centre + k * 420, 1400)]), ground.darker(0.25), 2.4, alpha=0.7)
        for k in range(5):
            row = y + 40 + 18 * k * k
            pen.line(curve([(-EDGE, row), (setting.width + EDGE, row)]), ground.darker(0.25), 1.8 + 0.4 * k, alpha=0.6)

    return Layer(0.45, draw, still=True)


def _lamps(setting: Setting) -> Layer:
    places = [0.10, 0.9]

    def draw(pen: Pen, t: float) -> None:
        beat = setting.music.pulse(t, 3.0)
        for share in places:
            x = share * setting.width
            metal = hexed("#2f3244")
            way = 1 if share < 0.5 else -1
            pen.fill(limb([(x, 960), (x, 420)], [16, 10]), metal)
            pen.line(curve([(x, 430), (x + way * 12, 392), (x + way * 60, 386)]), metal, 9)
            pen.fill(polygon([(x + way * 40, 386), (x + way * 88, 386), (x + way * 80, 402), (x + way * 48, 402)]), metal, shade=0.0)
            if setting.light.dark:
                pen.glow(x + way * 64, 408, 150 + 25 * beat, hexed("#ffcf7a"), 0.8)
                pen.lit = 0.0
                pen.fill(oval(x + way * 64, 405, 17, 8), hexed("#fff2c8"), shade=0.0, outline=0.0)
                pen.lit = 1.0

    return Layer(0.6, draw)


def road(setting: Setting) -> list[Layer]:
    """A road to the horizon; its lines run with the music."""
    y = setting.horizon
    layers = sky(setting)
    far = ridge_points(setting, setting.rng("r0"), y + 8, 100, 60, 0.1)
    near = ridge_points(setting, setting.rng("r1"), y + 40, 60, 60, 0)
    snow = setting.composition.weather == "snow"
    green = hexed("#7fa360").mix(hexed("#eef3f8"), 0.75 if snow else 0.0)
    layers.append(ridge(setting, far, hexed("#7c93a6"), 0.14))
    layers.append(ridge(setting, near, green, 0.3))

    def draw(pen: Pen, t: float) -> None:
        centre = setting.width * 0.5
        plain = polygon([(-EDGE, y + 30), (setting.width + EDGE, y + 30), (setting.width + EDGE, 1400), (-EDGE, 1400)])
        pen.fill(plain, green.darker(0.08), shade=0.0, outline=0.0)
        pen.fill(polygon([(centre - 16, y + 30), (centre + 16, y + 30), (centre + 620, 1180), (centre - 620, 1180)]), hexed("#4c4a58"), shade=0.0, outline=0.5)
        for side in (-1, 1):
            pen.fill(polygon([(centre + side * 14, y + 30), (centre + side * 15.5, y + 30), (centre + side * 600, 1180), (centre + side * 565, 1180)]), hexed("#f3ead2"), shade=0.0, outline=0.0)

    def lines(pen: Pen, t: float) -> None:
        centre = setting.width * 0.5
        gone = setting.music.beat(t) * 0.5
        for k in range(14):
            a = ((k - gone % 1.0) / 13.0) ** 2.4
            b = ((k + 0.45 - gone % 1.0) / 13.0) ** 2.4 if k - gone % 1.0 > 0 else 0.0
            if k - gone % 1.0 <= 0:
                continue
            ya, yb = y + 30 + 1150 * a, y + 30 + 1150 * b
            wa, wb = 0.6 + 17 * a, 0.6 + 17 * b
            pen.canvas.drawPath(polygon([(centre - wa, ya), (centre + wa, ya), (centre + wb, yb), (centre - wb, yb)]), pen.paint(hexed("#f6d56b")))

    layers += [Layer(0.45, draw, still=True), Layer(0.46, lines), _poles(setting, y)]
    return layers + falling(setting)


def _poles(setting: Setting, y: float) -> Layer:
    def draw(pen: Pen, t: float) -> None:
        centre = setting.width * 0.5
        gone = setting.music.beat(t) / 4
        wood = hexed("#4f3d35")
        for k in reversed(range(7)):
            part = ((k + 1 - gone % 1.0) / 7.0) ** 2.2
            if part <= 0.004:
                continue
            for side in (-1, 1):
                x, foot, tall = centre + side * (40 + 900 * part), y + 30 + 900 * part, 30 + 620 * part
                pen.fill(limb([(x, foot), (x, foot - tall)], [2 + 17 * part, 1.5 + 12 * part]), wood, shade=0.5)
                pen.line(curve([(x - 50 * part - 3, foot - tall * 0.9), (x + 50 * part + 3, foot - tall * 0.9)]), wood, 1.5 + 9 * part)

    return Layer(0.5, draw)
