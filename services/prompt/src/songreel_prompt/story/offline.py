"""The offline storyteller: no network, no model, the same song always the same story."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard

from songreel_prompt.story.framing import Shot, camera_of
from songreel_prompt.story.scenes import scene_spans
from songreel_prompt.story.seeded_choice import number
from songreel_prompt.story.song import Song
from songreel_prompt.story.staging import stage_shots
from songreel_prompt.story.structure import Part, song_parts
from songreel_prompt.story.treatment import Plan, describe, plan_story
from songreel_prompt.storyboard.locks import keep_locked, spans_of
from songreel_prompt.styles import Style
from songreel_prompt.wording.lexicon import read_lyrics
from songreel_prompt.wording.tokens import ESTIMATE, TokenCounter
from songreel_prompt.wording.vocabulary import PEOPLE

NAME: Final = "offline"
MAX_TAIL_WORDS: Final = 12
"""Words of the song and of the story after the caption; the style's own come after them."""
_QUIET: Final = 0.45
"""Below this intensity scenes dissolve into each other."""


@dataclass(frozen=True)
class Staging:
    """A story staged, not yet put into words."""

    parts: tuple[Part, ...]
    plan: Plan
    shots: Sequence[Shot]
    scenes: Sequence[Scene]
    """One for each shot."""
    note: str
    """What the reader of the storyboard should know; may be empty."""


def tell(
    song: Song,
    style: Style,
    seed: int,
    *,
    share: float | None = None,
    previous: Storyboard | None = None,
    tokens: TokenCounter = ESTIMATE,
    consented: str = "",
) -> Storyboard:
    """Writes the storyboard of a song; equal arguments give equal bytes.

    Scenes cover [0, song.duration] exactly. Prompts begin with the caption that the
    embedded checkpoint was trained on and go on with as many words as its text encoder
    reads.

    Args:
        song: What is told.
        style: How it is drawn.
        seed: Another seed tells another story.
        share: Share of scenes with the protagonist, in (0, 1]; None is at least half.
        previous: A storyboard of this song whose times and locked scenes are kept.
        tokens: Counts prompts as the checkpoint does.
        consented: Name of the protagonist, who agreed to be in it; the treatment tells it.
    """
    staging = stage(song, style, seed, share=share, previous=previous, tokens=tokens)
    treatment = describe(staging.plan, song, staging.parts)
    if consented:
        treatment.protagonist = f"{consented}: {treatment.protagonist}"
    shortened = style.shortened((scene.prompt for scene in staging.scenes), tokens)
    title = song.title or staging.plan.tale.name.capitalize()
    return Storyboard(
        title=title if previous is None else previous.title or title,
        style=style.name,
        storyteller=NAME,
        treatment=treatment,
        scenes=keep_locked(staging.scenes, previous),
        notes=[note for note in (staging.note, shortened) if note],
    )


def stage(
    song: Song,
    style: Style,
    seed: int,
    *,
    share: float | None = None,
    previous: Storyboard | None = None,
    tokens: TokenCounter = ESTIMATE,
) -> Staging:
    """All that `tell` decides, with what it decided it by; locks are not yet looked at."""
    reading = read_lyrics(song)
    keys = (seed, _fingerprint(song))
    parts = song_parts(song)
    plan = plan_story(song, parts, reading, *keys)
    spans = scene_spans(song)
    if previous is not None:
        spans = spans_of(previous)
        plan = _with_protagonist_of(previous, plan)
    shots = stage_shots(song, spans, parts, plan, reading, *keys, share=share)
    returning = {part.key for part in parts if part.visit}
    scenes: list[Scene] = []
    for index, shot in enumerate(shots):
        before = scenes[-1].camera if scenes else ""
        scenes.append(
            Scene(
                start=shot.start,
                end=shot.end,
                prompt=_prompt(shot, plan, style, tokens),
                negative_prompt=style.negative_prompt(tokens),
                seed=_seed(shot, index, plan, shot.part.key in returning, seed),
                shot=shot.picture.shot,
                mood=shot.picture.mood,
                protagonist=shot.protagonist,
                transition=transition_of(song, shot.start, shot.end),
                camera=camera_of(shot, before, song.intensity_between(shot.start, shot.end), *keys),
                lyric=shot.lyric,
            )
        )
    _part_equals(scenes, tokens)
    return Staging(parts, plan, shots, scenes, reading.note)


def transition_of(song: Song, start: float, end: float) -> str:
    """Quiet scenes dissolve out of the one before, others are cut."""
    return "dissolve" if start and song.intensity_between(start, end) < _QUIET else "cut"


def _with_protagonist_of(previous: Storyboard, plan: Plan) -> Plan:
    """So that who is in the rewritten scenes is who is in the locked ones."""
    told = re.search(r"\ban? (\w+), ([^,;]+)", previous.treatment.protagonist)
    if told is None or told[1] not in PEOPLE - {"child"}:
        return plan
    return replace(plan, hero=told[1], garment=told[2].strip())


def _fingerprint(song: Song) -> str:
    """So that two songs under the same seed are not given the same protagonist."""
    return f"{song.title}|{song.duration!r}|{song.lines[:1]!r}"


def _prompt(shot: Shot, plan: Plan, style: Style, tokens: TokenCounter) -> str:
    """The caption, then what fits of the song's words, the garment and the style's words."""
    head = shot.picture.caption(style.medium)
    garment = plan.garment if shot.picture.subject in PEOPLE - {"child"} else ""
    tail = {"see": shot.see, "garment": garment, "echo": shot.echo}
    wanted = {name: words for name, words in tail.items() if words}
    kept: dict[str, str] = {}
    # What ties the scene to its neighbours first, then what the words say, then who it is.
    for name in ("echo", "see", "garment"):
        if name in wanted:
            longer = {k: v for k, v in wanted.items() if k in kept or k == name}
            short = sum(len(words.split()) for words in longer.values()) <= MAX_TAIL_WORDS
            if short and tokens.fits(", ".join([head, *longer.values()])):
                kept = longer
    for count in range(len(style.words), 0, -1):
        prompt = ", ".join([head, *kept.values(), *style.words[:count]])
        if tokens.fits(prompt):
            return prompt
    return ", ".join([head, *kept.values()])


def _seed(shot: Shot, index: int, plan: Plan, returns: bool, seed: int) -> int:
    """Equal where a picture returns, so that it looks akin; else of the scene alone."""
    if shot.picture.subject == plan.motif.subject:
        return number(seed, "motif", shot.picture.place, shot.picture.shot)
    if returns:
        picture = shot.picture
        return number(seed, shot.part.key, shot.position, picture.place, picture.subject)
    return number(seed, index, shot.picture.place, shot.picture.subject)


def _part_equals(scenes: list[Scene], tokens: TokenCounter) -> None:
    """Neighbours of the same words still differ: in words if there is room, else in seed."""
    for before, scene in pairwise(scenes):
        if before.prompt == scene.prompt:
            head, _, rest = scene.prompt.partition(f", {scene.mood}")
            later = f"{head}, {scene.mood}, a moment later{rest}"
            if tokens.fits(later):
                scene.prompt = later
            elif before.seed == scene.seed:
                scene.seed = number(scene.seed, "a moment later")
