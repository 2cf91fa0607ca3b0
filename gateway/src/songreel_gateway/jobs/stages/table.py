"""The stages that jobs go through: a new one is a module beside this and a row of `STAGES`."""

from __future__ import annotations

from typing import Final

from songreel_gateway.jobs.stages import analyze, likeness, render, score, storyboard, watch
from songreel_gateway.jobs.stages.stage import Stage

# Weights were measured on two cores: drawing takes nearly all of the time.
STAGES: Final[tuple[Stage, ...]] = (
    analyze.STAGE,
    storyboard.STAGE,
    likeness.STAGE,
    render.STAGE,
    watch.STAGE,
    score.STAGE,
)
"""In the order in which a job goes through those that it needs."""
