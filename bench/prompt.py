"""Faults injected into a language model's server, and how often each check fires.

The faults are those of `songreel_testing.prompt.llm_faults`: a real HTTP server on loopback
misbehaves while the storyteller writes. Checks are counted under these faults, in offline
storyboards, and in storyboards that a person has spoilt.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table
from songreel_kit.errors import InvalidStoryboard, ModelMissing
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyboard.review import Review
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.tokens import load_counter
from songreel_testing.prompt.llm_faults import CASES, always
from songreel_testing.prompt.llm_server import error, serving_model
from songreel_testing.prompt.llm_storyteller import llm_storyteller, write_checked
from songreel_testing.prompt.synthetic_songs import ballad, instrumental

from bench.machine import describe

ROOT = Path(__file__).resolve().parents[1]

REFUSED = {
    "the key is refused (401)": error(401, "bad key"),
    "the key may not do this (403)": error(403, "no"),
    "the model is unknown (404)": error(404, "model not found"),
}
SPOILT = {
    "an artist": "cartoon of the made up band on the stage, night",
    "a person": "cartoon of Anna Example at the beach, day",
    "a first name": "cartoon of a picnic with Alma, day",
    "a style of somebody": "a road in the style of hokusai",
    "an unsafe word": "cartoon of a naked dancer, night",
    "a link": "cartoon of a road, see https://example.org",
    "a figure of speech": "cartoon of a heart on fire, night",
    "another script": "\u6d77\u8fb9\u7684\u706f\u7b3c",
    "no end": ", ".join(["a house by the sea"] * 40),
    "nothing": " ",
    "a stranger": "pine cones",
}
"""Faulty prompts that a person might write into a storyboard."""


def faults(seen: Counter[str]) -> Table:
    """Table with a row for each fault."""
    table = Table(
        title="Faults of the language model's server, and what came of them", box=MARKDOWN
    )
    for heading in ("fault", "questions", "scenes by the model", "checks fired", "said"):
        side = "right" if heading == "questions" else "left"
        table.add_column(heading, justify=side, no_wrap=True)
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder, serving_model(case.fault) as model:
            result = write_checked(llm_storyteller(model, Path(folder), **dict(case.settings)))
            asked = len(model.requests)
        seen.update(result.check_counts)
        notes = "\n".join(result.storyboard.notes)
        wrote = re.search(r"wrote (\d+ of \d+)", notes)
        fired = ", ".join(f"{rule} {count}" for rule, count in sorted(result.check_counts.items()))
        table.add_row(
            name,
            str(asked),
            wrote[1] if wrote else "0, all offline",
            fired,
            _outcome(result.storyboard),
        )
    for name, answer in REFUSED.items():
        with tempfile.TemporaryDirectory() as folder, serving_model(always(answer)) as model:
            try:
                write_checked(llm_storyteller(model, Path(folder)))
            except ModelMissing as refusal:
                table.add_row(
                    name, str(len(model.requests)), "error", "", _shortened(refusal.message)
                )
    return table


def _outcome(board: Any) -> str:
    """The note that says what was done, shortened."""
    made = [n for n in board.notes if not re.match(r"moderation:|language model \S+: wrote", n)]
    text = re.sub(r"^the language model \S+ was asked for, but ", "", made[0]) if made else ""
    return _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= 110 else text[:107] + "..."


def checks(in_faults: Counter[str]) -> Table:
    """Table of how often each rule fires."""
    styles = load_styles()
    offline, scenes = Counter[str](), 0
    boards = 0
    tokens = load_counter(ROOT / "models" / "sprout")
    for made, style, seed in _offline_cases(sorted(styles)):
        song = read_song(made)
        board = write_storyboard(StoryboardRequest(song, styles[style], seed, tokens=tokens))
        review = Review()
        check_storyboard(
            board, styles, duration=song.duration, song=song, tokens=tokens, review=review
        )
        offline += review.check_counts
        scenes += len(board.scenes)
        boards += 1
    by_hand: Counter[str] = Counter()
    refused = 0
    made = ballad()
    made.artist = "The Made Up Band"
    song = read_song(made)
    for prompt in SPOILT.values():
        board = write_storyboard(StoryboardRequest(song, styles["cartoon"]))
        board.scenes[3].prompt, board.scenes[3].protagonist = prompt, False
        review = Review()
        try:
            check_storyboard(board, styles, duration=64.0, song=song, review=review, by_hand=True)
        except InvalidStoryboard:
            refused += 1
        by_hand += review.check_counts
    table = Table(
        title="How often each check fires",
        box=MARKDOWN,
        caption=f"{len(CASES)} faults of a server; {boards} storyboards ({scenes} scenes) written "
        f"offline for sprout; {len(SPOILT)} prompts spoilt by hand, {refused} of them refused",
    )
    for heading in ("check", "faults", "offline", "by hand"):
        table.add_column(heading, justify="left" if heading == "check" else "right")
    for rule in sorted({*in_faults, *offline, *by_hand}):
        table.add_row(rule, *(str(count[rule]) for count in (in_faults, offline, by_hand)))
    return table


def _offline_cases(styles: list[str]) -> Iterator[tuple[Any, str, int]]:
    for made in (ballad(), instrumental()):
        for style in styles:
            for seed in range(5):
                yield made, style, seed


def main() -> None:
    """Prints the two tables."""
    console = Console(width=260)  # no row of the Markdown tables is broken
    seen: Counter[str] = Counter()
    console.print(faults(seen))
    console.print(checks(seen))
    console.print(describe())
