"""Filters of lists: of AIP-160 what the lists know."""

from __future__ import annotations

import re

from songreel.v1.video_pb2 import Video
from songreel_kit.errors import InvalidRequest

_STATES = {
    name.removeprefix("STATE_"): number for name, number in Video.State.items() if number != 0
}


def video_state(text: str) -> Video.State.ValueType | None:
    """The state in `state = READY`; None for an empty filter. Raises `InvalidRequest`."""
    if not text.strip():
        return None
    match = re.fullmatch(r"\s*state\s*[=:]\s*(\"?)(?:STATE_)?([A-Z]+)\1\s*", text)
    state = None if match is None else _STATES.get(match[2])
    if state is None:
        raise InvalidRequest(
            f"the filter {text[:80]!r} is not known: give `state = ` with one of "
            f"{', '.join(_STATES)}, or none",
            field="filter",
        )
    return state
