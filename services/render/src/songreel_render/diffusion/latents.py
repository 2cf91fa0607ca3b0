"""Starting noise of each frame: bounded walks on the sphere, by batched slerp."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from songreel_render.motion.angles import SCENE_ANGLE, WANDER_ANGLE
from songreel_render.motion.crossfades import FrameMix

_PARALLEL: Final = 1e-4
# Scenes around the present one whose paths are kept.
_NEAR: Final = 16


def seeded_noise(shape: tuple[int, ...], *seed: int | str) -> torch.Tensor:
    """Standard normal noise that depends on `seed` alone (drawn on the CPU, float32)."""
    digest = hashlib.sha256(repr(seed).encode()).digest()
    generator = torch.Generator("cpu").manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    return torch.randn(shape, generator=generator, dtype=torch.float32)


def sphere_noise(shape: tuple[int, ...], *seed: int | str) -> torch.Tensor:
    """`seeded_noise` at exactly its usual length: between equal lengths a slerp turns evenly."""
    noise = seeded_noise(shape, *seed)
    return noise * (math.sqrt(noise.numel()) / float(noise.norm()))


def angle_between(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
    """Angle in radians of each pair of a batch: (n, ...), (n, ...) -> (n,)."""
    start, end = start.flatten(1), end.flatten(1)
    cosine = torch.nn.functional.cosine_similarity(start, end, dim=1)
    return torch.acos(cosine.clamp(-1.0, 1.0))


def slerp(start: torch.Tensor, end: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Spherical interpolation of a batch; keeps the norm, which linear mixing of noise does not.

    Args:
        start: (n, ...) float32.
        end: same shape.
        weight: (n,), 0 gives `start`, 1 gives `end`.

    Returns:
        Same shape; falls back to linear where the two are (nearly) parallel.
    """
    angle = angle_between(start, end)
    shape = (-1,) + (1,) * (start.dim() - 1)
    sine = torch.sin(angle)
    parallel = sine < _PARALLEL
    safe = torch.where(parallel, torch.ones_like(sine), sine)
    first = torch.where(parallel, 1.0 - weight, torch.sin((1.0 - weight) * angle) / safe)
    second = torch.where(parallel, weight, torch.sin(weight * angle) / safe)
    return first.view(shape) * start + second.view(shape) * end


def turned(noise: torch.Tensor, towards: torch.Tensor, radians: float) -> torch.Tensor:
    """Turn `noise` by an angle towards another noise of the same shape (no batch axis)."""
    angle = float(angle_between(noise[None], towards[None]))
    weight = torch.tensor([radians / max(angle, _PARALLEL)], dtype=noise.dtype)
    return slerp(noise[None], towards[None], weight)[0]


def interpolate_keys(
    keys: torch.Tensor, before: NDArray[np.int64], weight: NDArray[np.float64]
) -> torch.Tensor:
    """Latents of frames on the arcs between the keys around them.

    Args:
        keys: (k, c, h, w).
        before: (n,) place of the key before each frame.
        weight: (n,) in [0, 1); 0 is the key itself, untouched.

    Returns:
        (n, c, h, w).
    """
    place = torch.from_numpy(before)
    start = keys[place]
    moving = np.flatnonzero(weight > 0)
    if moving.size == 0:
        return start
    inside = torch.from_numpy(moving)
    share = torch.from_numpy(weight[moving].astype(np.float32)).to(keys.device)
    start[inside] = slerp(start[inside], keys[place[inside] + 1], share)
    return start


@dataclass(frozen=True)
class ScenePath:
    """The latent path of one scene: arcs between way points around its centre."""

    waypoints: torch.Tensor
    """(m, c, h, w) float32, m >= 2."""
    reached: NDArray[np.float64]
    """(m,) radians travelled at each way point, from 0."""

    @classmethod
    def wander(cls, centre: torch.Tensor, seed: int, length: float) -> ScenePath:
        """A path of at least `length` radians around `centre`, decided by `seed`."""
        shape = tuple(centre.shape)
        points: list[torch.Tensor] = []
        reached: list[float] = []
        while len(points) < 2 or reached[-1] < length:
            step = len(points)
            point = turned(centre, sphere_noise(shape, "waypoint", seed, step), WANDER_ANGLE)
            gone = float(angle_between(points[-1][None], point[None])) if points else 0.0
            reached.append(reached[-1] + gone if points else 0.0)
            points.append(point)
        return cls(torch.stack(points), np.asarray(reached))

    @classmethod
    def still(cls, point: torch.Tensor) -> ScenePath:
        """A path that stays at one noise."""
        return cls(torch.stack([point, point]), np.asarray([0.0, np.inf]))

    def at(self, travel: NDArray[np.float64]) -> torch.Tensor:
        """The noise at each distance: (n,) radians -> (n, c, h, w)."""
        arc = np.searchsorted(self.reached, travel, side="right") - 1
        arc = np.clip(arc, 0, len(self.reached) - 2)
        start, end = self.reached[arc], self.reached[arc + 1]
        share = np.clip((travel - start) / np.maximum(end - start, 1e-9), 0.0, 1.0)
        weight = torch.from_numpy(share.astype(np.float32))
        index = torch.from_numpy(arc)
        return slerp(self.waypoints[index], self.waypoints[index + 1], weight)


class SceneNoise:
    """The starting noise of any frame, from the seeds of the song and of its scenes.

    Args:
        shape: (channels, height, width) of a latent.
        song_seed: picks the shared base noise.
        scene_seeds: one per scene.
        scene_travel: radians each scene travels; 0 where a scene is not drawn.
        wandering: False keeps each scene at one independent noise (the paper's way).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        song_seed: int,
        scene_seeds: Sequence[int],
        scene_travel: Sequence[float],
        *,
        wandering: bool = True,
    ) -> None:
        self._shape = shape
        self._base = sphere_noise(shape, "song", song_seed)
        self._seeds = list(scene_seeds)
        self._travel = list(scene_travel)
        self._wandering = wandering
        # Frames are asked for in order: only the scenes around the present one are kept, so
        # memory stays flat however many scenes there are.
        self._paths: dict[int, ScenePath] = {}

    def path(self, scene: int) -> ScenePath:
        """The path of a scene."""
        found = self._paths.get(scene)
        if found is None:
            if self._wandering:
                own = sphere_noise(self._shape, "scene", self._seeds[scene])
                centre = turned(self._base, own, SCENE_ANGLE)
                found = ScenePath.wander(centre, self._seeds[scene], self._travel[scene])
            else:
                found = ScenePath.still(seeded_noise(self._shape, "scene", self._seeds[scene]))
            for old in [key for key in self._paths if abs(key - scene) > _NEAR]:
                del self._paths[old]
            self._paths[scene] = found
        return found

    def at(self, mix: FrameMix, frames: NDArray[np.int64]) -> torch.Tensor:
        """The noise of frames (n,): (n, channels, height, width) float32 on the CPU."""
        own = self._gather(mix.scene[frames], mix.travel[frames])
        weight = mix.noise_weight[frames]
        if not weight.any():
            return own
        other = self._gather(mix.other[frames], mix.other_travel[frames])
        return slerp(own, other, torch.from_numpy(weight.astype(np.float32)))

    def _gather(self, scenes: NDArray[np.int64], travel: NDArray[np.float64]) -> torch.Tensor:
        noise = torch.empty((len(scenes), *self._shape), dtype=torch.float32)
        for scene in np.unique(scenes).tolist():
            chosen = np.flatnonzero(scenes == scene)
            noise[torch.from_numpy(chosen)] = self.path(int(scene)).at(travel[chosen])
        return noise
