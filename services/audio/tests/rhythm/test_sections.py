"""Sections cover the song, begin on bars and repeat their letters."""

import itertools

import numpy as np
import pytest
from songreel_audio import spectrum
from songreel_audio.rhythm import sections

RATE = spectrum.SAMPLE_RATE


def part(kind, seconds):
    """Eight seconds or so of music of one kind."""
    noise = np.random.default_rng(5)
    time = np.arange(int(seconds * RATE)) / RATE
    if kind == "quiet":
        return 0.05 * np.sin(2 * np.pi * 220 * time) * np.exp(-3 * (time % 0.5))
    if kind == "loud":
        beat = np.exp(-20 * (time % 0.5))
        return 0.5 * noise.standard_normal(len(time)) * beat + 0.3 * np.sin(2 * np.pi * 110 * time)
    return 0.3 * np.sign(np.sin(2 * np.pi * 440 * time)) * (0.5 + 0.5 * (time % 1.0))


def divide(kinds, seconds=10.0):
    samples = np.concatenate([part(kind, seconds) for kind in kinds]).astype(np.float32)
    downbeats = np.arange(0, len(samples) / RATE, 2.0)
    return sections.divide(spectrum.compute(samples), downbeats, len(samples) / RATE), downbeats


def test_boundaries_are_where_the_music_changes():
    parts, _ = divide(["quiet", "loud", "bright", "quiet"])
    assert [p.start for p in parts] == pytest.approx([0, 10, 20, 30], abs=0.01)


def test_parts_that_sound_alike_share_a_letter():
    parts, _ = divide(["quiet", "loud", "quiet", "loud"])
    assert [p.label for p in parts] == ["A", "B", "A", "B"]


def test_the_loudest_part_has_energy_one():
    parts, _ = divide(["quiet", "loud", "quiet"])
    assert parts[1].energy == pytest.approx(1.0)
    assert parts[0].energy < 0.3


@pytest.mark.parametrize("seconds", [1.0, 2.5, 7.0, 40.0])
@pytest.mark.parametrize("with_bars", [True, False])
def test_sections_cover_any_song_exactly(seconds, with_bars):
    samples = part("loud", seconds).astype(np.float32)
    downbeats = np.arange(0.3, seconds, 2.0) if with_bars else np.zeros(0)
    parts = sections.divide(spectrum.compute(samples), downbeats, seconds)
    assert parts[0].start == 0.0
    assert parts[-1].end == seconds
    assert all(a.end == b.start and a.end > a.start for a, b in itertools.pairwise(parts))
