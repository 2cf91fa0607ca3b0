"""Light and palette of a scene, from its time, weather and mood."""

from __future__ import annotations

from dataclasses import dataclass

from songreel_animatic.composition import Composition
from songreel_animatic.drawing.colours import Colour, hexed


@dataclass(frozen=True)
class Light:
    """Where the light comes from and what it does to colours."""

    direction: tuple[float, float]
    """From a lit thing towards the light: x right, y down, length 1."""
    colour: Colour
    """Multiplies every colour; channels may be above 1."""
    air: Colour
    """What far things fade to."""
    sky: tuple[Colour, Colour, Colour]
    """Top, middle, horizon."""
    rim: Colour
    """Light on edges against the sky."""
    night: bool = False
    dark: bool = False
    """Whether lamps and windows are lit."""


_SKIES = {
    "dawn": ("#5b6ba8", "#e7a9a0", "#ffe0b0"),
    "day": ("#3f8fd6", "#86c5ee", "#d9f0f4"),
    "sunset": ("#3b2a6b", "#d4526e", "#ffb35c"),
    "night": ("#070b24", "#152252", "#33497d"),
}
_COLOURS = {
    "dawn": Colour(1.02, 0.93, 0.95),
    "day": Colour(1.0, 1.0, 1.0),
    "sunset": Colour(1.06, 0.86, 0.78),
    "night": Colour(0.52, 0.60, 0.86),
}
# Indoors lamps light whoever is there, whatever the hour.
_LAMPS = {"stage": (Colour(1.0, 0.95, 1.0), 0.8), "room": (Colour(1.0, 0.92, 0.82), 0.55)}
_GREY = {"clear": 0.0, "cloudy": 0.45, "rain": 0.6, "snow": 0.5}
_MOODS = {
    "joyful": (1.18, 0.05),
    "serene": (0.95, 0.04),
    "neutral": (1.0, 0.0),
    "tense": (1.1, -0.12),
    "sad": (0.62, -0.06),
}


def light_of(composition: Composition) -> Light:
    """The light of a composition."""
    saturation, lift = _MOODS.get(composition.mood, (1.0, 0.0))
    grey = _GREY.get(composition.weather, 0.0)
    top, middle, horizon = (hexed(c) for c in _SKIES[composition.time])
    overcast = horizon.mix(Colour(0.62, 0.66, 0.72), 0.6)
    sky = tuple(
        (c.mix(overcast.darker(0.12 * i), grey))
        .saturated(saturation)
        .mix(Colour(1, 1, 1) if lift > 0 else Colour(0, 0, 0.05), abs(lift))
        for i, c in zip((2, 1, 0), (top, middle, horizon), strict=True)
    )
    colour = _COLOURS[composition.time].mix(Colour(0.86, 0.9, 0.96), grey)
    if composition.place in _LAMPS:
        lamps, share = _LAMPS[composition.place]
        colour = colour.mix(lamps, share)
    side = -1.0 if composition.seed % 2 else 1.0
    height = {"day": -0.85, "night": -0.7}.get(composition.time, -0.35)
    return Light(
        (side * (1 - height * height) ** 0.5, height),
        colour,
        sky[2].mix(sky[1], 0.35),
        (sky[0], sky[1], sky[2]),
        sky[2].paler(0.35),
        night=composition.time == "night",
        dark=composition.time in ("night", "sunset", "dawn"),
    )
