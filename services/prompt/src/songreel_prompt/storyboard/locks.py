"""Scenes that a person locked: they stay as they are when the rest is rewritten."""

from __future__ import annotations

from collections.abc import Sequence

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard


def spans_of(previous: Storyboard) -> list[tuple[float, float]]:
    """Start and end in seconds of every scene: a rewriting keeps all of them."""
    return [(scene.start, scene.end) for scene in previous.scenes]


def keep_locked(scenes: Sequence[Scene], previous: Storyboard | None) -> list[Scene]:
    """The new scenes with the locked ones of the previous storyboard in their places."""
    if previous is None:
        return list(scenes)
    return [old if old.locked else new for new, old in zip(scenes, previous.scenes, strict=True)]
