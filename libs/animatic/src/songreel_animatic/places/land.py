"""Places on land: mountains, meadow, forest, desert."""

from __future__ import annotations

import math

import skia

from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import Point, curve, limb, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.ground import EDGE, at, grass, ridge, ridge_points
from songreel_animatic.places.sky import birds_far, falling, sky
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

SNOW = hexed("#eef3f8")


def green(setting: Setting, colour: str) -> Colour:
    """A ground colour, white where it snows, duller in sad scenes."""
    tone = hexed(colour)
    if setting.composition.weather == "snow":
        tone = tone.mix(SNOW, 0.78)
    return tone.saturated({"joyful": 1.15, "sad": 0.6}.get(setting.composition.mood, 1.0))


def pine(pen: Pen, x: float, foot: float, tall: float, colour: Colour, snow: bool) -> None:
    """A pine of three skirts."""
    pen.fill(limb([(x, foot), (x, foot - tall * 0.3)], [tall * 0.07, tall * 0.05]), hexed("#5a3f2e"), shade=0.5)
    for k in range(3):
        y = foot - tall * (0.16 + 0.25 * k)
        wide = tall * (0.30 - 0.07 * k)
        high = tall * 0.40
        part = curve([(x - wide, y), (x - wide * 0.45, y - high * 0.45), (x, y - high), (x + wide * 0.45, y - high * 0.45), (x + wide, y), (x, y + tall * 0.03)], closed=True, tension=0.2)
        pen.fill(part, colour.darker(0.10 * (2 - k)), shade=0.9, outline=0.6)
        if snow:
            pen.fill(curve([(x - wide * 0.5, y - high * 0.42), (x, y - high), (x + wide * 0.5, y - high * 0.42), (x, y - high * 0.5)], closed=True, tension=0.3), SNOW, shade=0.2, outline=0.0)


def leafy(pen: Pen, x: float, foot: float, tall: float, colour: Colour, sway: float, values: list[float]) -> None:
    """A broad-leaved tree whose crown sways."""
    bark = hexed("#6b4a36")
    top = (x + sway * 0.5, foot - tall * 0.55)
    pen.fill(limb([(x, foot), (x + sway * 0.15, foot - tall * 0.3), top], [tall * 0.10, tall * 0.07, tall * 0.05]), bark)
    for side in (-1, 1):
        pen.fill(limb([(x + sway * 0.15, foot - tall * 0.34), (x + side * tall * 0.17 + sway * 0.6, foot - tall * 0.55)], [tall * 0.04, tall * 0.02]), bark, shade=0.4)
    crown = skia.Path()
    for i in range(8):
        turn = 6.28 * i / 8 + values[0]
        r = tall * (0.15 + 0.05 * values[i % len(values)])
        crown.addCircle(x + sway + math.cos(turn) * tall * 0.20, foot - tall * 0.70 + math.sin(turn) * tall * 0.15, r)
    crown.addCircle(x + sway, foot - tall * 0.70, tall * 0.2)
    pen.fill(skia.Simplify(crown) or crown, colour, shade=0.9)
    for i in range(5):
        cx = x + sway + (values[i % len(values)] - 0.5) * tall * 0.38
        cy = foot - tall * (0.60 + 0.25 * values[(i + 2) % len(values)])
        pen.line(curve([(cx - tall * 0.05, cy), (cx, cy - tall * 0.025), (cx + tall * 0.05, cy)]), colour.paler(0.28), tall * 0.012, alpha=0.7)


def woods(setting: Setting, what: str, points: list[Point], count: int, tall: tuple[float, float], colour: Colour) -> list[tuple[float, float, float, Colour]]:
    """Trees along a skyline, the nearest last: x, foot, height, colour."""
    rng = setting.rng(what)
    trees: list[tuple[float, float, float, Colour]] = []
    for _ in range(count):
        x = rng.uniform(-EDGE * 0.7, setting.width + EDGE * 0.7)
        trees.append((x, at(points, x) + 4, rng.uniform(*tall), colour.mix(colour.darker(0.4), rng.random() * 0.5)))
    return sorted(trees, key=lambda tree: tree[1])


