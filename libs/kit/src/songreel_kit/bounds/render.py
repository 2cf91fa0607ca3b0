"""Bounds of `RenderSettings`, as far as no checkpoint decides them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from songreel.render.v1.render_plan_pb2 import RenderSettings

from songreel_kit.artifacts.containers import DEFAULT_CONTAINER, find_container
from songreel_kit.bounds.frame_rates import parse_frame_rate
from songreel_kit.errors import InvalidRenderSettings, InvalidRequest, UnknownSchedule

MIN_SIZE: Final = 64
MAX_SIZE: Final = 2048
SIZE_MULTIPLE: Final = 8
"""Of every autoencoder; some want more."""
MAX_STEPS: Final = 200
MAX_GUIDANCE: Final = 50.0
MAX_MARK: Final = 60
MAX_LORAS: Final = 16
MAX_LORA_WEIGHT: Final = 4.0
MAX_CADENCE: Final = 1.0
"""Radians."""
MAX_SEED: Final = 2**53 - 1

SCHEDULES: Final = ("onset", "percussive", "sine", "linear", "paper")
IN_BETWEENS: Final = ("latent", "flow")
STEPS_OF: Final = {"ddim": MAX_STEPS, "euler": MAX_STEPS, "lcm": 50, "tcd": 50}
"""Scheduler -> its greatest number of steps."""
AUTO, ONLY, OFF = "auto", "only", "off"
ANIMATIC_MODES: Final = (AUTO, ONLY, OFF)
LEAST_ANIMATIC: Final = 0.05
"""Less is hardly a change, and asks schedulers for more steps than some of them have."""


def parse_animatic(text: str) -> str | float:
    """One of `ANIMATIC_MODES`, "auto" for none, or a strength.

    Raises:
        InvalidRenderSettings: none of the modes, or a number outside .05..1.
    """
    mode = text.strip().lower() or AUTO
    if mode in ANIMATIC_MODES:
        return mode
    try:
        strength = float(mode)
    except ValueError:
        strength = math.nan
    if not LEAST_ANIMATIC <= strength <= 1.0:
        raise InvalidRenderSettings(
            f"animatic {mode[:20]!r} is not a way to use the animatic; known: "
            f"{', '.join(ANIMATIC_MODES)}, or a number from {LEAST_ANIMATIC:g} to 1",
            field="animatic",
        )
    return strength


def faults_of(asked: RenderSettings) -> list[InvalidRequest]:
    """Everything in the settings that no checkpoint could draw, each as its error."""
    return list(_faults(asked))


def _faults(asked: RenderSettings) -> Iterator[InvalidRequest]:
    size = asked.size
    if size and (not MIN_SIZE <= size <= MAX_SIZE or size % SIZE_MULTIPLE):
        yield InvalidRenderSettings(
            f"size {size} does not fit: a multiple of {SIZE_MULTIPLE} from {MIN_SIZE} to "
            f"{MAX_SIZE} pixels",
            field="size",
        )
    try:
        parse_frame_rate(asked.fps)
    except InvalidRenderSettings as error:
        yield error
    try:
        find_container(asked.format or DEFAULT_CONTAINER)
    except InvalidRenderSettings as error:
        yield error
    yield from _names(asked)
    yield from _numbers(asked)
    yield from _loras(asked)
    if len(asked.mark) > MAX_MARK:
        yield InvalidRenderSettings(
            f"the mark has {len(asked.mark)} letters; at most {MAX_MARK} fit", field="mark"
        )


def _names(asked: RenderSettings) -> Iterator[InvalidRequest]:
    if asked.schedule and asked.schedule not in SCHEDULES:
        yield UnknownSchedule(
            f"there is no motion schedule {asked.schedule[:40]!r}; known: {', '.join(SCHEDULES)}",
            field="schedule",
        )
    if asked.scheduler and asked.scheduler not in STEPS_OF:
        yield InvalidRenderSettings(
            f"there is no scheduler {asked.scheduler[:40]!r}; known: {', '.join(STEPS_OF)}",
            field="scheduler",
        )
    if asked.in_betweens and asked.in_betweens not in IN_BETWEENS:
        yield InvalidRenderSettings(
            f"there is no way {asked.in_betweens[:40]!r} to make frames between others; known: "
            f"{', '.join(IN_BETWEENS)}",
            field="in_betweens",
        )
    try:
        parse_animatic(asked.animatic)
    except InvalidRenderSettings as error:
        yield error


def _numbers(asked: RenderSettings) -> Iterator[InvalidRequest]:
    most = STEPS_OF.get(asked.scheduler, MAX_STEPS)
    if asked.steps and not 1 <= asked.steps <= most:
        by = f" of {asked.scheduler}" if asked.scheduler in STEPS_OF else ""
        yield InvalidRenderSettings(f"steps {asked.steps} is outside 1..{most}{by}", field="steps")
    if not 0 <= asked.seed <= MAX_SEED:
        yield InvalidRenderSettings(f"seed {asked.seed} is outside 0..{MAX_SEED}", field="seed")
    guidance = asked.guidance_scale
    if guidance and not 1.0 <= guidance <= MAX_GUIDANCE:
        yield InvalidRenderSettings(
            f"guidance_scale {guidance:g} is outside 1..{MAX_GUIDANCE:g}", field="guidance_scale"
        )
    if not 0.0 <= asked.cadence <= MAX_CADENCE:
        yield InvalidRenderSettings(
            f"cadence {asked.cadence:g} is outside 0..{MAX_CADENCE:g} rad", field="cadence"
        )
    if not 0.0 <= asked.colour_match <= 1.0:
        yield InvalidRenderSettings(
            f"colour_match {asked.colour_match:g} is outside 0..1", field="colour_match"
        )


def _loras(asked: RenderSettings) -> Iterator[InvalidRequest]:
    if len(asked.loras) > MAX_LORAS:
        yield InvalidRenderSettings(
            f"{len(asked.loras)} LoRA are asked for; at most {MAX_LORAS}", field="loras"
        )
    for lora in asked.loras[:MAX_LORAS]:
        if not (math.isfinite(lora.weight) and abs(lora.weight) <= MAX_LORA_WEIGHT):
            yield InvalidRenderSettings(
                f"the weight {lora.weight:g} of a LoRA is outside "
                f"-{MAX_LORA_WEIGHT:g}..{MAX_LORA_WEIGHT:g}",
                field="loras.weight",
            )
        if lora.adapter_sha256 and (lora.path or lora.HasField("artifact")):
            yield InvalidRenderSettings(
                "a LoRA is either a file or a person's adapter, not both", field="loras"
            )
