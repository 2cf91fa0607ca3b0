"""Captions say what the labels are, and know what they leave out."""

import re
from pathlib import Path

import numpy as np
import pytest
from songreel_sprout.captions.captions import canonical, draw_caption
from songreel_sprout.captions.labels import CLASSES, FIELDS, Labels, random_indices
from songreel_sprout.networks.tokenizer import (
    MAX_LENGTH,
    load_tokenizer,
    token_ids,
    write_tokenizer,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(target)
    return target


def test_the_canonical_caption_reads_as_published() -> None:
    labels = Labels("cartoon", "beach", "sunset", "clear", "woman", "close-up", "joyful")
    assert canonical(labels) == "cartoon of a woman at the beach, sunset, clear, close-up, joyful"


def test_the_new_words_read_as_published() -> None:
    labels = Labels("sketch", "stage", "night", "clear", "piano", "above", "serene")
    assert canonical(labels) == "sketch of a piano on the stage, night, clear, from above, serene"


def test_no_words_say_two_things() -> None:
    words = [word for field in FIELDS for entry in CLASSES[field] for word in entry.words]
    assert len(set(words)) == len(words)


def test_stated_labels_are_in_the_words_and_others_are_not_required() -> None:
    rng = np.random.default_rng(0)
    for row in random_indices(rng, 300):
        caption = draw_caption(row, rng)
        for i, field in enumerate(FIELDS):
            if caption.stated[i]:
                assert any(w in caption.text for w in CLASSES[field][int(row[i])].words)


def test_a_tenth_of_the_captions_is_empty() -> None:
    rng = np.random.default_rng(1)
    row = random_indices(rng, 1)[0]
    empty = sum(not draw_caption(row, rng).text for _ in range(3000)) / 3000
    assert 0.08 < empty < 0.12


def test_no_caption_is_cut(folder: Path) -> None:
    tokenizer = load_tokenizer(folder)
    rng = np.random.default_rng(2)
    for row in random_indices(rng, 300):
        assert len(tokenizer(draw_caption(row, rng).text)["input_ids"]) < MAX_LENGTH


def test_known_words_are_one_token_and_unknown_ones_fall_apart(folder: Path) -> None:
    tokenizer = load_tokenizer(folder)
    for classes in CLASSES.values():
        for entry in classes:
            # "bird's-eye" is two words and an ending.
            for word in re.findall("[a-z]+", " ".join(entry.words).lower()):
                assert len(tokenizer(word)["input_ids"]) == 3, word
    assert len(tokenizer("zyxqw")["input_ids"]) > 4
    assert tokenizer.unk_token_id not in tokenizer("Füße 漢字 wanderer")["input_ids"][1:-1]


def test_ids_are_padded_to_one_length(folder: Path) -> None:
    ids = token_ids(load_tokenizer(folder), ["", "a cartoon " * 60])
    assert [len(row) for row in ids] == [MAX_LENGTH, MAX_LENGTH]
