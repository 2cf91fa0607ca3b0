"""Where checkpoints are, and whether they have changed."""

import hashlib
import os
from importlib.resources import files
from pathlib import Path

from songreel_app.errors import InputUnreadable

CHECKPOINT_VARIABLE = "SONGREEL_RENDER_CHECKPOINT"
"""The render service's own setting."""

# files -> songreel_app -> src -> app -> the repository, in a checkout.
_CHECKOUT = Path(__file__).resolve().parents[4] / "models" / "sprout"


def default_checkpoint() -> tuple[Path | None, str]:
    """The checkpoint used when none is named, and what led to it.

    In this order: the setting, the repository that this code runs from, the installed
    package of weights. The path is None where there is none of them.
    """
    chosen = os.environ.get(CHECKPOINT_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute(), CHECKPOINT_VARIABLE
    if _CHECKOUT.is_dir():
        return _CHECKOUT, "the repository"
    try:
        index = files("songreel_sprout_weights").joinpath("model_index.json")
    except ModuleNotFoundError:
        return None, "songreel-sprout-weights, which is not installed"
    return Path(str(index)).parent, "the package songreel-sprout-weights"


def local_checkpoint(text: str, *, must_exist: bool) -> str:
    """The path of a checkpoint to send to the server; see `_local_path`."""
    hint = "name a diffusers folder or a .safetensors file"
    return _local_path(text, f"the checkpoint {text} does not exist; {hint}", must_exist=must_exist)


def local_lora(text: str, *, must_exist: bool) -> str:
    """The path of a LoRA file to send to the server; see `_local_path`."""
    hint = "name a .safetensors file"
    return _local_path(text, f"the LoRA {text} does not exist; {hint}", must_exist=must_exist)


def _local_path(text: str, problem: str, *, must_exist: bool) -> str:
    """An absolute path where it is on this machine.

    A server elsewhere has folders of its own, so a path unknown here is sent as
    it is when `must_exist` is false.
    """
    path = Path(text).expanduser()
    if path.exists():
        return str(path.absolute())
    if must_exist:
        raise InputUnreadable(problem)
    return text


def checkpoint_fingerprint(text: str) -> str:
    """Names, sizes and times of a checkpoint's files, hashed; empty when it is not here.

    A checkpoint that is trained on keeps its path; with this in the request id
    the next `make` draws anew instead of handing out the old video. Contents are
    not read: a real checkpoint has gigabytes.
    """
    path = Path(text).expanduser() if text else default_checkpoint()[0]
    if path is None or not path.exists():
        return ""
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    lines: list[str] = []
    for file in found:
        state = file.stat()
        lines.append(f"{file.relative_to(path.parent)}:{state.st_size}:{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
