"""Schedulers: how noise becomes a picture in steps, by name."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Final, cast

import diffusers
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from songreel_kit.errors import CheckpointUnsupported, InvalidRenderSettings


@dataclass(frozen=True)
class SchedulerSpec:
    """A scheduler that a request may name."""

    class_name: str
    """In diffusers."""
    steps: int | None = None
    """Steps that it is made for; None leaves them to the checkpoint."""
    guidance_scale: float | None = None
    """Guidance that it is made for."""


# LCM and TCD draw in 4 to 8 steps with checkpoints or LoRA that were distilled for them
# (Luo et al. 2023, Zheng et al. 2024), and then without guidance.
SCHEDULERS: Final = {
    "ddim": SchedulerSpec("DDIMScheduler"),
    "euler": SchedulerSpec("EulerDiscreteScheduler"),
    "lcm": SchedulerSpec("LCMScheduler", 4, 1.0),
    "tcd": SchedulerSpec("TCDScheduler", 4, 1.0),
}
# Keep state from batch to batch and ask for a step more than they are told; DDIM on the same
# configuration gives their pictures without that.
_REPLACED: Final = {"PNDMScheduler", "LMSDiscreteScheduler"}
# What those do where their configuration is silent; DDIM's own defaults are others.
_REPLACED_DEFAULTS: Final = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}


def find_scheduler(name: str) -> SchedulerSpec:
    """Look up a scheduler by name.

    Raises:
        InvalidRenderSettings: no such name; the message lists the known ones.
    """
    found = SCHEDULERS.get(name)
    if found is None:
        raise InvalidRenderSettings(
            f"there is no scheduler {name!r}; known: {', '.join(sorted(SCHEDULERS))}",
            field="scheduler",
        )
    return found


def checkpoint_scheduler(config: dict[str, Any], path: object) -> tuple[type[Any], dict[str, Any]]:
    """Class and configuration of a checkpoint's own scheduler.

    Raises:
        CheckpointUnsupported: a class that diffusers does not have.
    """
    name = str(config.get("_class_name", "DDIMScheduler"))
    if name in _REPLACED:
        return DDIMScheduler, _REPLACED_DEFAULTS | config
    found: Any = getattr(diffusers, name, None)
    if not (isinstance(found, type) and hasattr(found, "set_timesteps")):
        raise CheckpointUnsupported(f"the scheduler {name} of {path} is not known")
    return cast("type[Any]", found), config


def make_scheduler(own: type[Any], config: dict[str, Any], name: str) -> Any:
    """A fresh scheduler: the checkpoint's `own` for "", else the named one on its noise."""
    if not name:
        return cast("Any", own).from_config(config)
    chosen: Any = getattr(diffusers, find_scheduler(name).class_name)
    # What another class calls its options means nothing here, or something else.
    known = inspect.signature(chosen.__init__).parameters
    return chosen.from_config({key: value for key, value in config.items() if key in known})
