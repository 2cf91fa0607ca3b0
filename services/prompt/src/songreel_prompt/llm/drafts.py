"""Scenes on their way from a model's answer to a storyboard, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from songreel.prompt.v1.storyboard_pb2 import Scene, Treatment

from songreel_prompt.llm.answers import HEROES, ShotAnswer, TreatmentAnswer
from songreel_prompt.story.framing import Shot
from songreel_prompt.styles import Style
from songreel_prompt.wording.phrases import (
    content_words,
    doubtful_in,
    foreign_in,
    literal_in,
    names_in,
    readable,
    unsafe_in,
)
from songreel_prompt.wording.tokens import TokenCounter
from songreel_prompt.wording.vocabulary import (
    CAMERAS,
    GUISES,
    MOODS,
    PLACES,
    SHOTS,
    SUBJECTS,
    TIMES,
    WEATHERS,
    Picture,
    fits,
)

_VOCABULARY: Final = {
    "subject": tuple(SUBJECTS),
    "place": tuple(PLACES),
    "time": tuple(TIMES),
    "weather": tuple(WEATHERS),
    "shot": SHOTS,
    "mood": MOODS,
    "camera": CAMERAS,
}
_LONGEST_TEXT: Final = 600
_LONGEST_GARMENT: Final = 5


@dataclass(frozen=True)
class Fault:
    """Something that a check found."""

    scene: int
    """Number of the scene, from 1; 0 is the treatment or the whole answer."""
    rule: str
    """Which check: "names", "unsafe", "unrelated", ..."""
    message: str
    """What was wrong, for the model and for people."""

    def __str__(self) -> str:
        return f"scene {self.scene}: {self.message}" if self.scene else self.message


@dataclass(frozen=True)
class PromptContext:
    """What every prompt of a storyboard has in common."""

    style: Style
    hero: str
    wears: str
    artist: str
    """Name that must not occur."""
    tokens: TokenCounter
    protagonist_name: str = ""
    """The only name that may occur."""


@dataclass(frozen=True)
class Draft:
    """One scene, before it is put into words."""

    number: int
    """From 1."""
    picture: Picture
    detail: str
    camera: str
    protagonist: bool
    writer: Literal["llm", "offline", "locked"]
    kept: Scene | None = None
    """The scene that a person locked; it says everything then."""

    def prompt(self, context: PromptContext) -> str:
        """Head, garment, detail, style; details give way where the encoder ends."""
        if self.kept is not None:
            return self.kept.prompt
        detail = [words.strip() for words in self.detail.split(",") if words.strip()]
        for count in range(len(detail), -1, -1):
            prompt = self._worded(context, detail[:count])
            if context.tokens.count(prompt) <= context.tokens.limit:
                return prompt
        return self.picture.caption(context.style.medium)

    def fits_whole(self, context: PromptContext) -> bool:
        """Whether the encoder reads all of it."""
        detail = [words.strip() for words in self.detail.split(",")]
        return context.tokens.count(self._worded(context, detail)) <= context.tokens.limit

    def summary(self, context: PromptContext) -> dict[str, Any]:
        """What this scene shows, for the model."""
        summary = {"scene": self.number, "prompt": self.prompt(context)}
        return summary | {"shot": self.kept.shot if self.kept else self.picture.shot}

    def _worded(self, context: PromptContext, detail: Sequence[str]) -> str:
        garment = [context.wears] if self.protagonist and context.wears else []
        head = self.picture.caption(context.style.medium)
        return ", ".join([head, *garment, *detail, *context.style.words])


def draft_of(answer: ShotAnswer) -> Draft:
    """The draft of an answer without faults of vocabulary."""
    picture = Picture(
        answer.subject, answer.place, answer.time, answer.weather, answer.shot, answer.mood
    )
    return Draft(answer.scene, picture, answer.detail, answer.camera, answer.protagonist, "llm")


def offline_draft(
    number: int, shot: Shot, scene: Scene, drawn_as: str, context: PromptContext
) -> Draft:
    """The offline storyteller's scene, with the treatment's protagonist in it."""
    picture = shot.picture
    if picture.subject == drawn_as:
        picture = Picture(
            context.hero, picture.place, picture.time, picture.weather, picture.shot, picture.mood
        )
    detail = ", ".join(words for words in (shot.detail, shot.link) if words)
    return Draft(number, picture, detail, scene.camera, shot.protagonist, "offline")


def locked_draft(number: int, scene: Scene) -> Draft:
    """A scene that a person locked."""
    place = next((key for key, words in PLACES.items() if words in scene.prompt), "")
    picture = Picture("none", place, "day", "clear", scene.shot, scene.mood)
    return Draft(number, picture, "", scene.camera, scene.protagonist, "locked", scene)


def shot_faults(answer: ShotAnswer, context: PromptContext) -> list[Fault]:
    """What is wrong with one scene by itself."""
    faults: list[Fault] = []

    def fault(rule: str, message: str) -> None:
        faults.append(Fault(answer.scene, rule, message))

    for field, choices in _VOCABULARY.items():
        value = getattr(answer, field)
        if value not in choices:
            fault(
                "vocabulary", f"{field} is {value[:40]!r}; it must be one of {', '.join(choices)}"
            )
    if not answer.detail:
        fault("empty", "detail is empty; say what else is to be seen")
    else:
        for rule, message in text_faults(
            "detail", answer.detail, context.artist, context.protagonist_name
        ):
            fault(rule, message)
    if any(each.rule == "vocabulary" for each in faults):
        return faults
    if not fits(answer.subject, answer.place):
        fault("place", f"a {answer.subject} is not {PLACES[answer.place]}; move one of them")
    if answer.protagonist and answer.subject not in {context.hero, *GUISES}:
        fault(
            "protagonist",
            f"protagonist is true but the subject is {answer.subject!r}, not {context.hero!r}",
        )
    if not draft_of(answer).fits_whole(context):
        fault(
            "tokens", f"detail is too long: the whole prompt exceeds {context.tokens.limit} tokens"
        )
    return faults


def text_faults(
    field: str, text: str, artist: str, protagonist_name: str = ""
) -> list[tuple[str, str]]:
    """(rule, message) for everything in a text that must not be in it."""
    faults: list[tuple[str, str]] = []
    if not readable(text):
        faults.append(("language", f"{field} is not in English"))
    names = names_in(text, artist, protagonist_name) or doubtful_in(text, protagonist_name)
    if names:
        faults.append(("names", f"{field} names {', '.join(n[:40] for n in names)!r}; name nobody"))
    if unsafe_in(text):
        faults.append(("unsafe", f"{field} asks for what is not drawn"))
    if foreign := foreign_in(text):
        faults.append(("foreign", f"{field} holds {foreign!r}, which is no picture"))
    if literal_in(text):
        faults.append(("literal", f"{field} draws a figure of speech literally"))
    return faults


def treatment_faults(
    answer: TreatmentAnswer, parts: int, artist: str, protagonist_name: str = ""
) -> dict[str, Fault]:
    """What is wrong with a treatment, by field."""
    faults: dict[str, Fault] = {}

    def fault(field: str, rule: str, message: str) -> None:
        faults.setdefault(field, Fault(0, rule, message))

    if answer.hero not in HEROES:
        given = answer.hero[:40]
        fault("hero", "vocabulary", f"hero is {given!r}; it must be one of {', '.join(HEROES)}")
    if not 0 < len(answer.wears.split()) <= _LONGEST_GARMENT:
        fault("wears", "tokens", f"wears must have one to {_LONGEST_GARMENT} words")
    if len(answer.arc) != parts:
        fault("arc", "missing", f"arc has {len(answer.arc)} entries for {parts} parts")
    if not 1 <= len(answer.motifs) <= 4:
        fault("motifs", "missing", "motifs must have one to four entries")
    for field in ("theme", "wears", "stays", "changes", "world", "arc", "motifs"):
        value = getattr(answer, field)
        for text in value if isinstance(value, list) else [value]:
            if not text.strip():
                fault(field, "empty", f"{field} is empty")
            elif len(text) > _LONGEST_TEXT:
                fault(field, "tokens", f"{field} is longer than {_LONGEST_TEXT} characters")
            else:
                for rule, message in text_faults(field, text, artist, protagonist_name):
                    fault(field, rule, message)
    return faults


def repaired_treatment(
    answer: TreatmentAnswer,
    broken: Mapping[str, Fault],
    offline: Treatment,
    hero: str,
    garment: str,
    parts: int,
) -> TreatmentAnswer:
    """The treatment with the offline storyteller's words where its own were at fault."""
    sentences = offline.arc.split(". ")
    spare: dict[str, Any] = {
        "theme": offline.theme,
        "hero": hero,
        "wears": garment,
        "stays": f"the {hero} with the {garment}",
        "changes": "time and weather along the song",
        "world": offline.world,
        "arc": [sentences[min(i, len(sentences) - 1)] for i in range(parts)],
        "motifs": list(offline.motifs),
    }
    return answer.model_copy(update={field: spare[field] for field in broken})


def neighbour_faults(drafts: Sequence[Draft], context: PromptContext) -> list[Fault]:
    """Scenes that show the same as the one before, or nothing in common with it."""
    drawn = content_words(" ".join(context.style.words))
    faults: list[Fault] = []
    for i in range(1, len(drafts)):
        before, draft = drafts[i - 1], drafts[i]
        one, other = before.prompt(context), draft.prompt(context)
        if one == other:
            faults.append(Fault(draft.number, "equal", "shows the same as the scene before"))
        elif not (before.protagonist and draft.protagonist) and not (
            content_words(one) & content_words(other) - drawn
        ):
            faults.append(
                Fault(draft.number, "unrelated", "shares nothing to be seen with the scene before")
            )
    return faults
