"""C2PA content credentials: who made a file, with what, from what."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import c2pa

from songreel_kit.credentials.certificates import SigningIdentity
from songreel_kit.errors import CredentialsUnusable, InvalidRequest

_OWN_LABEL: Final = "org.songreel."
"""How the labels of songreel's own statements begin."""
_ALGORITHMS: Final = ("es256", "es384", "es512", "ed25519")
# Nothing is fetched over the network, neither to sign nor to verify.
_OFFLINE: Final = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_SIGNING: Final = {
    "verify": _OFFLINE | {"verify_after_sign": False, "verify_trust": False},
    "builder": {"thumbnail": {"enabled": False}},
}
MEDIA_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webp": "image/webp",
}
"""Extensions of the files that hold credentials."""
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
    """songreel's own statements, of this file and of those that it was made from, the newest
    first where they differ: hashes of song and checkpoint, LoRA, consent ids, ..."""
    problems: list[str] = field(default_factory=list[str])
    """What does not hold, in the library's words."""


def sign(
    source: Path,
    target: Path,
    content: dict[str, Any],
    identity: SigningIdentity,
    parent: Path | None = None,
) -> None:
    """Write a signed copy of a file; pictures and sound stay as they are, byte for byte.

    Args:
        source: mp4, mov, m4v or webp.
        target: must not exist.
        content: a C2PA manifest definition.
        identity: who signs.
        parent: the file that was edited, of a kind in `MEDIA_TYPES`; its own credentials stay
            readable in the copy.

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
            if parent is not None:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                ingredient = {"title": parent.name, "relationship": "parentOf"}
                with parent.open("rb") as file:
                    builder.add_ingredient(ingredient, MEDIA_TYPES[parent.suffix.lower()], file)
            builder.sign_file(source, target, c2pa.Signer.from_info(info))
    except c2pa.C2paError as error:
        raise CredentialsUnusable(
            f"the file cannot be signed with the {identity.kind} certificate: {error}"
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
            manifests = cast("dict[str, Any]", json.loads(reader.json()))
    except c2pa.C2paError as error:
        if str(error).startswith(_NO_MANIFEST):
            return Credentials("none")
        raise InvalidRequest(
            f"{path.name} cannot be read for credentials: {error}; mp4 and webp files hold them"
        ) from error
    return _told(state, manifests, results)


def _told(state: str, found: dict[str, Any], results: dict[str, Any]) -> Credentials:
    manifests: dict[str, Any] = found.get("manifests", {})
    manifest: dict[str, Any] = manifests.get(found.get("active_manifest", ""), {})
    signature = manifest.get("signature_info", {})
    names = (signature.get("issuer"), signature.get("common_name"))
    makers = [
        f"{maker.get('name', '')} {maker.get('version', '')}".strip()
        for maker in manifest.get("claim_generator_info", [])
    ]
    failures = results.get("activeManifest", {}).get("failure", [])
    return Credentials(
        state=state,
        signed_by=", ".join(name for name in names if name),
        made_by=", ".join(makers),
        facts=_facts(manifest, manifests),
        problems=[
            str(failure.get("explanation") or failure.get("code"))
            for failure in failures
            # Untrusted is what "valid" says already.
            if state == "invalid" or failure.get("code") != "signingCredential.untrusted"
        ],
    )


def _facts(manifest: dict[str, Any], manifests: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for each in manifest.get("ingredients", []):
        facts |= _facts(manifests.get(each.get("active_manifest", ""), {}), manifests)
    for each in manifest.get("assertions", []):
        if str(each.get("label")).startswith(_OWN_LABEL):
            facts |= each["data"]
    return facts
