"""Style presets: small YAML files, those of the package and those a user adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

import yaml
from songreel_kit.errors import FailedPrecondition, UnknownStyle

from songreel_prompt.wording.tokens import TokenCounter
from songreel_prompt.wording.vocabulary import FINISHES, LOOKS, STYLES, unknown_word

MAX_STYLE_WORDS: Final = 12
"""More would push the scene out of the text encoder's 77 tokens."""
_FIELDS: Final = frozenset({"name", "description", "medium", "words", "negative", "look", "finish"})
_LOOK_OF_MEDIUM: Final = {"sketch": "pencil", "cartoon": "flat", "realistic": "oil"}
"""The look of a preset that names none."""
_FINISH: Final = ("grade", "vignette", "title", "end")
"""The finish of a preset that names none."""


class BrokenStyle(FailedPrecondition):
    """A style file of the user's folder cannot be read; the message names it."""


@dataclass(frozen=True)
class Style:
    """How everything is drawn."""

    name: str
    description: str
    medium: str
    """The word of the vocabulary that prompts begin with: sketch, cartoon or realistic."""
    words: tuple[str, ...]
    """What prompts end with."""
    negative: tuple[str, ...]
    """What pictures of this style must not look like."""
    look: str
    """How its animatic is drawn, one of `LOOKS`."""
    finish: tuple[str, ...]
    """What is done to every frame, of `FINISHES`."""

    def negative_prompt(self, tokens: TokenCounter) -> str:
        """The negative prompt of every scene: as much as the checkpoint reads."""
        kept = list(self.negative)
        while kept and not tokens.fits(", ".join(kept)):
            kept.pop()
        return ", ".join(kept)

    def shortened(self, prompts: Iterable[str], tokens: TokenCounter) -> str:
        """A note when the checkpoint reads too little for all words of the style, else ""."""
        negative = self.negative_prompt(tokens)
        without = sum(any(w not in prompt for w in self.words) for prompt in prompts)
        if not without and negative == ", ".join(self.negative):
            return ""
        return (
            f"the checkpoint reads {tokens.limit} tokens (counted by {tokens.source}): "
            f"{without} prompts are without some words of the style {self.name}, and the "
            f"negative prompt is {negative!r}"
        )


def load_styles(folder: str | Path | None = None) -> Mapping[str, Style]:
    """The package's presets and a user's, by name in order; a user's goes before ours.

    Raises:
        BrokenStyle: the folder is missing, or one of its `.yaml` files is no preset.
    """
    presets = files("songreel_prompt").joinpath("data", "styles")
    own = [(p.name, p.read_text(encoding="utf-8")) for p in presets.iterdir()]
    styles = {style.name: style for style in _read(own)}
    if folder is not None:
        styles.update({style.name: style for style in _read(_user_files(Path(folder)))})
    return dict(sorted(styles.items()))


def find_style(styles: Mapping[str, Style], name: str) -> Style:
    """A style by name; raises `UnknownStyle` naming those there are."""
    if name not in styles:
        raise UnknownStyle(
            f"there is no style {name!r}; choose one of {', '.join(styles)}", style=name
        )
    return styles[name]


def _user_files(folder: Path) -> list[tuple[str, str]]:
    try:
        return [
            (str(path), path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())
            if path.suffix in {".yaml", ".yml"}
        ]  # fmt: skip
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenStyle(
            f"cannot read the style folder {folder}: {error}; correct SONGREEL_PROMPT_STYLES"
        ) from error


def _read(named: Iterable[tuple[str, str]]) -> list[Style]:
    return [_style(name, text) for name, text in named if name.endswith((".yaml", ".yml"))]


def _style(source: str, text: str) -> Style:
    try:
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise BrokenStyle(f"{source} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise BrokenStyle(f"{source} must hold the fields {', '.join(sorted(_FIELDS))}")
    entry = cast("dict[str, Any]", content)
    unknown = sorted(str(key) for key in entry.keys() - _FIELDS)
    if unknown:
        raise BrokenStyle(
            f"{source} has the unknown field {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}"
        )
    name = str(entry.get("name") or Path(source).stem)
    medium = str(entry.get("medium", ""))
    if medium not in STYLES:
        raise BrokenStyle(f"{source}: medium must be one of {', '.join(STYLES)}, not {medium!r}")
    words = _list(source, entry, "words")
    if sum(len(word.split()) for word in words) > MAX_STYLE_WORDS:
        raise BrokenStyle(f"{source}: words has more than {MAX_STYLE_WORDS} words; leave some out")
    look = str(entry.get("look") or _LOOK_OF_MEDIUM[medium])
    if look not in LOOKS:
        raise BrokenStyle(f"{source}: {unknown_word('look', look, LOOKS)}")
    finish = _list(source, entry, "finish") or _FINISH
    for each in finish:
        if each not in FINISHES:
            raise BrokenStyle(f"{source}: {unknown_word('finish', each, FINISHES)}")
    description = str(entry.get("description", ""))
    return Style(name, description, medium, words, _list(source, entry, "negative"), look, finish)


def _list(source: str, entry: dict[str, Any], field: str) -> tuple[str, ...]:
    value: Any = entry.get(field, [])
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        raise BrokenStyle(f"{source}: {field} must be a list of words")
    return tuple(text for item in cast("list[Any]", value) if (text := str(item).strip()))
