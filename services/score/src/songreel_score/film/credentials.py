"""What the content credentials of a film with new music say."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from songreel_kit.credentials.certificates import SigningIdentity
from songreel_kit.credentials.content_credentials import MEDIA_TYPES, sign

LABEL: Final = "org.songreel.score"
# Words of the International Press Telecommunications Council: by rules, from no examples; put
# together of several sources.
_BY_RULES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
_COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"


def holds_credentials(film: Path) -> bool:
    """Whether C2PA defines them for files of this kind."""
    return film.suffix.lower() in MEDIA_TYPES


def sign_film(
    unsigned: Path, film: Path, video: Path, facts: dict[str, Any], identity: SigningIdentity
) -> None:
    """Writes the film with its credentials; what the video said of itself stays readable.

    Args:
        unsigned: the film without.
        film: to be written.
        video: that got the music.
        facts: about the music.
        identity: who signs.

    Raises:
        CredentialsUnusable: the certificate does not do for C2PA.
    """
    agent = {"name": "songreel", "version": version("songreel-score")}
    with video.open("rb") as file:
        told = facts | {"video_sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    music: dict[str, Any] = {
        "action": "c2pa.edited",
        "description": "music",
        "digitalSourceType": _BY_RULES,
        "softwareAgent": agent,
    }
    parent = video if holds_credentials(video) else None
    actions = [music]
    if parent is None:
        created = {
            "action": "c2pa.created",
            "digitalSourceType": _COMPOSITE,
            "softwareAgent": agent,
        }
        actions = [created, music]
    content = {
        "claim_generator_info": [agent],
        "title": film.stem,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": LABEL, "data": told},
        ],
    }
    sign(unsigned, film, content, identity, parent)