def mountain_range(setting: Setting, depth: float, y: float, high: float, colour: Colour, snow: float) -> Layer:
    """Jagged peaks `high` above `y`, with caps of snow as a share of their height."""
    rng = setting.rng(f"peaks {depth}")
    peaks: list[tuple[Point, float]] = []
    x = -EDGE
    while x < setting.width + EDGE:
        wide = rng.uniform(190, 330) * (0.7 + high / 500)
        peaks.append(((x + wide / 2, y - high * rng.uniform(0.6, 1.0)), wide))
        x += wide * rng.uniform(0.55, 0.8)

    def draw(pen: Pen, t: float) -> None:
        for (px, py), wide in peaks:
            left, right = (px - wide * 0.8, y + 30), (px + wide * 0.8, y + 30)
            jag = [(px - wide * 0.34, py + (y - py) * 0.46), (px - wide * 0.16, py + (y - py) * 0.24)]
            jar = [(px + wide * 0.14, py + (y - py) * 0.2), (px + wide * 0.36, py + (y - py) * 0.5)]
            body = polygon([left, *jag, (px, py), *jar, right])
            pen.fill(body, colour, shade=0.0, outline=0.6)
            sun_left = setting.light.direction[0] < 0
            spine = [(px, py), (px + wide * 0.06, py + (y - py) * 0.3), (px - wide * 0.05, py + (y - py) * 0.6), (px + wide * 0.04, y + 30)]
            face = polygon([*spine, right, *reversed(jar)] if sun_left else [*spine, left, *jag])
            pen.fill(face, colour.darker(0.30), shade=0.0, outline=0.0)
            if snow > 0:
                cap = (y - py) * snow
                tip = polygon([(px - wide * 0.16 * snow / 0.24, py + cap), (px, py), (px + wide * 0.14 * snow / 0.24, py + cap * 0.9), (px + wide * 0.05, py + cap * 0.75), (px, py + cap * 1.15), (px - wide * 0.07, py + cap * 0.8)])
                pen.fill(tip, SNOW, shade=0.6, outline=0.3)

    return Layer(depth, draw, still=True)


def mountains(setting: Setting) -> list[Layer]:
    """Two ranges, pines before them."""
    y = setting.horizon
    layers = sky(setting)
    layers.append(birds_far(setting))
    layers.append(mountain_range(setting, 0.10, y + 10, 330, hexed("#7d8db5"), 0.30))
    layers.append(mountain_range(setting, 0.20, y + 40, 230, hexed("#5f7396"), 0.20))
    back = ridge_points(setting, setting.rng("hill1"), y + 70, 80, 60, 0)
    near = ridge_points(setting, setting.rng("hill2"), y + 190, 80, 60, 0)
    pines = woods(setting, "pines", back, 34, (60, 105), green(setting, "#2f5b4a"))
    snow = setting.composition.weather == "snow"

    def pine_wood(pen: Pen, t: float) -> None:
        for x, foot, tall, colour in pines:
            pine(pen, x, foot, tall, colour, snow)

    layers.append(ridge(setting, back, green(setting, "#5c8a57"), 0.32, dress=pine_wood))
    layers.append(ridge(setting, near, green(setting, "#6fa055"), 0.5))
    layers.append(grass(setting, 0.9, 1000, 70, green(setting, "#4c7a3a"), 60, "front"))
    return layers + falling(setting)


def meadow(setting: Setting) -> list[Layer]:
    """Hills one behind the other, flowers, grass that sways."""
    y = setting.horizon
    layers = [*sky(setting), birds_far(setting)]
    far = ridge_points(setting, setting.rng("h0"), y + 10, 90, 60, 0)
    middle = ridge_points(setting, setting.rng("h1"), y + 70, 90, 60, 0)
    near = ridge_points(setting, setting.rng("h2"), y + 160, 60, 60, 0)
    rng = setting.rng("trees")
    trees = [(rng.uniform(0, setting.width), rng.uniform(90, 150), [rng.random() for _ in range(8)]) for _ in range(5)]

    def crowns(pen: Pen, t: float) -> None:
        sway = 5.0 * math.sin(math.pi * setting.music.beat(t) / 2)
        for x, tall, values in trees:
            leafy(pen, x, at(middle, x) + 6, tall, green(setting, "#3f7d4a"), sway * (0.6 + values[0]), values)

    layers.append(ridge(setting, far, green(setting, "#8fb98a"), 0.15))
    layers.append(ridge(setting, middle, green(setting, "#79ab5e"), 0.3))
    layers.append(Layer(0.31, crowns))
    layers.append(ridge(setting, near, green(setting, "#649a48"), 0.5))
    layers.append(_flowers(setting, near))
    layers.append(grass(setting, 0.92, 1005, 95, green(setting, "#467a36"), 90, "front"))
    return layers + falling(setting)


