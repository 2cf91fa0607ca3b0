"""What can be asked of a render, checked, and filled in where it was left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from songreel.render.v1.render_plan_pb2 import Lora, RenderSettings
from songreel_kit.artifacts.containers import DEFAULT_CONTAINER, find_container
from songreel_kit.bounds.frame_rates import parse_frame_rate
from songreel_kit.bounds.render import (
    MAX_GUIDANCE,
    MAX_SIZE,
    MAX_STEPS,
    MIN_SIZE,
    STEPS_OF,
    faults_of,
)
from songreel_kit.errors import InvalidRenderSettings, all_faults

from songreel_render.animatic.mode import DEFAULT_STRENGTH, is_drawn, keeps_drawing, resolve_mode
from songreel_render.checkpoints.checkpoint import CheckpointShape
from songreel_render.checkpoints.schedulers import find_scheduler
from songreel_render.diffusion.colour_match import DEFAULT_STRENGTH as DEFAULT_COLOUR_MATCH
from songreel_render.motion.frames import format_frame_rate
from songreel_render.motion.keyframes import DEFAULT_CADENCE, LATENT
from songreel_render.motion.schedules import DEFAULT_SCHEDULE

# Pixels: stills of a preview are drawn no larger, unless asked for.
_PREVIEW_DRAWN: Final = 384
# Pixels of a side where the drawing itself is seen, unless asked for.
_DRAWING: Final = 512
# Steps of a preview, unless asked for: half of the checkpoint's own, between these.
_PREVIEW_LEAST: Final = 4
_PREVIEW_MOST: Final = 10
# The paper's schedule is there for comparison: nothing is done to its frames.
_PLAIN_SCHEDULE: Final = "paper"


def resolve_settings(
    asked: RenderSettings,
    shape: CheckpointShape,
    checkpoint: str,
    lora_hashes: Mapping[int, str] | None = None,
) -> RenderSettings:
    """Fill in what was left open and check the rest.

    Args:
        asked: by the caller.
        shape: of the checkpoint.
        checkpoint: its path.
        lora_hashes: SHA-256 of each LoRA asked for.

    Raises:
        InvalidRenderSettings: a value out of its range; the message says which range.
        UnknownSchedule: no such motion schedule.
    """
    if faults := faults_of(asked):
        raise all_faults(faults)
    schedule = asked.schedule or DEFAULT_SCHEDULE
    people = any(lora.adapter_sha256 for lora in asked.loras)
    animatic = resolve_mode(
        asked.animatic,
        DEFAULT_STRENGTH if shape.animatic is None else shape.animatic,
        # The animatic cannot draw a person's own face yet, and a little redrawing does not.
        plain=schedule == _PLAIN_SCHEDULE or people,
    )
    settings = RenderSettings(
        checkpoint=checkpoint,
        fps=format_frame_rate(parse_frame_rate(asked.fps)),
        size=_size(asked, shape, animatic),
        steps=_steps(asked, shape),
        seed=asked.seed,
        schedule=schedule,
        guidance_scale=_guidance(asked, shape),
        scheduler=asked.scheduler,
        cadence=_cadence(asked, schedule),
        colour_match=_colour_match(asked, schedule, animatic),
        format=find_container(asked.format or DEFAULT_CONTAINER).name,
        preview=asked.preview,
        mark=asked.mark,
        in_betweens=asked.in_betweens or LATENT,
        animatic=animatic,
    )
    settings.loras.extend(_loras(asked, lora_hashes or {}))
    return settings


def _size(asked: RenderSettings, shape: CheckpointShape, animatic: str) -> int:
    multiple = shape.size_multiple
    native = shape.native_size
    if keeps_drawing(animatic):
        native = max(native, _DRAWING)
    if asked.preview:
        native = min(native, max(multiple, _PREVIEW_DRAWN // multiple * multiple))
    size = asked.size or native
    if not MIN_SIZE <= size <= MAX_SIZE or size % multiple:
        raise InvalidRenderSettings(
            f"size {size} does not fit: a multiple of {multiple} from {MIN_SIZE} to {MAX_SIZE} "
            f"pixels, best {shape.native_size}",
            field="size",
        )
    return size


def _steps(asked: RenderSettings, shape: CheckpointShape) -> int:
    own, most = shape.steps, MAX_STEPS
    if asked.preview:
        # Composition and colours are there after half of the steps; stills want no more.
        own = min(own, max(_PREVIEW_LEAST, min(own // 2, _PREVIEW_MOST)))
    if asked.scheduler:
        spec = find_scheduler(asked.scheduler)
        own, most = spec.steps or own, STEPS_OF[asked.scheduler]
    steps = asked.steps or own
    if not 1 <= steps <= most:
        by = f" of {asked.scheduler}" if asked.scheduler else ""
        raise InvalidRenderSettings(f"steps {steps} is outside 1..{most}{by}", field="steps")
    return steps


def _guidance(asked: RenderSettings, shape: CheckpointShape) -> float:
    own = shape.guidance_scale
    # A network that was distilled with guidance inside takes it as an input.
    if asked.scheduler and not shape.distilled:
        own = find_scheduler(asked.scheduler).guidance_scale or own
    guidance = asked.guidance_scale or own
    if not 1.0 <= guidance <= MAX_GUIDANCE:
        raise InvalidRenderSettings(
            f"guidance_scale {guidance:g} is outside 1..{MAX_GUIDANCE:g}", field="guidance_scale"
        )
    return guidance


def _cadence(asked: RenderSettings, schedule: str) -> float:
    own = 0.0 if schedule == _PLAIN_SCHEDULE else DEFAULT_CADENCE
    return asked.cadence if asked.HasField("cadence") else own


def _colour_match(asked: RenderSettings, schedule: str, animatic: str) -> float:
    # The animatic's scenes have their colours already.
    plain = schedule == _PLAIN_SCHEDULE or is_drawn(animatic)
    own = 0.0 if plain else DEFAULT_COLOUR_MATCH
    return asked.colour_match if asked.HasField("colour_match") else own


def _loras(asked: RenderSettings, hashes: Mapping[int, str]) -> list[Lora]:
    resolved: list[Lora] = []
    for place, given in enumerate(asked.loras):
        lora = Lora()
        lora.CopyFrom(given)
        lora.weight = given.weight if given.HasField("weight") else 1.0
        lora.sha256 = hashes.get(place, "")
        lora.grant = ""
        resolved.append(lora)
    return resolved
