"""Storyboards without network or model: the same request always gives the same one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard

from songreel_prompt.seeded_choice import seeded_number
from songreel_prompt.song import Song
from songreel_prompt.story.composition import cast_of, compose, second_in
from songreel_prompt.story.framing import Shot, camera_of
from songreel_prompt.story.scenes import scene_spans
from songreel_prompt.story.staging import stage_shots
from songreel_prompt.story.structure import Part, song_parts
from songreel_prompt.story.treatment import Plan, plan_story, treatment_of
from songreel_prompt.storyboard.locks import keep_locked, spans_of
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import Style
from songreel_prompt.wording.lexicon import read_lyrics
from songreel_prompt.wording.tokens import TokenCounter
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


def write_storyboard(request: StoryboardRequest) -> Storyboard:
    """Writes the storyboard of a song; equal requests give equal bytes.

    Scenes cover [0, song.duration] exactly. Prompts begin with the caption that the
    embedded checkpoint was trained on and go on with as many words as its text encoder
    reads.
    """
    song, style, previous = request.song, request.style, request.previous
    staging = stage(request)
    treatment = treatment_of(staging.plan, song, staging.parts)
    if request.protagonist_name:
        treatment.protagonist = f"{request.protagonist_name}: {treatment.protagonist}"
    shortened = style.shortened((scene.prompt for scene in staging.scenes), request.tokens)
    return Storyboard(
        title=request.title,
        style=style.name,
        look=request.look,
        finish=request.finish,
        storyteller=NAME,
        treatment=treatment,
        scenes=keep_locked(staging.scenes, previous),
        notes=[note for note in (staging.note, shortened) if note],
    )


def stage(request: StoryboardRequest) -> Staging:
    """All that `write_storyboard` decides, and why; locks are not yet looked at."""
    song, style, tokens, previous = request.song, request.style, request.tokens, request.previous
    reading = read_lyrics(song)
    keys = (request.seed, _fingerprint(song))
    parts = song_parts(song)
    plan = plan_story(song, parts, reading, *keys)
    spans = scene_spans(song)
    if previous is not None:
        spans = spans_of(previous)
        plan = _with_protagonist_of(previous, plan)
    shots = stage_shots(song, spans, parts, plan, reading, *keys, share=request.share)
    cast = cast_of(plan.hero, previous, *keys)
    returning = {part.key for part in parts if part.occurrence}
    scenes: list[Scene] = []
    for index, shot in enumerate(shots):
        before = scenes[-1].camera if scenes else ""
        intensity = song.intensity_between(shot.start, shot.end)
        camera = camera_of(shot, before, intensity, *keys)
        scenes.append(
            Scene(
                start=shot.start,
                end=shot.end,
                prompt=_prompt(shot, plan, style, tokens),
                negative_prompt=style.negative_prompt(tokens),
                seed=_seed(shot, index, plan, shot.part.key in returning, request.seed),
                shot=shot.picture.shot,
                mood=shot.picture.mood,
                protagonist=shot.protagonist,
                transition=transition_of(song, shot.start, shot.end),
                camera=camera,
                lyric=shot.lyric,
                composition=compose(
                    shot.picture,
                    shot.action,
                    camera,
                    shot.part,
                    cast,
                    protagonist=shot.protagonist,
                    second=second_in(shot.link),
                ),
            )
        )
    _separate_equal_neighbours(scenes, tokens)
    return Staging(parts, plan, shots, scenes, reading.note)


def transition_of(song: Song, start: float, end: float) -> str:
    """Quiet scenes dissolve out of the one before, others are cut."""
    return "dissolve" if start and song.intensity_between(start, end) < _QUIET else "cut"


def _with_protagonist_of(previous: Storyboard, plan: Plan) -> Plan:
    """So that who is in the rewritten scenes is who is in the locked ones."""
    match = re.search(r"\ban? (\w+), ([^,;]+)", previous.treatment.protagonist)
    if match is None or match[1] not in PEOPLE - {"child"}:
        return plan
    return replace(plan, hero=match[1], garment=match[2].strip())


def _fingerprint(song: Song) -> str:
    """So that two songs under the same seed are not given the same protagonist."""
    return f"{song.title}|{song.duration!r}|{song.lines[:1]!r}"


def _prompt(shot: Shot, plan: Plan, style: Style, tokens: TokenCounter) -> str:
    """The caption, then what fits of the song's words, the garment and the style's words."""
    head = shot.picture.caption(style.medium)
    garment = plan.garment if shot.protagonist else ""
    tail = {"detail": shot.detail, "garment": garment, "link": shot.link}
    wanted = {name: words for name, words in tail.items() if words}
    kept: dict[str, str] = {}
    # What ties the scene to its neighbours first, then what the words say, then who it is.
    for name in ("link", "detail", "garment"):
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
        return seeded_number(seed, "motif", shot.picture.place, shot.picture.shot)
    if returns:
        picture = shot.picture
        return seeded_number(seed, shot.part.key, shot.position, picture.place, picture.subject)
    return seeded_number(seed, index, shot.picture.place, shot.picture.subject)


def _separate_equal_neighbours(scenes: list[Scene], tokens: TokenCounter) -> None:
    """Neighbours of the same words still differ: in words if there is room, else in seed."""
    for before, scene in pairwise(scenes):
        if before.prompt == scene.prompt:
            head, _, rest = scene.prompt.partition(f", {scene.mood}")
            later = f"{head}, {scene.mood}, a moment later{rest}"
            if tokens.fits(later):
                scene.prompt = later
            elif before.seed == scene.seed:
                scene.seed = seeded_number(scene.seed, "a moment later")