def _flowers(setting: Setting, ground: list[Point]) -> Layer:
    rng = setting.rng("flowers")
    tones = [hexed(c) for c in ("#f4d35e", "#ee6c74", "#fdf5ee", "#b28dd6")]
    flowers = [(rng.uniform(-100, setting.width + 100), rng.uniform(40, 330), rng.choice(tones), rng.random()) for _ in range(70)]
    flowers.sort(key=lambda flower: flower[1])

    def draw(pen: Pen, t: float) -> None:
        music = setting.music
        for x, down, tone, phase in flowers:
            y = at(ground, x) + down
            size = 2.5 + down / 55.0
            sway = size * 1.6 * math.sin(math.pi * music.beat(t) / 2 + 6.28 * phase)
            head = (x + sway, y - size * 5)
            pen.line(curve([(x, y), (x + sway * 0.3, y - size * 2.5), head]), hexed("#4c7f3a"), size * 0.5)
            bounce = 1.0 + 0.25 * music.band("mid", t) * (phase > 0.5)
            pen.canvas.drawCircle(*head, size * 1.5 * bounce, pen.paint(tone))
            pen.canvas.drawCircle(*head, size * 0.6, pen.paint(hexed("#f7b733")))

    return Layer(0.55, draw)


def forest(setting: Setting) -> list[Layer]:
    """Trunks in three depths, light between them."""
    y = setting.horizon
    layers = sky(setting)
    ground = ridge_points(setting, setting.rng("floor"), y + 60, 50, 60, 0)
    rows = [(0.15, 40, (230, 380), "#5d8a75"), (0.3, 30, (320, 520), "#3f6f5a"), (0.45, 18, (480, 760), "#2c5545")]
    snow = setting.composition.weather == "snow"
    for depth, count, tall, tone in rows:
        base = y + 30 + 240 * depth
        trees = woods(setting, f"row{depth}", [(-EDGE - 99, base), (setting.width + EDGE + 99, base)], count, tall, green(setting, tone))

        def draw(pen: Pen, t: float, trees: list[tuple[float, float, float, Colour]] = trees) -> None:
            for x, foot, high, colour in trees:
                pine(pen, x, foot, high, colour, snow)

        layers.append(Layer(depth, draw, still=True))
    layers.append(ridge(setting, ground, green(setting, "#4f7a48"), 0.46))
    layers.append(_beams(setting))
    layers.append(_trunks(setting))
    layers.append(_fern(setting))
    layers.append(grass(setting, 0.92, 1005, 90, green(setting, "#35633a"), 80, "front"))
    return layers + falling(setting)


def _beams(setting: Setting) -> Layer:
    """Light through the crowns, stronger with the music."""
    rng = setting.rng("beams")
    beams = [(rng.uniform(0, setting.width), rng.uniform(40, 110), rng.random()) for _ in range(6)]
    side = setting.light.direction[0]

    def draw(pen: Pen, t: float) -> None:
        for x, wide, phase in beams:
            power = 0.10 + 0.12 * setting.music.energy(t) * (0.6 + 0.4 * math.sin(1.1 * t + 6 * phase)) + 0.08 * setting.music.pulse(t)
            beam = polygon([(x + 300 * side, -60), (x + 300 * side + wide, -60), (x - 120 * side + wide * 1.9, 960), (x - 120 * side - wide * 0.6, 960)])
            shader = skia.GradientShader.MakeLinear([skia.Point(0, -60), skia.Point(0, 900)], [setting.light.rim.argb(power), setting.light.rim.argb(0.0)])
            pen.canvas.drawPath(beam, skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.BlendMode.kPlus, MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 9.0)))

    return Layer(0.5, draw, haze=0.0, glow=True)


def _trunks(setting: Setting) -> Layer:
    rng = setting.rng("trunks")
    trunks = [(side * setting.width + rng.uniform(-60, 60), rng.uniform(95, 150)) for side in (0.02, 0.97)]

    def draw(pen: Pen, t: float) -> None:
        for x, wide in trunks:
            bark = hexed("#4a372e")
            pen.fill(curve([(x - wide * 0.55, -150), (x - wide * 0.45, 500), (x - wide * 0.75, 1000), (x - wide, 1120), (x + wide, 1120), (x + wide * 0.7, 1000), (x + wide * 0.42, 500), (x + wide * 0.5, -150)], closed=True, tension=0.35), bark)
            for k in range(7):
                y = 40 + 140 * k
                pen.line(curve([(x - wide * 0.25, y), (x - wide * 0.18, y + 50), (x - wide * 0.26, y + 90)]), bark.darker(0.35), 5)

    return Layer(0.88, draw, still=True, haze=0.0)


