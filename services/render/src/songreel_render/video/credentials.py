"""What the content credentials of a music video say."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from songreel.render.v1.render_plan_pb2 import RenderPlan

LABEL: Final = "org.songreel.render"
# Words of the International Press Telecommunications Council for pictures drawn by a model.
_MADE_BY_MODEL: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def statement(plan: RenderPlan, title: str) -> dict[str, Any]:
    """What the credentials of a video say, as a C2PA manifest definition."""
    settings = plan.settings
    agent = {"name": "songreel", "version": version("songreel-render")}
    facts: dict[str, Any] = {
        "song_sha256": plan.song_sha256,
        "model_sha256": plan.checkpoint_sha256,
        "model_name": Path(settings.checkpoint).name,
        "storyboard_sha256": plan.storyboard_sha256,
        "loras": [{"sha256": lora.sha256, "weight": lora.weight} for lora in settings.loras],
        "consent_ids": sorted({lora.consent_id for lora in settings.loras if lora.consent_id}),
        "enrollment_ways": sorted({way for lora in settings.loras for way in lora.enrollment_ways}),
        "renderer": plan.renderer,
        "preview": settings.preview,
    }
    created = {
        "action": "c2pa.created",
        "digitalSourceType": _MADE_BY_MODEL,
        "softwareAgent": agent,
    }
    return {
        "claim_generator_info": [agent],
        "title": title or "songreel video",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": LABEL, "data": facts},
        ],
    }
