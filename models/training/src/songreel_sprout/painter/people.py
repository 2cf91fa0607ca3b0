"""Whole people, standing, dancing and playing."""

from __future__ import annotations

from songreel_sprout.painter.appearance import FACES, Appearance
from songreel_sprout.painter.canvas import Point, mix, rounded
from songreel_sprout.painter.plants import Scene


def figure(
    s: Scene,
    who: Appearance,
    x: float,
    foot: float,
    height: float,
    role: str = "",
    flip: float = 1.0,
) -> None:
    """A whole person standing at ``(x, foot)``, ``height`` tall, in units of the side."""
    c, k = s.canvas, s.k
    c.depth = 0.95
    h = height
    head = (0.115 if who.child else 0.088) * h
    d = flip * (1 if k.turn > 0.5 else -1)
    swing = (k.pose_a - 0.5) * 2
    hip, neck = foot - 0.47 * h, foot - 0.8 * h
    sx = x + 0.03 * h * swing * flip
    top = (sx, neck - head * 1.05)
    shoulder = 0.115 * h if not who.female else 0.095 * h
    ol = 5.0 if h > 0.45 else 3.0
    leg, arm = 0.075 * h, 0.055 * h
    dark = s.thing((46, 38, 48))
    if who.female and not who.child:
        c.ellipse(
            (sx, neck + 0.01 * h),
            head * 1.15,
            head * (1.6 + 0.6 * k.hair_len),
            mix(who.hair, (10, 8, 20), 0.3),
            outline=ol - 1,
        )
    spread = 0.07 * h + 0.05 * h * k.pose_b
    feet = [(x - spread, foot), (x + spread, foot)]
    if role == "dancer":
        feet = [(x, foot), (x + d * (0.2 + 0.16 * k.pose_b) * h, foot - (0.1 + 0.3 * k.pose_b) * h)]
    for i, f in enumerate(feet):
        hx = x + (0.04 * h if i else -0.04 * h)
        knee = ((hx + f[0]) / 2 + 0.02 * h * d, (hip + f[1]) / 2)
        c.limb([(hx, hip), knee, f], leg, who.skin if role == "dancer" else who.cloth_b, outline=ol)
        c.ellipse((f[0] + 0.02 * h * d, f[1]), 0.055 * h, 0.026 * h, dark, outline=ol - 1)
    raised = {"dancer": 1.0, "joyful": 0.8}.get(role or s.labels.mood, 0.0)
    hands: list[Point] = []
    for e in (-1, 1):
        up = max(0.0, min(1.0, raised * (0.75 + 0.5 * swing * e)))
        elbow = (sx + e * (0.17 + 0.05 * up) * h, neck + (0.2 - 0.2 * up) * h)
        hand = (sx + e * (0.15 + 0.1 * k.pose_b + 0.02 * up) * h, neck + (0.38 - 0.68 * up) * h)
        if role == "musician":
            elbow = (sx + e * 0.2 * h, neck + 0.2 * h)
            hand = (
                (sx - 0.04 * h, neck + 0.3 * h)
                if e * d < 0
                else (sx + d * 0.3 * h, neck + 0.13 * h)
            )
        hands.append(hand)
        if role != "musician":
            c.limb(
                [(sx + e * shoulder * 0.92, neck + 0.045 * h), elbow, hand],
                arm,
                who.cloth if not who.female else who.skin,
                outline=ol,
            )
    if who.female:
        hem = 0.2 * h + (0.08 * h if role == "dancer" else 0)
        low = hip + (0.22 - (0.08 if role == "dancer" else 0)) * h
        c.poly(
            [
                (sx - shoulder, neck),
                (sx + shoulder, neck),
                (x + 0.065 * h, hip - 0.08 * h),
                (x + hem, low + 0.02 * h * swing),
                (x - hem, low - 0.02 * h * swing),
                (x - 0.065 * h, hip - 0.08 * h),
            ],
            who.cloth,
            shade=0.35,
            outline=ol,
        )
    else:
        c.poly(
            [
                (sx - shoulder, neck),
                (sx + shoulder, neck),
                (sx + shoulder * 1.02, neck + 0.12 * h),
                (x + 0.085 * h, hip + 0.03 * h),
                (x - 0.085 * h, hip + 0.03 * h),
                (sx - shoulder * 1.02, neck + 0.12 * h),
            ],
            who.cloth,
            shade=0.35,
            outline=ol,
        )
    c.limb([(sx, neck - 0.02 * h), (sx, neck + 0.01 * h)], 0.05 * h, who.skin, outline=0)
    c.ellipse(top, head * 0.84, head, who.skin, outline=ol)
    hair = [
        (-0.9, 0.1),
        (-1.0, -0.4),
        (-0.6, -1.1),
        (0, -1.25),
        (0.6, -1.1),
        (1.0, -0.4),
        (0.9, 0.1),
        (0.5, -0.45),
        (-0.5, -0.45),
    ]
    c.poly(
        rounded([(top[0] + head * a, top[1] + head * b) for a, b in hair]), who.hair, outline=ol - 1
    )
    if h > 0.4:
        for e in (-1, 1):
            c.ellipse(
                (top[0] + (0.3 * e + 0.2 * d) * head, top[1] + 0.1 * head),
                0.1 * head,
                0.14 * head,
                (24, 18, 24),
                shade=0,
                outline=0,
            )
        bow = FACES[s.labels.mood][0] * 0.16
        c.stroke(
            [
                (top[0] + (0.2 * d + a) * head, top[1] + (0.55 - bow * (a * a * 12 - 0.4)) * head)
                for a in (-0.3, -0.1, 0.1, 0.3)
            ],
            4,
            (150, 50, 60),
        )
    if role == "musician":
        _guitar(s, who, (sx, neck), h, d, ol)


def _guitar(s: Scene, who: Appearance, neck: Point, h: float, d: float, ol: float) -> None:
    c = s.canvas
    x, y = neck
    y += 0.3 * h
    c.limb([(x, y), (x + d * 0.38 * h, y - 0.2 * h)], 0.035 * h, s.thing((92, 56, 36)), outline=ol)
    c.ellipse(
        (x - d * 0.09 * h, y + 0.04 * h),
        0.15 * h,
        0.115 * h,
        s.thing((196, 116, 54)),
        outline=ol,
        turn=-0.5 * d,
    )
    c.ellipse(
        (x - d * 0.05 * h, y + 0.02 * h),
        0.045 * h,
        0.045 * h,
        s.thing((48, 28, 22)),
        shade=0,
        outline=ol - 2,
    )
    for e, hand in ((1, (x + d * 0.26 * h, y - 0.13 * h)), (-1, (x - d * 0.02 * h, y + 0.01 * h))):
        elbow = (x + e * d * 0.21 * h, y - 0.06 * h)
        c.limb([(x + e * d * 0.1 * h, y - 0.25 * h), elbow, hand], 0.052 * h, who.cloth, outline=ol)
        c.ellipse(hand, 0.03 * h, 0.03 * h, who.skin, outline=ol - 1)
