"""Things that move by themselves or with the music: boats, cars, houses, plants, hearts, stars."""

from __future__ import annotations

import math

import skia

from songreel_animatic.composition import Subject
from songreel_animatic.drawing.colours import Colour, hexed
from songreel_animatic.drawing.paths import curve, limb, oval, polygon
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.places.land import leafy
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

_PAINTS = tuple(map(hexed, ("#d1453b", "#2f7fb5", "#e8a92f", "#3f8f6b", "#f0ebe0")))


def boat(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A sailing boat that rolls by the bar and drifts across."""
    tone = _PAINTS[subject.seed % len(_PAINTS)]
    size = setting.figure_height(subject) / 640.0
    music = setting.music
    water = setting.waterline

    def draw(pen: Pen, t: float) -> None:
        roll = math.sin(math.pi * music.bar(t) * 2)
        heave = 9.0 * math.sin(math.pi * music.beat(t))
        part = (t - setting.start) / max(0.1, setting.end - setting.start) - 0.5
        way = -1.0 if subject.facing == "left" else 1.0
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject) + way * part * 0.28 * setting.width, water + heave)
        pen.canvas.scale(size * 0.8 * way, size * 0.8)
        pen.canvas.rotate(4.5 * roll)
        pen.fill(limb([(-6, 10), (-6, -430)], [11, 7]), hexed("#6a4a35"))
        puff = 26 + 14 * music.band("low", t)
        pen.fill(curve([(6, -415), (70 + puff, -230), (178, -50), (8, -42)], closed=True, tension=0.35), hexed("#fbf4e6"))
        pen.fill(curve([(-16, -390), (-80 - puff * 0.6, -180), (-132, -48), (-16, -44)], closed=True, tension=0.35), tone.paler(0.55))
        pen.fill(polygon([(-6, -430), (52, -446 + 8 * roll), (-6, -462)]), tone)
        pen.fill(curve([(-190, -34), (190, -34), (150, 40), (-140, 40)], closed=True, tension=0.22), tone)
        pen.line(curve([(-184, -20), (184, -20)]), hexed("#fbf4e6"), 7)
        pen.canvas.restore()
        x = setting.x(subject) + way * part * 0.28 * setting.width
        foam = curve([(x - 190 * size, water + 34 * size), (x, water + (40 + 5 * roll) * size), (x + 190 * size, water + 34 * size)])
        pen.line(foam, setting.light.sky[2].paler(0.7), 9 * size, alpha=0.8)

    return [Layer(0.30 + 0.01 * index, draw, subject=index, haze=0.05)]


def car(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A car that rolls: wheels turn, the body bounces on the beat, lamps shine at night."""
    tone = _PAINTS[subject.seed % len(_PAINTS)]
    size = setting.figure_height(subject) / 640.0
    music = setting.music

    def draw(pen: Pen, t: float) -> None:
        way = -1.0 if subject.facing == "left" else 1.0
        part = (t - setting.start) / max(0.1, setting.end - setting.start) - 0.5
        x = setting.x(subject) + way * part * 0.5 * setting.width
        bounce = 7.0 * music.pulse(t, 5.0) * (0.3 + 0.7 * music.energy(t))
        pen.canvas.save()
        pen.canvas.translate(x, setting.foot(subject, 0.35))
        pen.canvas.scale(size * way, size)
        pen.canvas.drawPath(oval(0, 2, 300, 16), pen.paint(hexed("#120c22"), 0.35))
        if setting.light.dark:
            beam = polygon([(270, -96), (720, -170), (720, 10), (270, -70)])
            shader = skia.GradientShader.MakeLinear([skia.Point(270, 0), skia.Point(720, 0)], [hexed("#fff0b8").argb(0.5), hexed("#fff0b8").argb(0.0)])
            pen.canvas.drawPath(beam, skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.BlendMode.kPlus))
        pen.canvas.save()
        pen.canvas.translate(0, -bounce)
        pen.fill(curve([(-160, -150), (-108, -248), (82, -250), (160, -150)], closed=True, tension=0.22), tone.darker(0.12))
        glass = hexed("#bfe0ea") if not setting.light.night else hexed("#31466b")
        pen.fill(curve([(-138, -152), (-98, -234), (-12, -236), (-12, -152)], closed=True, tension=0.15), glass)
        pen.fill(curve([(4, -152), (4, -236), (72, -236), (132, -152)], closed=True, tension=0.15), glass)
        pen.fill(curve([(-285, -70), (-272, -142), (-150, -160), (150, -160), (268, -132), (290, -70), (270, -42), (-270, -42)], closed=True, tension=0.3), tone)
        pen.line(curve([(-270, -100), (274, -100)]), tone.paler(0.4), 5)
        pen.fill(oval(268, -100, 16, 13), hexed("#fff3c4"), shade=0.2)
        pen.fill(oval(-274, -104, 10, 13), hexed("#e5484d"), shade=0.2)
        pen.canvas.restore()
        spin = way * x / (54.0 * size)
        for wx in (-168.0, 172.0):
            pen.fill(oval(wx, -46, 56, 56), hexed("#25222c"))
            pen.fill(oval(wx, -46, 30, 30), hexed("#c6cad2"), shade=0.5)
            for k in range(5):
                turn = spin + 2 * math.pi * k / 5
                pen.line(curve([(wx, -46), (wx + 27 * math.cos(turn), -46 + 27 * math.sin(turn))]), hexed("#5c606c"), 5)
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def house(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A house whose smoke rises with the bars and whose windows glow."""
    tone = _PAINTS[(subject.seed + 4) % len(_PAINTS)]
    size = setting.figure_height(subject) / 640.0 * 1.2
    music = setting.music

    def draw(pen: Pen, t: float) -> None:
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject), setting.foot(subject, 0.7) - 30)
        # It breathes with the beat, as houses in cartoons do.
        squash = 0.05 * music.pulse(t, 5.0) * (0.3 + 0.7 * music.energy(t))
        pen.canvas.scale(size * (1.0 + 0.4 * squash), size * (1.0 - squash))
        for k in range(7):
            age = (music.beat(t) / 4 + k / 7) % 1.0
            puff = oval(92 + 60 * age + 18 * math.sin(5 * age + k), -430 - 210 * age, 16 + 34 * age, 14 + 28 * age)
            pen.canvas.drawPath(puff, pen.paint(hexed("#e9e6ea"), 0.6 * (1 - age)))
        pen.fill(polygon([(70, -330), (70, -430), (116, -430), (116, -300)]), hexed("#9a5b48"))
        pen.fill(polygon([(-180, 0), (-180, -230), (180, -230), (180, 0)]), tone.paler(0.35))
        pen.fill(polygon([(-222, -220), (0, -400), (222, -220)]), hexed("#a8453a"))
        pen.fill(curve([(-38, 0), (-38, -112), (0, -132), (38, -112), (38, 0)], closed=True, tension=0.2), hexed("#6a4632"))
        lit = setting.light.dark
        glass = hexed("#ffd988") if lit else hexed("#a9d3e3")
        for x in (-112.0, 112.0):
            if lit:
                pen.glow(x, -140, 120 + 18 * music.pulse(t), hexed("#ffc66b"), 0.5)
                pen.lit = 0.0
            pane = skia.Path()
            pane.addRect(skia.Rect(x - 36, -176, x + 36, -104))
            pen.fill(pane, glass, shade=0.15)
            pen.lit = 1.0
            for a, b in (((x, -176), (x, -104)), ((x - 36, -140), (x + 36, -140))):
                pen.line(curve([a, b]), hexed("#f5efe3"), 5)
        pen.canvas.restore()

    return [Layer(0.60 + 0.01 * index, draw, subject=index)]


def tree(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A broad tree that sways and drops leaves."""
    rng = setting.rng(f"tree {subject.seed}")
    values = [rng.random() for _ in range(8)]
    tall = setting.figure_height(subject) * 1.15
    tone = hexed(("#4f8f4a", "#d9863a", "#c3503f", "#7fa64a")[subject.seed % 4])
    if setting.composition.weather == "snow":
        tone = tone.mix(hexed("#eef3f8"), 0.7)
    leaves = [(rng.uniform(-0.4, 0.4), rng.random(), rng.uniform(4, 8)) for _ in range(14)]
    music = setting.music

    def draw(pen: Pen, t: float) -> None:
        sway = tall * 0.028 * (0.5 + music.energy(t)) * math.sin(math.pi * music.beat(t) / 2)
        leafy(pen, setting.x(subject), setting.ground, tall, tone, sway, values)
        for across, start, r in leaves:
            age = (start + t * 0.11) % 1.0
            x = setting.x(subject) + across * tall + 26 * math.sin(7 * age + 9 * start)
            pen.canvas.drawPath(oval(x, setting.ground - tall * 0.62 * (1 - age), r, r * 0.55, 6 * age), pen.paint(tone.paler(0.15)))

    return [Layer(0.66 + 0.01 * index, draw, subject=index)]


def flower(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A flower that opens over the scene and nods on the beat."""
    tone = hexed(("#e5556f", "#f2b134", "#a873d9", "#f2efe8")[subject.seed % 4])
    size = setting.figure_height(subject)
    music = setting.music

    def draw(pen: Pen, t: float) -> None:
        part = min(1.0, max(0.0, (t - setting.start) / max(0.1, setting.end - setting.start)))
        open_ = 0.72 + 0.28 * part + 0.06 * music.pulse(t, 4.0)
        nod = 0.10 * math.sin(math.pi * music.beat(t))
        x, y = setting.x(subject), setting.foot(subject, 0.55)
        top = (x + math.sin(nod) * size * 0.6, y - size * 0.72)
        pen.line(curve([(x, y), (x + math.sin(nod) * size * 0.18, y - size * 0.38), top]), hexed("#4a8a4f"), size * 0.030)
        for side, high in ((-1, 0.22), (1, 0.34)):
            base = (x, y - size * high)
            tip = (x + side * size * 0.24, y - size * (high + 0.14))
            pen.fill(curve([base, (x + side * size * 0.10, y - size * (high + 0.15)), tip, (x + side * size * 0.14, y - size * high)], closed=True), hexed("#4f9a58"))
        for ring, count, reach in ((0, 9, 0.25), (1, 7, 0.17)):
            for k in range(count):
                turn = 2 * math.pi * (k + 0.5 * ring) / count + nod
                r = size * reach * open_
                cx, cy = top[0] + math.cos(turn) * r * 0.55, top[1] + math.sin(turn) * r * 0.55
                pen.fill(oval(cx, cy, r * 0.52, r * 0.30, turn), tone.darker(0.12 * (1 - ring)), shade=0.7)
        pen.fill(oval(top[0], top[1], size * 0.065, size * 0.065), hexed("#f5c542"))

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def heart(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A heart that beats, with sparks on the accents."""
    size = setting.figure_height(subject) * 0.5
    tone = hexed(("#e0344b", "#e85a86", "#c7283f")[subject.seed % 3])
    music = setting.music

    def draw(pen: Pen, t: float) -> None:
        beat = music.pulse(t, 6.0)
        r = size * (0.92 + 0.13 * beat)
        x, y = setting.x(subject), 470.0
        pen.glow(x, y, r * (1.5 + 0.4 * beat), tone.paler(0.3), 0.5)
        shape = skia.Path()
        shape.moveTo(x, y + r * 0.62)
        shape.cubicTo(x - r * 1.05, y - r * 0.05, x - r * 0.62, y - r * 0.85, x, y - r * 0.30)
        shape.cubicTo(x + r * 0.62, y - r * 0.85, x + r * 1.05, y - r * 0.05, x, y + r * 0.62)
        pen.fill(shape, tone, shade=0.8)
        pen.fill(oval(x - r * 0.38, y - r * 0.28, r * 0.14, r * 0.09, -0.7), tone.paler(0.6), shade=0.0, outline=0.0)
        _sparks(pen, x, y, r, tone.paler(0.5), music.beat(t), subject.seed)

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def star(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A bright star that shines on the high band; a shooting star on every downbeat."""
    size = setting.figure_height(subject) * 0.30
    music = setting.music
    gold = hexed("#ffe08a")

    def draw(pen: Pen, t: float) -> None:
        x, y = setting.x(subject), 330.0
        shine = 0.7 + 0.3 * music.pulse(t, 4.0) + 0.35 * music.band("high", t)
        pen.lit = 0.0
        pen.glow(x, y, size * 2.2 * shine, gold, 0.75)
        turn0 = -math.pi / 2 + 0.10 * math.sin(math.pi * music.beat(t))
        points: list[tuple[float, float]] = []
        for k in range(10):
            r = size * (0.9 * shine if k % 2 == 0 else 0.40)
            turn = turn0 + math.pi * k / 5
            points.append((x + math.cos(turn) * r, y + math.sin(turn) * r))
        pen.fill(polygon(points), gold, shade=0.4)
        part = music.bar(t) % 1.0
        if part < 0.45:
            sx, sy = setting.width * (0.95 - 1.5 * part), 60 + 420 * part
            tail = curve([(sx, sy), (sx + 200, sy - 72)])
            pen.line(tail, hexed("#fff6d8"), 6, alpha=1.0 - part * 2.0)
            pen.glow(sx, sy, 26, hexed("#fff6d8"), 0.9)
        pen.lit = 1.0

    return [Layer(0.70 + 0.01 * index, draw, subject=index, haze=0.0)]


def _sparks(pen: Pen, x: float, y: float, r: float, tone: Colour, beats: float, seed: int) -> None:
    age = beats % 1.0
    for k in range(9):
        turn = 2 * math.pi * (k + 0.37 * (math.floor(beats) + seed) % 1.0) / 9
        far = r * (0.9 + 0.9 * age)
        dot = oval(x + math.cos(turn) * far, y + math.sin(turn) * far * 0.9, r * 0.05 * (1 - age), r * 0.05 * (1 - age))
        pen.canvas.drawPath(dot, pen.paint(tone, 1.0 - age))
