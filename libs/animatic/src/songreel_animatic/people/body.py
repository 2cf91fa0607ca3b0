"""The skeleton of a figure: proportions, joint angles, and where the joints then are.

Lengths are hundredths of a grown person's height; x to the right, y down, the ground at 0.
Angles are radians in the picture's plane: 0 hangs straight down, positive swings to the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final

from songreel_animatic.drawing.paths import Point

THIGH: Final = 23.5
SHIN: Final = 22.0
FOOT_HEIGHT: Final = 3.6
SPINE: Final = 27.0
NECK: Final = 4.4
UPPER_ARM: Final = 15.5
FOREARM: Final = 13.5
HEAD: Final = 14.6
"""From chin to crown."""


@dataclass(frozen=True)
class Build:
    """What differs between bodies."""

    shoulders: float = 8.6
    """Half the distance between the shoulders."""
    hips: float = 5.2
    """Half the distance between the hip joints."""
    head: float = 1.0
    """Times `HEAD`."""
    limbs: float = 1.0
    """Thickness of arms and legs."""
    height: float = 1.0


@dataclass(frozen=True)
class Pose:
    """Joint angles of one moment; see the module for what they count from."""

    lean: float = 0.0
    """Of the spine: positive leans to the right."""
    shift: float = 0.0
    """Of the hips to the right, in units."""
    lift: float = 0.0
    """Above the ground, in units: jumps."""
    tilt: float = 0.0
    """Of the head, beyond the spine's lean."""
    look: float = 0.0
    """Where the face is turned, -1 left to 1 right."""
    twist: float = 0.0
    """Of the shoulders about the spine, -1 to 1: one comes forward."""
    turned: float = 0.0
    """0 faces the camera, 1 is seen from the side."""
    left_arm: float = -0.14
    left_forearm: float = -0.05
    right_arm: float = 0.14
    right_forearm: float = 0.05
    left_leg: float = -0.04
    left_shin: float = -0.03
    right_leg: float = 0.04
    right_shin: float = 0.03

    def mix(self, other: Pose, share: float) -> Pose:
        """The pose `share` of the way to another; beyond 1 it overshoots."""
        return Pose(
            *(
                getattr(self, f.name) + (getattr(other, f.name) - getattr(self, f.name)) * share
                for f in fields(self)
            )
        )

    def mirrored(self) -> Pose:
        """Left and right exchanged."""
        return Pose(
            -self.lean, -self.shift, self.lift, -self.tilt, -self.look, -self.twist, self.turned,
            -self.right_arm, -self.right_forearm, -self.left_arm, -self.left_forearm,
            -self.right_leg, -self.right_shin, -self.left_leg, -self.left_shin,
        )  # fmt: skip

    def but(self, **changes: float) -> Pose:
        """The pose with some angles changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Limb:
    """Three joints: shoulder, elbow, wrist or hip, knee, ankle."""

    root: Point
    middle: Point
    end: Point

    @property
    def angle(self) -> float:
        """Of the lower part."""
        return math.atan2(self.end[0] - self.middle[0], self.end[1] - self.middle[1])


@dataclass(frozen=True)
class Joints:
    """Where everything is."""

    hips: Point
    chest: Point
    """Between the shoulders."""
    neck: Point
    """Top of the neck: the chin's place."""
    head: Point
    """Middle of the head."""
    head_turn: float
    """Radians: how the head is tilted."""
    spine: float
    """Radians."""
    turned: float
    """As the pose's."""
    left_arm: Limb
    right_arm: Limb
    left_leg: Limb
    right_leg: Limb
    lowest: float
    """How far the lower foot reached before it was put on the ground."""


def _down(start: Point, angle: float, length: float) -> Point:
    return start[0] + math.sin(angle) * length, start[1] + math.cos(angle) * length


def _limb(root: Point, upper: float, lower: float, lengths: tuple[float, float]) -> Limb:
    middle = _down(root, upper, lengths[0])
    return Limb(root, middle, _down(middle, lower, lengths[1]))


def joints(pose: Pose, build: Build) -> Joints:
    """Puts a pose on the ground: the lower foot stands at y = -lift."""
    reach = max(
        math.cos(pose.left_leg) * THIGH + math.cos(pose.left_shin) * SHIN,
        math.cos(pose.right_leg) * THIGH + math.cos(pose.right_shin) * SHIN,
    )
    hips = (pose.shift, -(reach + FOOT_HEIGHT + pose.lift))
    up = (math.sin(pose.lean), -math.cos(pose.lean))
    side = (math.cos(pose.lean), math.sin(pose.lean))
    chest = (hips[0] + up[0] * SPINE, hips[1] + up[1] * SPINE)
    neck = (chest[0] + up[0] * NECK, chest[1] + up[1] * NECK)
    turn = 0.5 * pose.lean + pose.tilt
    half = HEAD * build.head / 2
    head = (neck[0] + math.sin(turn) * half, neck[1] - math.cos(turn) * half)
    wide = build.shoulders * (1.0 - 0.25 * abs(pose.twist)) * (1.0 - 0.62 * pose.turned)
    apart = build.hips * (1.0 - 0.78 * pose.turned)
    drop = 0.9 * pose.twist
    left = (chest[0] - side[0] * wide, chest[1] - side[1] * wide + 1.2 + drop)
    right = (chest[0] + side[0] * wide, chest[1] + side[1] * wide + 1.2 - drop)
    arm, leg = (UPPER_ARM, FOREARM), (THIGH, SHIN)
    return Joints(
        hips, chest, neck, head, turn, pose.lean, pose.turned,
        _limb(left, pose.left_arm, pose.left_forearm, arm),
        _limb(right, pose.right_arm, pose.right_forearm, arm),
        _limb((hips[0] - apart, hips[1]), pose.left_leg, pose.left_shin, leg),
        _limb((hips[0] + apart, hips[1]), pose.right_leg, pose.right_shin, leg),
        reach,
    )  # fmt: skip
