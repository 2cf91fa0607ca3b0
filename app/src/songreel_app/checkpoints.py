"""Where checkpoints are, and whether they have changed."""

import hashlib
import os
from pathlib import Path

from songreel_app.failures import InputUnreadable

VARIABLE = "SONGREEL_RENDER_CHECKPOINT"
"""The render service's own setting."""
EMBEDDED_NAME = "sprout"

_PACKAGE = Path(__file__).resolve().parent
# src/songreel_app -> src -> app -> the repository.
_REPOSITORY = _PACKAGE.parents[2]


def default_checkpoint() -> tuple[Path, str]:
    """The checkpoint that is used when none is named, and what led to it.

    In this order: the setting, the repository that this code runs from, the
    files that came with the package. The last is returned even when it is not
    there, so that the complaint about it names a place.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute(), VARIABLE
    checkout = _REPOSITORY / "models" / EMBEDDED_NAME
    if checkout.is_dir():
        return checkout, "the repository"
    return _PACKAGE / "models" / EMBEDDED_NAME, "the package"


def local_checkpoint(text: str, *, must_exist: bool) -> str:
    """The path to send: absolute when it is on this machine.

    A server elsewhere has folders of its own, so a path unknown here is sent as
    it is when `must_exist` is false.
    """
    path = Path(text).expanduser()
    if path.exists():
        return str(path.absolute())
    if must_exist:
        raise InputUnreadable(
            f"the checkpoint {text} does not exist; name a diffusers folder or a .safetensors file"
        )
    return text


def local_lora(text: str, *, must_exist: bool) -> str:
    """The same for a LoRA file."""
    path = Path(text).expanduser()
    if path.exists():
        return str(path.absolute())
    if must_exist:
        raise InputUnreadable(f"the LoRA {text} does not exist; name a .safetensors file")
    return text


def checkpoint_mark(text: str) -> str:
    """Names, sizes and times of a checkpoint's files, hashed; empty when it is not here.

    A checkpoint that is trained on keeps its path; with this in the request id
    the next `make` draws anew instead of handing out the old video. Contents are
    not read: a real checkpoint has gigabytes.
    """
    path = Path(text).expanduser() if text else default_checkpoint()[0]
    if not path.exists():
        return ""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    lines: list[str] = []
    for file in files:
        state = file.stat()
        lines.append(f"{file.relative_to(path.parent)}:{state.st_size}:{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
