"""Request ids that the same command always gives again (AIP-155)."""

import hashlib
import uuid

from google.protobuf.message import Message


def request_id(*parts: str | bytes | int | Message) -> str:
    """A UUID from a hash over length-prefixed parts: equal parts, equal id."""
    digest = hashlib.sha256()
    for part in parts:
        match part:
            case Message():
                data = part.SerializeToString(deterministic=True)
            case bytes():
                data = part
            case _:
                data = str(part).encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return str(uuid.UUID(bytes=digest.digest()[:16], version=4))
