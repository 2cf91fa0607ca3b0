"""Erasing a render: all that was drawn from a plan leaves the artifact store."""

from __future__ import annotations

from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel.render.v1.render_service_pb2 import RenderResult
from songreel.type.v1.artifact_pb2 import Artifact
from songreel_kit.artifacts.documents import load_document
from songreel_kit.artifacts.garbage import erase, keys_naming
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import ArtifactNotFound

from songreel_render.plan.plan import plan_key, segment_key, stills_key


def erase_render(store: ArtifactStore, plan: Artifact) -> int:
    """Removes segments, stills, results and the plan itself; nothing if it is gone already.

    Returns:
        How many artifacts were removed.
    """
    try:
        drawn = load_document(store, plan, RenderPlan)
    except ArtifactNotFound:
        return 0
    key = plan_key(drawn)
    keys = [stills_key(key), *(segment_key(key, each.index) for each in drawn.segments)]
    hashes = {plan.sha256}
    for each in keys:
        if (found := store.lookup(each, renew=False)) is not None:
            hashes.add(found.sha256)
    for each in keys_naming(store, plan.sha256):
        found = store.lookup(each, renew=False)
        if found is None or found.sha256 == plan.sha256:
            continue
        result = load_document(store, found, RenderResult)
        # The timeline shows the song only, and other renders of it have the same.
        parts = (found, result.video, result.contact_sheet)
        hashes |= {part.sha256 for part in parts if part.sha256}
        keys.append(each)
    for each in keys:
        store.unbind(each)
    return erase(store, hashes)
