"""Recorded music of several genres is heard sensibly."""

import csv

import pytest
from songreel_audio.analysis import analyze

# Where the recordings' onsets repeat themselves most (autocorrelation of the whole song: 44.2,
# 88.5 and 177 bpm; 64.6 and 129.2 bpm). Which of these levels is the beat, listeners may
# disagree about, so any of them passes.
SONGS = {
    "lets-go-fishin.ogg": (88.5, 4),
    "vibe-ace.ogg": (130.0, 4),
}


@pytest.mark.parametrize("name", SONGS)
def test_the_tempo_of_a_recording(shared_data, name):
    analysis = analyze(shared_data / "music" / name)
    bpm, metre = SONGS[name]
    levels = [bpm * factor for factor in (0.5, 1.0, 2.0)]
    assert min(abs(analysis.tempo_bpm / level - 1) for level in levels) < 0.04
    assert analysis.metre == metre
    assert len(analysis.sections) >= 2


def test_speech_has_no_steady_beat(shared_data):
    analysis = analyze(shared_data / "music" / "speech-198-209-0000.ogg")
    assert analysis.metre == 0
    assert any("no steady beat" in warning for warning in analysis.warnings)
    assert sum(span.end - span.start for span in analysis.vocals) > 0.6 * analysis.duration


@pytest.mark.parametrize("name", ["Fantasma_-_Los_Rombos", "Guayeteo_-_JhoyKing"])
def test_most_of_the_singing_is_found(shared_data, name):
    folder = shared_data / "sung"
    analysis = analyze(folder / f"{name}.mp3")
    with (folder / f"{name}.lines.csv").open(encoding="utf-8") as file:
        rows = [[float(value) for value in list(row.values())[:2]] for row in csv.DictReader(file)]
    sung = sum(end - start for start, end in rows)
    found = sum(
        max(0.0, min(end, span.end) - max(start, span.start))
        for start, end in rows
        for span in analysis.vocals
    )
    assert found / sung >= 0.8