def _fern(setting: Setting) -> Layer:
    rng = setting.rng("fern")
    ferns = [(rng.uniform(-60, setting.width + 60), rng.uniform(900, 985), rng.uniform(70, 120), rng.random()) for _ in range(12)]
    colour = green(setting, "#4f8a4a")

    def draw(pen: Pen, t: float) -> None:
        for x, y, size, phase in ferns:
            sway = 0.07 * math.sin(math.pi * setting.music.beat(t) / 2 + 6.28 * phase)
            for k in range(5):
                turn = -0.95 + 0.475 * k + sway
                tip = (x + math.sin(turn) * size, y - math.cos(turn) * size * 0.8)
                bend = (x + math.sin(turn) * size * 0.5, y - math.cos(turn) * size * 0.62)
                pen.fill(curve([(x - 4, y), bend, tip, (bend[0] + 9, bend[1] + 7), (x + 4, y)], closed=True, tension=0.5), colour.darker(0.12 * (k % 2)), shade=0.0, outline=0.4)

    return Layer(0.6, draw)


def desert(setting: Setting) -> list[Layer]:
    """Dunes and a few cacti."""
    y = setting.horizon
    layers = sky(setting)
    layers.append(_mesas(setting, y))
    sands = [("#e9b978", 0.2, 20, 70), ("#dfa361", 0.35, 90, 90), ("#d28f4e", 0.5, 190, 90)]
    for tone, depth, down, high in sands:
        points = ridge_points(setting, setting.rng(f"dune{depth}"), y + down, high, 90, 0)
        layers.append(ridge(setting, points, green(setting, tone), depth, shade=0.35))
        layers.append(_dune_lines(setting, points, depth + 0.01, hexed(tone).darker(0.25)))
    layers.append(_cacti(setting, y))
    return layers + falling(setting)


def _mesas(setting: Setting, y: float) -> Layer:
    rng = setting.rng("mesas")
    mesas = [(rng.uniform(0, setting.width), rng.uniform(90, 190), rng.uniform(70, 150)) for _ in range(4)]

    def draw(pen: Pen, t: float) -> None:
        for x, wide, high in mesas:
            shape = polygon([(x - wide * 1.25, y + 30), (x - wide * 0.8, y - high * 0.5), (x - wide * 0.72, y - high), (x + wide * 0.7, y - high * 0.97), (x + wide * 0.8, y - high * 0.45), (x + wide * 1.3, y + 30)])
            pen.fill(shape, hexed("#b5694c"), shade=0.9, outline=0.5)

    return Layer(0.12, draw, still=True)


def _dune_lines(setting: Setting, points: list[Point], depth: float, colour: Colour) -> Layer:
    def draw(pen: Pen, t: float) -> None:
        for k in range(1, 5):
            shift = 5.0 * math.sin(math.pi * setting.music.bar(t) + k)
            line = [(x, y + 26 * k + 5 * math.sin(x / 60.0 + k) + shift * 0.3) for x, y in points]
            pen.line(curve(line), colour, 2.2, alpha=0.35)

    return Layer(depth, draw)


def _cacti(setting: Setting, y: float) -> Layer:
    rng = setting.rng("cacti")
    cacti = [(rng.uniform(0.04, 0.96) * setting.width, y + rng.uniform(90, 240), rng.uniform(90, 190)) for _ in range(5)]
    cacti.sort(key=lambda cactus: cactus[1])
    green = hexed("#4f8a5c")

    def draw(pen: Pen, t: float) -> None:
        sway = 0.02 * math.sin(math.pi * setting.music.beat(t) / 2)
        for x, foot, tall in cacti:
            top = (x + sway * tall, foot - tall)
            w = tall * 0.17
            for side, high, reach in ((-1, 0.42, 0.30), (1, 0.56, 0.27)):
                elbow = (x + side * tall * reach, foot - tall * high)
                up = (elbow[0] + sway * tall * 2, elbow[1] - tall * 0.27)
                pen.fill(limb([(x, elbow[1] + 4), elbow, up], [w * 0.7, w * 0.72, w * 0.62]), green.darker(0.12))
            pen.fill(limb([(x, foot), top], [w * 1.05, w]), green)

    return Layer(0.56, draw)


