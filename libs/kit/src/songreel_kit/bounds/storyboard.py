"""Bounds of `StoryboardOptions`."""

from __future__ import annotations

from songreel_kit.errors import InvalidRequest


def faults_of(*, protagonist_share: float) -> list[InvalidRequest]:
    """Every value that no storyteller could follow, each as its error."""
    if 0.0 <= protagonist_share <= 1.0:  # not NaN
        return []
    return [
        InvalidRequest(
            f"protagonist_share is {protagonist_share:g}; it must be in (0, 1], or 0 for the "
            "default",
            field="protagonist_share",
        )
    ]
