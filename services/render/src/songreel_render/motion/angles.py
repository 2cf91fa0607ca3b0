"""How far apart the noises of a song are: the radians that all movement is measured in."""

from __future__ import annotations

import math
from typing import Final

# Radians between the song's shared noise and the centre of a scene: scenes are relatives, and
# the picture changes most at a cut.
SCENE_ANGLE: Final = 0.9
# Radians between a scene's centre and its way points: no two frames of a scene are further
# apart than twice this.
WANDER_ANGLE: Final = 0.45
# Radians between frames of two scenes. Independent noises are at right angles, so the cosines
# of the turns that lie between the frames multiply: 1.25.
CROSSING_ANGLE: Final = math.acos(math.cos(SCENE_ANGLE) ** 2 * math.cos(WANDER_ANGLE) ** 2)
# Radians from one frame to the next beyond which pictures lose their continuity.
JUMP: Final = 0.15
