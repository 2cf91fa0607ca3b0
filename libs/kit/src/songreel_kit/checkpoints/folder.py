"""Checkpoint folders in diffusers format: what is in them, and what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast

from songreel_kit.errors import CheckpointIncomplete

_WEIGHT_SUFFIXES: Final = (".safetensors", ".bin")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a checkpoint file.

    Raises:
        CheckpointIncomplete: missing, unreadable or not an object.
    """
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointIncomplete(
            f"the checkpoint's {path.name} cannot be read ({error}); copy the checkpoint again",
            file=str(path),
        ) from error
    if not isinstance(content, dict):
        raise CheckpointIncomplete(f"the checkpoint's {path} holds no JSON object", file=str(path))
    return cast("dict[str, Any]", content)


def pipeline_of(folder: Path) -> str:
    """Class of the diffusers pipeline that a folder holds; may be empty.

    Raises:
        CheckpointIncomplete: there is no `model_index.json`, or it cannot be read.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        raise CheckpointIncomplete(
            f"{folder} has no model_index.json; a checkpoint folder in diffusers format has one",
            missing="model_index.json",
        )
    return str(read_json(index).get("_class_name", ""))


def check_part(folder: Path, part: str) -> None:
    """Raises `CheckpointIncomplete` unless configuration and weights of a part are there."""
    if not (folder / part).is_dir():
        raise CheckpointIncomplete(
            f"the checkpoint {folder} lacks its {part} folder; copy the whole checkpoint",
            missing=part,
        )
    if part.startswith("tokenizer"):
        names = {file.name for file in (folder / part).iterdir()}
        if "tokenizer.json" not in names and not {"vocab.json", "merges.txt"} <= names:
            raise CheckpointIncomplete(
                f"the checkpoint {folder} lacks {part}/vocab.json and {part}/merges.txt",
                missing=f"{part}/vocab.json",
            )
        return
    config = "scheduler_config.json" if part == "scheduler" else "config.json"
    if not (folder / part / config).is_file():
        raise CheckpointIncomplete(
            f"the checkpoint {folder} lacks {part}/{config}", missing=f"{part}/{config}"
        )
    if part != "scheduler" and not any(
        file.suffix in _WEIGHT_SUFFIXES for file in (folder / part).iterdir()
    ):
        raise CheckpointIncomplete(
            f"the checkpoint {folder} has no weights in {part} (.safetensors); "
            "was it copied without its large files?",
            missing=f"{part} weights",
        )
