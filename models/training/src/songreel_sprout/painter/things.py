"""Vehicles and houses in front."""

from __future__ import annotations

from songreel_sprout.painter.canvas import Rgb, hsv, mix
from songreel_sprout.painter.overhead import ABOVE_FOOT
from songreel_sprout.painter.plants import Scene


def spot(s: Scene) -> tuple[float, float, float]:
    """Middle ``x``, foot ``y`` and height of a thing in front, for the framing."""
    k = s.k
    size, foot, span = {
        "close-up": (0.8, 0.94, 0.12),
        "medium": (0.54, 0.9, 0.36),
        "wide": (0.32, 0.86, 0.56),
        "above": (0.54, ABOVE_FOOT, 0.3),
    }[s.labels.framing]
    return 0.5 + span * (k.subject_x - 0.5), foot, size * (0.88 + 0.24 * k.subject_scale)


def boat(s: Scene) -> None:
    """A sailing boat."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    foot -= 0.04
    d = 1 if k.turn > 0.5 else -1
    hull = s.thing(hsv(k.cloth_hue, 0.6, 0.4 + 0.4 * k.cloth_val))
    sail = s.thing(mix((252, 248, 236), hsv(k.accent, 0.5, 0.95), 0.4))
    mast = x + 0.03 * d * h
    lean = 0.08 * (k.tilt - 0.5) * h
    c.limb([(mast, foot - 0.1 * h), (mast + lean, foot - h)], 0.03 * h, s.thing((92, 66, 48)))
    c.poly(
        [
            (mast + lean - 0.03 * d * h, foot - 0.96 * h),
            (mast - 0.04 * d * h, foot - 0.24 * h),
            (mast - 0.42 * d * h, foot - 0.24 * h),
            (mast - (0.26 + 0.1 * k.pose_a) * d * h, foot - 0.52 * h),
        ],
        sail,
        shade=0.3,
    )
    c.poly(
        [
            (mast + lean + 0.03 * d * h, foot - 0.86 * h),
            (mast + 0.05 * d * h, foot - 0.24 * h),
            (mast + 0.36 * d * h, foot - 0.22 * h),
            (mast + 0.22 * d * h, foot - 0.46 * h),
        ],
        mix(sail, hull, 0.3),
        shade=0.3,
    )
    c.poly(
        [
            (x - 0.5 * h, foot - 0.19 * h),
            (x + 0.52 * h, foot - 0.19 * h),
            (x + 0.38 * h, foot),
            (x - 0.36 * h, foot),
        ],
        hull,
        shade=0.35,
    )
    c.poly(
        [
            (x - 0.5 * h, foot - 0.19 * h),
            (x + 0.52 * h, foot - 0.19 * h),
            (x + 0.49 * h, foot - 0.14 * h),
            (x - 0.47 * h, foot - 0.14 * h),
        ],
        s.thing((246, 240, 226)),
        shade=0.1,
        outline=4,
    )
    for i in range(3):
        y = foot + 0.02 * h + 0.045 * i * h
        c.stroke(
            [(x - (0.42 - 0.08 * i) * h, y), (x + (0.42 - 0.08 * i) * h, y)],
            5,
            s.thing((226, 240, 250)),
        )


def car(s: Scene) -> None:
    """A car from the side."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    w, d = 1.05 * h, 1 if k.turn > 0.5 else -1
    w = min(w, 0.86)
    paint = s.thing(hsv(k.cloth_hue, 0.75, 0.5 + 0.45 * k.cloth_val))
    glass = s.thing(mix((150, 200, 230), s.light.low, 0.4))
    roof = foot - (0.5 + 0.05 * k.pose_a) * w
    c.ellipse(
        (x, foot),
        0.52 * w,
        0.05 * w,
        mix(s.thing((40, 40, 50)), s.light.ambient, 0.0),
        shade=0,
        outline=0,
    )
    c.poly(
        [
            (x - 0.3 * d * w, foot - 0.26 * w),
            (x - 0.22 * d * w, roof),
            (x + 0.12 * d * w, roof),
            (x + 0.28 * d * w, foot - 0.28 * w),
        ],
        paint,
        shade=0.25,
    )
    c.poly(
        [
            (x - 0.02 * d * w, foot - 0.29 * w),
            (x - 0.02 * d * w, roof + 0.04 * w),
            (x + 0.1 * d * w, roof + 0.04 * w),
            (x + 0.22 * d * w, foot - 0.29 * w),
        ],
        glass,
        shade=0.2,
        outline=4,
    )
    c.poly(
        [
            (x - 0.25 * d * w, foot - 0.29 * w),
            (x - 0.19 * d * w, roof + 0.04 * w),
            (x - 0.06 * d * w, roof + 0.04 * w),
            (x - 0.06 * d * w, foot - 0.29 * w),
        ],
        glass,
        shade=0.2,
        outline=4,
    )
    c.poly(
        [
            (x - 0.5 * d * w, foot - 0.06 * w),
            (x - 0.5 * d * w, foot - 0.26 * w),
            (x + 0.34 * d * w, foot - 0.3 * w),
            (x + 0.5 * d * w, foot - 0.2 * w),
            (x + 0.52 * d * w, foot - 0.06 * w),
        ],
        paint,
        shade=0.4,
    )
    for wx in (-0.28, 0.3):
        c.ellipse((x + wx * w * d, foot - 0.05 * w), 0.105 * w, 0.105 * w, s.thing((40, 38, 46)))
        c.ellipse(
            (x + wx * w * d, foot - 0.05 * w),
            0.045 * w,
            0.045 * w,
            s.thing((205, 205, 212)),
            outline=3,
        )
    lamp = (x + 0.47 * d * w, foot - 0.17 * w)
    c.ellipse(lamp, 0.035 * w, 0.035 * w, (255, 246, 190), shade=0, outline=3)
    if s.light.dark:
        c.glow(lamp, 0.2 * w, (255, 244, 180), 0.9)


