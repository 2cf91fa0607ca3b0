"""The form of a model's answers, and how they are read however they come."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from songreel_prompt.llm.errors import Garbled, Refused
from songreel_prompt.wording.vocabulary import (
    CAMERAS,
    MOODS,
    PEOPLE,
    PLACES,
    SHOTS,
    SUBJECTS,
    TIMES,
    WEATHERS,
)

HEROES: Final = tuple(sorted(PEOPLE - {"child"}))
"""What the protagonist can be."""
_MAX_CHARACTERS: Final = 400_000
_THOUGHT: Final = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_REFUSAL: Final = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|unable|not able)|i (?:cannot|can't|can not|won't)|as an ai)\b",
    re.IGNORECASE,
)


class TreatmentAnswer(BaseModel):
    """The story before its shots."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    theme: str = ""
    hero: str = Field(default="", json_schema_extra={"enum": list(HEROES)})
    wears: str = ""
    stays: str = ""
    changes: str = ""
    world: str = ""
    arc: list[str] = []
    motifs: list[str] = []


class ShotAnswer(BaseModel):
    """One scene."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    scene: int
    subject: str = Field(default="", json_schema_extra={"enum": list(SUBJECTS)})
    place: str = Field(default="", json_schema_extra={"enum": list(PLACES)})
    time: str = Field(default="", json_schema_extra={"enum": list(TIMES)})
    weather: str = Field(default="", json_schema_extra={"enum": list(WEATHERS)})
    detail: str = ""
    shot: str = Field(default="", json_schema_extra={"enum": list(SHOTS)})
    mood: str = Field(default="", json_schema_extra={"enum": list(MOODS)})
    camera: str = Field(default="", json_schema_extra={"enum": list(CAMERAS)})
    protagonist: bool = False


class ShotsAnswer(BaseModel):
    """Scenes, in any order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shots: list[ShotAnswer] = []


A = TypeVar("A", bound=BaseModel)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema as structured outputs want it: every field required, no others."""
    return cast("dict[str, Any]", _strict(model.model_json_schema()))


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    entries = cast("dict[str, Any]", node)
    strict = {k: _strict(v) for k, v in entries.items() if k not in {"default", "title"}}
    if "properties" in entries:
        strict["additionalProperties"] = False
        strict["required"] = list(entries["properties"])
    return strict


def read_treatment(text: str) -> TreatmentAnswer:
    """Raises `Refused` or `Garbled` when there is no treatment in the text."""
    content = _content(text)
    if isinstance(content, dict) and isinstance(content.get("treatment"), dict):
        content = content["treatment"]
    try:
        return TreatmentAnswer.model_validate(content)
    except ValidationError as error:
        raise Garbled(f"the treatment is not of the form asked for ({_first(error)})") from error


def read_shots(text: str) -> dict[int, ShotAnswer]:
    """The scenes that can be read, by number; those of a broken form are left out.

    Raises:
        Refused, Garbled: there is none.
    """
    content = _content(text)
    if isinstance(content, dict):
        content = content.get("shots") or content.get("scenes") or [content]
    shots: dict[int, ShotAnswer] = {}
    for entry in cast("list[Any]", content) if isinstance(content, list) else []:
        try:
            shot = ShotAnswer.model_validate(entry)
        except ValidationError:
            continue
        shots.setdefault(shot.scene, _tidied(shot))
    if not shots:
        raise Garbled("there is no scene in the answer")
    return shots


def _tidied(shot: ShotAnswer) -> ShotAnswer:
    """Words of the vocabulary as it writes them: "a Woman" -> "woman"."""
    words = {
        name: re.sub(r"^(?:an?|the) ", "", getattr(shot, name).strip().casefold().replace("_", "-"))
        for name in ("subject", "place", "time", "weather", "shot", "mood", "camera")
    }
    words["shot"] = {"closeup": "close-up", "close up": "close-up"}.get(
        words["shot"], words["shot"]
    )
    words["weather"] = words["weather"].removesuffix(" sky")
    return shot.model_copy(update=words | {"detail": " ".join(shot.detail.split()).strip(" .,")})


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'answer'}: {problem['msg']}"


def _content(text: str) -> Any:
    """The JSON in a text: whole, among other words, sloppy, or cut off at its end."""
    text = _THOUGHT.sub("", text)[:_MAX_CHARACTERS]
    start = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    if start < 0:
        if _REFUSAL.search(text):
            raise Refused("the model refused to answer")
        raise Garbled("the answer holds no JSON" if text.strip() else "the answer is empty")
    body = text[start:]
    try:
        return json.JSONDecoder().raw_decode(body)[0]
    except (ValueError, RecursionError):
        pass
    end = max(body.rfind("}"), body.rfind("]"))
    try:
        # Flow YAML reads what models get wrong: single quotes, a comma too many, comments.
        loaded = yaml.safe_load(body[: end + 1])
    except (yaml.YAMLError, RecursionError, ValueError):
        return _partial(body)
    return loaded if isinstance(loaded, (dict, list)) else _partial(body)


def _partial(body: str) -> Any:
    """As much as came of JSON that breaks off; whatever is incomplete is left out."""
    from jiter import from_json

    try:
        return from_json(body.encode("utf-8"), partial_mode=True)
    except ValueError as error:
        raise Garbled(f"the answer is not JSON ({error})") from error
