"""How far the animatic decides the frames: `RenderSettings.animatic`."""

from __future__ import annotations

from typing import Final

from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.bounds.render import AUTO, OFF, ONLY, parse_animatic

from songreel_render.motion.easing import smoothstep

# Share of the drawing that checkpoints draw anew which do not say what suits them: enough for
# Stable Diffusion to paint its own materials and light, and to keep who is where.
DEFAULT_STRENGTH: Final = 0.55
# Strengths at which a checkpoint begins to draw its own shapes, and has all of them its own: a
# crisp edge of the drawing must not show through a shape that moved.
_OWN_FROM, _OWN_TO = 0.35, 0.75


def resolve_mode(asked: str, own: float, *, plain: bool) -> str:
    """The mode as plans hold it: "off", "only", or the strength as a number.

    Args:
        asked: by the caller; empty is "auto".
        own: strength that suits the checkpoint, in (0, 1]; 0 for one that draws alone.
        plain: whether frames are made as in the paper, unless something else is asked for.

    Raises:
        InvalidRenderSettings: none of the modes, or a number outside .05..1.
    """
    mode = parse_animatic(asked)
    if mode == AUTO:
        mode = OFF if plain or own == 0.0 else own
    return mode if isinstance(mode, str) else f"{mode:g}"


def drawn_alone(settings: RenderSettings) -> bool:
    """Whether settings, resolved or as asked for, do without a checkpoint."""
    return settings.animatic.strip().lower() == ONLY


def strength_of(mode: str) -> float:
    """Share of the drawing that the checkpoint draws anew; 0 where none does."""
    return 0.0 if mode in (OFF, ONLY) else float(mode)


def drawing_share(strength: float) -> float:
    """How much of the drawing itself is in the finished frames: 1 for small strengths, then 0."""
    return 1.0 - smoothstep((strength - _OWN_FROM) / (_OWN_TO - _OWN_FROM))


def keeps_drawing(mode: str) -> bool:
    """Whether the drawing is there whole, and a checkpoint adds to it at most.

    Then the picture is as large and sharp as the drawing, whatever size the checkpoint draws at.
    """
    return is_drawn(mode) and drawing_share(strength_of(mode)) == 1.0


def is_drawn(mode: str) -> bool:
    """Whether the animatic has a part in the frames."""
    return mode != OFF
