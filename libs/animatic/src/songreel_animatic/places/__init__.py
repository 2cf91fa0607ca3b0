"""Places: the layers behind and around the subjects. A new place is one function and one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from songreel_animatic.places.indoors import room, stage
from songreel_animatic.places.land import desert, forest, meadow, mountains
from songreel_animatic.places.shore import beach, lake
from songreel_animatic.places.streets import city, road
from songreel_animatic.scene.layer import Layer
from songreel_animatic.scene.setting import Setting

Place = Callable[[Setting], list[Layer]]
"""From the setting to the layers of a place, weather included."""

PLACES: Final[dict[str, Place]] = {
    "beach": beach,
    "mountains": mountains,
    "forest": forest,
    "city": city,
    "meadow": meadow,
    "desert": desert,
    "lake": lake,
    "room": room,
    "stage": stage,
    "road": road,
}
