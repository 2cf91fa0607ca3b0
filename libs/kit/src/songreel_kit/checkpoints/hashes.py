"""What names a checkpoint: one hash over the files that decide its pictures."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

DEFAULTS_NAME: Final = "songreel.json"
"""What a checkpoint is best drawn with; in its folder."""
PARTS: Final = ("tokenizer", "text_encoder", "vae", "unet", "scheduler")
"""Folders of Stable Diffusion 1.x and 2.x in diffusers format."""
_UNREAD_SUFFIXES: Final = (".ckpt", ".msgpack", ".onnx", ".onnx_data", ".pb", ".h5", ".md", ".png")
_CHUNK: Final = 1 << 22


def folder_sha256(folder: Path, parts: Sequence[str] = PARTS) -> str:
    """Hash of a checkpoint in diffusers format: names and contents of what is read of it."""
    return files_sha256(_read_files(folder, parts), folder)


def files_sha256(files: Sequence[Path], root: Path) -> str:
    """SHA-256 over the names, relative to `root`, and the contents of files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(root).as_posix().encode() + b"\0")
        total.update(file_sha256(file).encode())
    return total.hexdigest()


_hashes: dict[tuple[str, int, int], str] = {}
_hashes_lock = threading.Lock()


def file_sha256(file: Path) -> str:
    """SHA-256 of a file, remembered for as long as its size and time stay the same."""
    status = file.stat()
    key = (str(file.resolve()), status.st_mtime_ns, status.st_size)
    with _hashes_lock:
        known = _hashes.get(key)
    if known is None:
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
        known = digest.hexdigest()
        with _hashes_lock:
            _hashes[key] = known
    return known


def _read_files(folder: Path, parts: Sequence[str]) -> list[Path]:
    """The files that decide the pictures, in a fixed order."""
    files = [folder / "model_index.json"]
    if (folder / DEFAULTS_NAME).is_file():
        files.append(folder / DEFAULTS_NAME)
    for part in parts:
        inside = [
            file
            for file in sorted((folder / part).iterdir())
            if file.is_file() and file.suffix not in _UNREAD_SUFFIXES
        ]
        if any(file.suffix == ".safetensors" for file in inside):
            inside = [file for file in inside if file.suffix != ".bin"]
        files.extend(inside)
    return files
