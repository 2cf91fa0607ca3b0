"""The rules for one prompt: what policy blocks, what is a matter of style, what is too long.

Policy blocks names of real people (but the consented protagonist's), unsafe words, and
links, markup or talk to a machine. In a storyteller's prompt that is corrected; what a person
wrote is refused, with its line, because only they know what was meant. Matters of style
are notes, whoever wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from songreel.prompt.v1.storyboard_pb2 import Scene

from songreel_prompt.storyboard.review import Path, Review
from songreel_prompt.wording.phrases import (
    doubtful_in,
    foreign_in,
    literal_in,
    names_in,
    readable,
    unsafe_in,
    without_names,
)
from songreel_prompt.wording.tokens import TokenCounter


@dataclass(frozen=True)
class PromptRules:
    """What the prompts of one storyboard are held to."""

    tokens: TokenCounter
    """Counts as the checkpoint does."""
    artist: str = ""
    """Who plays the song: a name that no prompt may hold."""
    protagonist_name: str = ""
    """The one real person who may be named."""
    by_hand: bool = False
    """Whether a person wrote it: then what policy blocks is refused, not corrected."""

    def check(self, scene: Scene, index: int, review: Review) -> None:
        """Checks a scene's prompts and corrects them in place; a locked scene stays as it is."""
        path: Path = ("scenes", index, "prompt")
        if not scene.prompt.strip():
            review.fault("empty", path, "prompt is empty; say what is to be seen")
            return
        text = scene.prompt if scene.locked else " ".join(scene.prompt.split())
        if self.by_hand or scene.locked:
            self._refuse(text, path, review)
        else:
            text = self._correct(text, path, review)
        self._remark(text, path, review)
        scene.prompt = self._short("prompt", text, scene, index, review)
        negative = scene.negative_prompt if scene.locked else scene.negative_prompt.strip()
        scene.negative_prompt = self._short("negative_prompt", negative, scene, index, review)

    def _refuse(self, text: str, path: Path, review: Review) -> None:
        for name in names_in(text, self.artist, self.protagonist_name):
            review.fault(
                "names",
                path,
                f"the prompt names {name!r}; name nobody but a protagonist who consented",
            )
        for phrase in _phrases(text):
            if unsafe_in(phrase):
                review.fault("unsafe", path, f"the prompt asks for what is not drawn: {phrase!r}")
        if foreign := foreign_in(text):
            review.fault("foreign", path, f"the prompt holds {foreign!r}, which is no picture")

    def _correct(self, text: str, path: Path, review: Review) -> str:
        names = names_in(text, self.artist, self.protagonist_name)
        if names:
            text = without_names(text, names)
            quoted = ", ".join(map(repr, names))
            review.note("names", path, f"the prompt named {quoted}; now it names nobody")
        phrases = _phrases(text)
        unsafe = [phrase for phrase in phrases if unsafe_in(phrase)]
        foreign = [phrase for phrase in phrases if phrase not in unsafe and foreign_in(phrase)]
        if not unsafe and not foreign and text:
            return text
        kept = ", ".join(p for p in phrases if p not in unsafe and p not in foreign)
        rule = "unsafe" if unsafe else "foreign" if foreign else "names"
        if not kept:
            blocked = (unsafe or foreign or names)[0]
            review.fault(rule, path, f"prompt asks for what is not drawn: {blocked!r}")
            return text
        left = ", ".join([*unsafe, *foreign])
        review.note(rule, path, f"left out of the prompt as unsafe: {left}")
        return kept

    def _remark(self, text: str, path: Path, review: Review) -> None:
        """Matters of style and of doubt: kept, and noted."""
        certain = " ".join(names_in(text, self.artist, self.protagonist_name))
        doubtful = [n for n in doubtful_in(text, self.protagonist_name) if n not in certain]
        if doubtful:
            quoted = ", ".join(map(repr, doubtful))
            review.note("names", path, f"the prompt says {quoted}: no real person may be; kept")
        if literal_in(text):
            review.note("literal", path, "the prompt draws a figure of speech literally; kept")
        if not readable(text):
            review.note(
                "language", path, "the prompt is not in English, which checkpoints read best; kept"
            )

    def _short(self, field: str, text: str, scene: Scene, index: int, review: Review) -> str:
        """Cut to what the text encoder reads, at a comma or else between words."""
        tokens = self.tokens
        if tokens.fits(text):
            return text
        path: Path = ("scenes", index, field)
        if scene.locked:
            review.note(
                "tokens",
                path,
                f"{field} is longer than the {tokens.limit} tokens that the checkpoint reads "
                f"(counted by {tokens.source}); kept, because the scene is locked",
            )
            return text
        for separator in (",", " "):
            pieces = text.split(separator)
            while len(pieces) > 1 and not tokens.fits(separator.join(pieces)):
                pieces.pop()
            if tokens.fits(separator.join(pieces)):
                break
        else:
            review.fault("tokens", path, f"{field} is one word longer than {tokens.limit} tokens")
            return text
        review.note(
            "tokens",
            path,
            f"{field} was longer than the {tokens.limit} tokens a checkpoint reads and was cut "
            f"(counted by {tokens.source})",
        )
        return separator.join(pieces).strip()


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split(",")]
