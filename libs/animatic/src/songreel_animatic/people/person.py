"""One person in a scene: what they do, how their face moves, where they are."""

from __future__ import annotations

import math
from typing import Final

from songreel_animatic.composition import Subject
from songreel_animatic.drawing.colours import hexed
from songreel_animatic.drawing.paths import limb, oval
from songreel_animatic.drawing.pen import Pen
from songreel_animatic.people.appearance import appearance_of
from songreel_animatic.people.body import Limb, Pose, joints
from songreel_animatic.people.face import Expression
from songreel_animatic.people.figure import Motion, draw_figure, hand_of, shadow
from songreel_animatic.people.moves import MOVES, stand
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

# Seconds by which hair and cloth are late.
_LAG: Final = 0.09
_SMILES: Final = {"joyful": 0.8, "serene": 0.4, "neutral": 0.15, "tense": -0.35, "sad": -0.6}
_BROWS: Final = {"joyful": 0.4, "tense": -0.7, "sad": 0.5}
# Figure heights that a step or a run covers on one beat.
_STRIDES: Final = {"walk": 0.30, "run": 0.75}


def person(setting: Setting, subject: Subject, index: int) -> list[Layer]:
    """A woman, man, child, dancer ... doing what the subject's action says."""
    looks = appearance_of(subject.kind, subject.seed, subject.clothes)
    tall = setting.figure_height(subject) * looks.build.height
    unit = tall / 100.0

    def draw(pen: Pen, t: float) -> None:
        motion = motion_at(setting, subject, t)
        pen.canvas.save()
        pen.canvas.translate(setting.x(subject) + travel(setting, subject, tall, t), setting.ground)
        pen.canvas.scale(unit * (-1.0 if subject.facing == "left" else 1.0), unit)
        if setting.composition.framing != "close-up":
            shadow(pen, motion, looks, 0.75)
        draw_figure(pen, looks, motion, expression_at(setting, subject, motion.now, t))
        if subject.action == "sing":
            _microphone(pen, joints(motion.now, looks.build).right_arm)
        pen.canvas.restore()

    return [Layer(0.72 + 0.01 * index, draw, subject=index)]


def _microphone(pen: Pen, arm: Limb) -> None:
    """In the hand, its head towards the mouth."""
    x, y = hand_of(arm)
    way = -1.0 if arm.end[0] > arm.root[0] else 1.0
    pen.fill(limb([(x, y + 3.0), (x + way * 1.6, y - 4.4)], [1.8, 2.3]), hexed("#2a2833"), shade=0.4)
    pen.fill(oval(x + way * 2.1, y - 6.2, 2.5, 2.8), hexed("#8d93a3"), shade=0.8)


def motion_at(setting: Setting, subject: Subject, t: float) -> Motion:
    """Pose now and just before."""
    move = MOVES.get(subject.action, stand)
    music = setting.music
    return Motion(move(music, t, subject.seed), move(music, t - _LAG, subject.seed))


def travel(setting: Setting, subject: Subject, tall: float, t: float) -> float:
    """How far a walker is from the middle of the way, units; feet do not slide where it fits."""
    stride = _STRIDES.get(subject.action, 0.0) * tall
    if stride == 0.0:
        return 0.0
    music = setting.music
    whole = (music.beat(setting.end) - music.beat(setting.start)) * stride
    room = 0.62 * setting.width
    scale = min(1.0, room / max(1e-6, whole))
    gone = (music.beat(t) - music.beat(setting.start)) * stride - 0.5 * whole
    return gone * scale * (-1.0 if subject.facing == "left" else 1.0)


def expression_at(setting: Setting, subject: Subject, pose: Pose, t: float) -> Expression:
    """Blinks, looks, and a mouth that sings what is sung."""
    music, mood = setting.music, setting.composition.mood
    # Somebody blinks every three to five seconds, for a sixth of one.
    phase = (t + 0.77 * (subject.seed % 11)) % (3.2 + 0.3 * (subject.seed % 6))
    eyes = 1.0 if phase > 0.16 else abs(phase / 0.08 - 1.0)
    smile = _SMILES.get(mood, 0.15) + 0.15 * music.energy(t)
    glance = 0.25 * math.sin(2.0 * math.pi * 0.11 * t + subject.seed)
    turned = {"left": 0.75, "right": 0.75}.get(subject.facing, 0.0)
    look = max(-1.0, min(1.0, turned + 0.6 * pose.look * (turned == 0.0) + glance))
    mouth = music.mouth(t) if subject.action == "sing" else 0.25 * music.mouth(t)
    if subject.action == "cheer":
        mouth = max(mouth, 0.55 * music.energy(t))
    return Expression(mouth, max(-1.0, min(1.0, smile)), _BROWS.get(mood, 0.0) + 0.3 * mouth, eyes, look)