def house(s: Scene) -> None:
    """A house with lit windows in the dark."""
    c, k = s.canvas, s.k
    x, foot, h = spot(s)
    w = 0.46 * h
    wall = s.thing(mix((244, 230, 206), hsv(k.cloth_hue, 0.45, 0.9), 0.5))
    roof = s.thing(mix((178, 66, 54), (96, 80, 96), k.accent))
    c.poly(
        [
            (x + 0.5 * w, foot - 0.98 * h),
            (x + 0.75 * w, foot - 0.98 * h),
            (x + 0.75 * w, foot - 0.6 * h),
            (x + 0.5 * w, foot - 0.6 * h),
        ],
        s.thing((150, 90, 78)),
    )
    c.poly(
        [(x - w, foot), (x - w, foot - 0.55 * h), (x + w, foot - 0.55 * h), (x + w, foot)],
        wall,
        shade=0.2,
    )
    peak = 0.92 + 0.1 * k.pose_a
    c.poly(
        [
            (x - 1.22 * w, foot - 0.52 * h),
            (x - 0.1 * w, foot - peak * h),
            (x + 0.1 * w, foot - peak * h),
            (x + 1.22 * w, foot - 0.52 * h),
        ],
        roof if s.labels.weather != "snow" else s.thing((245, 248, 252)),
        shade=0.3,
    )
    pane: Rgb = (255, 218, 120) if s.light.dark or s.light.dim > 0.7 else s.thing((140, 186, 216))
    for wx in (-0.62, 0.62):
        c.poly(
            [
                (x + (wx - 0.24) * w, foot - 0.42 * h),
                (x + (wx + 0.24) * w, foot - 0.42 * h),
                (x + (wx + 0.24) * w, foot - 0.2 * h),
                (x + (wx - 0.24) * w, foot - 0.2 * h),
            ],
            pane,
            shade=0,
        )
        c.stroke(
            [(x + wx * w, foot - 0.42 * h), (x + wx * w, foot - 0.2 * h)],
            4,
            s.thing((250, 246, 238)),
        )
    c.poly(
        [
            (x - 0.2 * w, foot),
            (x - 0.2 * w, foot - 0.32 * h),
            (x + 0.2 * w, foot - 0.32 * h),
            (x + 0.2 * w, foot),
        ],
        s.thing((120, 72, 50)),
        shade=0.25,
    )
    if s.light.dark:
        c.glow((x, foot - 0.3 * h), 0.5 * h, (255, 214, 120), 0.35)
