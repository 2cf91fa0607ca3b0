"""Prompts are measured by the tokenizer of the checkpoint that will read them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_kit.errors import CheckpointIncomplete
from songreel_prompt.song import read_song
from songreel_prompt.story.offline import write_storyboard
from songreel_prompt.storyboard.checks import check_storyboard
from songreel_prompt.storyteller import StoryboardRequest
from songreel_prompt.styles import load_styles
from songreel_prompt.wording.tokens import (
    ESTIMATE,
    TokenCounter,
    TokenCounters,
    load_counter,
    token_count,
)
from songreel_prompt.wording.vocabulary import (
    MOODS,
    PLACES,
    SHOTS,
    STYLES,
    SUBJECTS,
    TIMES,
    WEATHERS,
)
from songreel_testing.prompt.llm_server import serving_model
from songreel_testing.prompt.llm_storyteller import llm_storyteller
from songreel_testing.prompt.llm_storyteller import write_checked as write_with_model
from songreel_testing.prompt.synthetic_songs import any_analysis, ballad, instrumental, many_songs

SPROUT = Path(__file__).parents[4] / "models" / "sprout"
PRESETS = load_styles()

needs_sprout = pytest.mark.skipif(
    not (SPROUT / "tokenizer").is_dir(), reason="the embedded checkpoint is not in this checkout"
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkpoint of 24 tokens, its tokenizer in the two files that older ones hold."""
    folder = tmp_path / "small"
    (folder / "tokenizer").mkdir(parents=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(SPROUT / "tokenizer" / name, folder / "tokenizer")
    config = json.dumps({"model_max_length": 24})
    (folder / "tokenizer" / "tokenizer_config.json").write_text(config)
    return folder


@needs_sprout
def test_the_checkpoints_own_tokenizer_counts(tmp_path: Path) -> None:
    counter = load_counter(SPROUT)
    config = SPROUT / "tokenizer" / "tokenizer_config.json"
    assert counter.limit == json.loads(config.read_text())["model_max_length"] - 2
    assert counter.count("a woman at the beach") == 5
    assert load_counter(SPROUT / "tokenizer").fingerprint == counter.fingerprint
    board = write_storyboard(StoryboardRequest(read_song(ballad()), PRESETS["cartoon"], 0))
    board.scenes[0].prompt = ", ".join(["a house by the sea"] * 40)
    checked = check_storyboard(board, PRESETS, tokens=counter)
    assert counter.limit - 6 < counter.count(checked.scenes[0].prompt) <= counter.limit
    assert any("counted by the tokenizer sprout/tokenizer" in note for note in checked.notes)
    with pytest.raises(CheckpointIncomplete, match="SONGREEL_PROMPT_TOKENIZER"):
        load_counter(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointIncomplete):
        load_counter(tmp_path)
    assert load_counter(None) is ESTIMATE


@needs_sprout
def test_the_older_form_of_a_tokenizer_counts_the_same(small: Path) -> None:
    whole, parts = load_counter(SPROUT), load_counter(small)
    assert parts.limit == 22
    assert parts.fingerprint != whole.fingerprint
    for text in [
        "It's a na\u00efve  caf\u00e9, 1999!",
        "\u96e8 \U0001f327 rain",
        "",
        "WE'LL don't",
    ]:
        assert parts.count(text) == whole.count(text)


@needs_sprout
def test_the_text_encoders_positions_are_the_limit_where_they_are_fewer(small: Path) -> None:
    (small / "text_encoder").mkdir()
    config = json.dumps({"max_position_embeddings": 16})
    (small / "text_encoder" / "config.json").write_text(config)
    assert load_counter(small).limit == 14


@needs_sprout
@settings(many_songs, max_examples=15)
@given(any_analysis(), st.sampled_from(sorted(PRESETS)))
def test_the_offline_storytellers_prompts_fit_sprout(made: SongAnalysis, style: str) -> None:
    counter = load_counter(SPROUT)
    board = write_storyboard(StoryboardRequest(read_song(made), PRESETS[style], 0, tokens=counter))
    for scene in board.scenes:
        assert counter.count(scene.prompt) <= counter.limit
    checked = check_storyboard(board, PRESETS, tokens=counter)
    assert list(checked.scenes) == list(board.scenes)


@needs_sprout
def test_every_caption_is_canonical_for_sprout() -> None:
    published = json.loads((SPROUT / "vocabulary.json").read_text(encoding="utf-8"))
    labels, form = published["labels"], published["caption"]
    ours = {"place": PLACES, "time": TIMES, "weather": WEATHERS, "subject": SUBJECTS}
    ours |= {"style": dict(zip(STYLES, STYLES, strict=True))}
    ours |= {"framing": SHOTS}
    ours |= {"mood": dict(zip(MOODS, MOODS, strict=True))}
    for field, words in ours.items():
        assert words == {key: entry["words"][0] for key, entry in labels[field].items()}, field
    said = {f: [w for e in labels[f].values() for w in e["words"]] for f in labels}
    for style in STYLES:
        for scene in write_storyboard(
            StoryboardRequest(read_song(instrumental()), PRESETS[style], 3)
        ).scenes:
            head = ", ".join(scene.prompt.split(", ")[:5])
            place = next(w for w in said["place"] if f" {w}," in head)
            parts = head.split(f" {place}, ")[1].split(", ")
            subject = head.removeprefix(f"{style} of ").split(f" {place},")[0]
            assert subject in said["subject"]
            values = dict(zip(("time", "weather", "framing", "mood"), parts, strict=True))
            assert head == form.format(style=style, subject=subject, place=place, **values)


@needs_sprout
def test_a_model_that_tells_too_much_is_cut_to_what_the_checkpoint_reads(
    small: Path, tmp_path: Path
) -> None:
    counter = load_counter(small)
    with serving_model() as model:
        told = write_with_model(llm_storyteller(model, tmp_path), tokens=counter)
    assert all(counter.fits(scene.prompt) for scene in told.storyboard.scenes)


@needs_sprout
def test_requests_may_name_another_checkpoint(small: Path, tmp_path: Path) -> None:
    counters = TokenCounters(SPROUT)
    assert counters.of_checkpoint("") is counters.default
    assert counters.of_checkpoint(str(small)).limit == 22
    single = tmp_path / "model.safetensors"
    single.touch()
    assert counters.of_checkpoint(str(single)) is ESTIMATE
    assert TokenCounters(None, small).of_checkpoint(str(single)).limit == 22
    unknown = counters.of_checkpoint("/nowhere/at/all")
    assert unknown.limit == counters.default.limit
    assert "no tokenizer was found at the checkpoint /nowhere/at/all" in unknown.note
    board = write_storyboard(StoryboardRequest(read_song(ballad()), PRESETS["cartoon"], 0))
    assert unknown.note in check_storyboard(board, PRESETS, tokens=unknown).notes
    # Trained anew in the same place, it counts anew.
    config = json.dumps({"model_max_length": 30})
    (small / "tokenizer" / "tokenizer_config.json").write_text(config)
    assert counters.of_checkpoint(str(small)).limit == 28


def test_a_locked_prompt_that_is_too_long_stays_whole_and_is_said() -> None:
    board = write_storyboard(StoryboardRequest(read_song(ballad()), PRESETS["cartoon"], 0))
    few = TokenCounter(60, token_count, "a test")
    board.scenes[2].prompt = ", ".join(["a house by the sea"] * 40)
    board.scenes[2].locked = True
    checked = check_storyboard(board, PRESETS, tokens=few)
    assert checked.scenes[2] == board.scenes[2]
    assert any("longer than the 60 tokens" in note for note in checked.notes)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x3000, max_codepoint=0xD7FF), max_size=20))
def test_the_estimate_is_no_underestimate_for_other_scripts(text: str) -> None:
    assert token_count(text) >= len("".join(text.split()))
