"""Vocal activity: how much of the singing is found, and how much is found where nobody sings."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from songreel_audio import spectrum
from songreel_audio.decoding import decoding
from songreel_audio.lyrics import glides, vocal_activity

from bench.audio import pop909
from bench.audio.rows import NONE, Row, absent, at_least

Spans = list[tuple[float, float]]
KEPT = "vocal activity, share of sung time kept: "
INSTRUMENTALS = ("vibe-ace.ogg", "hungarian-dance-5.ogg")
RENDERS = 10


def heard(path: Path) -> tuple[Spans, float, float]:
    """Spans of voice (s), how sure it is that there is one, and the length (s).

    As in a `SongAnalysis`: nothing is marked in what is taken for an instrumental.
    """
    samples = decoding.decode(path).samples
    consumer = glides.GlideDetector(samples)
    found = vocal_activity.detect(spectrum.compute(samples, consumer), consumer)
    sung = found.spans if found.confidence >= vocal_activity.CONFIDENT else ()
    spans = [(span.start, span.end) for span in sung]
    return spans, found.confidence, len(samples) / spectrum.SAMPLE_RATE


def sung(data: Path) -> Iterator[Row]:
    """Rows of the songs whose words have times."""
    songs = sorted((data / "sung").glob("*.mp3"))
    if not songs:
        yield absent(KEPT + "mean", ">= 0.80", "sung/*.mp3 is not in the data folder")
        return
    kept: list[float] = []
    notes: list[str] = []
    for song in songs:
        with song.with_suffix(".lines.csv").open(encoding="utf-8") as file:
            lines = _merged(
                (float(row["start_time"]), float(row["end_time"])) for row in csv.DictReader(file)
            )
        spans, sure, length = heard(song)
        both = _shared(lines, spans)
        kept.append(both / _total(lines))
        silent = (_total(spans) - both) / (length - _total(lines))
        notes.append(f"{silent:.2f} (confidence {sure:.2f})")
    yield at_least(KEPT + "mean", 0.80, float(np.mean(kept)))
    yield at_least(KEPT + "worst", 0.50, min(kept))
    yield Row("the same songs: share marked where nobody sings", NONE, ", ".join(notes))


def instrumental(data: Path) -> Iterator[Row]:
    """Rows of music without a voice: what is marked, and how doubtful it is called."""
    music = [data / "music" / name for name in INSTRUMENTALS]
    present = [path for path in music if path.is_file()]
    if not present:
        yield absent("instrumental recordings: share marked", NONE, "music/ is not there")
    for path in present:
        yield _marked(path.name, [path])
    why = pop909.lack(data)
    for melody, name in ((True, "with"), (False, "without")):
        what = f"{RENDERS} POP909 renders {name} melody"
        if why:
            yield absent(what, NONE, why)
            continue
        names = pop909.names(data, RENDERS)
        yield _marked(what, [pop909.song(data, name, melody=melody).sound for name in names])


def _marked(what: str, paths: list[Path]) -> Row:
    found = [heard(path) for path in paths]
    share = float(np.mean([_total(spans) / length for spans, _, length in found]))
    sure = [sure for _, sure, _ in found]
    text = f"{share:.2f}, confidence {np.mean(sure):.2f}"
    wrong = f", {sum(each >= 0.5 for each in sure)} of {len(sure)} called vocal"
    return Row(f"no voice, {what}: share marked", NONE, text + wrong)


def _merged(spans: Iterable[tuple[float, float]]) -> Spans:
    """Without overlaps: a second voice comes in before the first has ended."""
    merged: Spans = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _total(spans: Spans) -> float:
    return sum(end - start for start, end in spans)


def _shared(first: Spans, second: Spans) -> float:
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in first for b in second)
