"""C2PA content credentials: who made a video, with what, from which song."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

import c2pa
from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel_kit.errors import CredentialsUnusable, InvalidRequest

from songreel_render.video.certificates import SigningIdentity

LABEL: Final = "org.songreel.render"
# Words of the International Press Telecommunications Council for pictures drawn by a model.
_MADE_BY_MODEL: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_ALGORITHMS: Final = ("es256", "es384", "es512", "ed25519")
# Nothing is fetched over the network, neither to sign nor to verify.
_OFFLINE: Final = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_SIGNING: Final = {
    "verify": _OFFLINE | {"verify_after_sign": False, "verify_trust": False},
    "builder": {"thumbnail": {"enabled": False}},
}
_NO_MANIFEST: Final = "ManifestNotFound"
# The library is not documented to sign on several threads.
_lock = threading.Lock()


@dataclass(frozen=True)
class Credentials:
    """What a file says of itself, and whether that holds."""

    state: str
    """"trusted": intact and signed by somebody trusted; "valid": intact, signed by somebody
    unknown; "invalid": changed after signing; "none": no credentials."""
    signed_by: str = ""
    """Organisation and name of the signer's certificate."""
    made_by: str = ""
    """Program that made the claim."""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """songreel's own statement: hashes of song and checkpoint, LoRA, consent ids, ..."""
    problems: list[str] = field(default_factory=list[str])
    """What does not hold, in the library's words."""


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


def sign(source: Path, target: Path, content: dict[str, Any], identity: SigningIdentity) -> None:
    """Write a signed copy of a file; pictures and sound stay as they are, byte for byte.

    Args:
        source: mp4 or webp.
        target: must not exist.
        content: as `statement` makes it.
        identity: who signs.

    Raises:
        CredentialsUnusable: the certificate does not do for C2PA.
    """
    assert identity.algorithm in _ALGORITHMS
    info = c2pa.C2paSignerInfo(
        identity.algorithm.encode(), identity.chain.encode(), identity.key.encode(), None
    )
    try:
        with (
            _lock,
            c2pa.Context.from_dict(_SIGNING) as context,
            c2pa.Builder(content, context) as builder,
        ):
            builder.sign_file(source, target, c2pa.Signer.from_info(info))
    except c2pa.C2paError as error:
        raise CredentialsUnusable(
            f"the video cannot be signed with the {identity.kind} certificate: {error}"
        ) from error


def read_credentials(path: Path, anchors: str) -> Credentials:
    """Read and verify the credentials of a file; works offline.

    Args:
        path: mp4, webp, or any other file that C2PA knows.
        anchors: PEM of the authorities that are trusted; may be empty.

    Raises:
        InvalidRequest: not a file whose kind can hold credentials.
    """
    settings: dict[str, Any] = {"verify": _OFFLINE | {"verify_trust": True}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with (
            _lock,
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(str(path), context=context) as reader,
        ):
            state = str(reader.get_validation_state() or "Invalid").lower()
            results = cast("dict[str, Any]", reader.get_validation_results() or {})
            manifest = cast("dict[str, Any]", reader.get_active_manifest() or {})
    except c2pa.C2paError as error:
        if str(error).startswith(_NO_MANIFEST):
            return Credentials("none")
        raise InvalidRequest(
            f"{path.name} cannot be read for credentials: {error}; mp4 and webp files hold them"
        ) from error
    return _told(state, manifest, results)


def _told(state: str, manifest: dict[str, Any], results: dict[str, Any]) -> Credentials:
    signature = manifest.get("signature_info", {})
    names = (signature.get("issuer"), signature.get("common_name"))
    makers = [
        f"{maker.get('name', '')} {maker.get('version', '')}".strip()
        for maker in manifest.get("claim_generator_info", [])
    ]
    facts = next(
        (each["data"] for each in manifest.get("assertions", []) if each.get("label") == LABEL), {}
    )
    failures = results.get("activeManifest", {}).get("failure", [])
    return Credentials(
        state=state,
        signed_by=", ".join(name for name in names if name),
        made_by=", ".join(makers),
        facts=json.loads(json.dumps(facts)),
        problems=[
            str(failure.get("explanation") or failure.get("code"))
            for failure in failures
            # Untrusted is what "valid" says already.
            if state == "invalid" or failure.get("code") != "signingCredential.untrusted"
        ],
    )
