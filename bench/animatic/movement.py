"""Do subjects move, and on the beat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import mir_eval
import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks
from songreel_animatic.animatic import Animatic, motion_between
from songreel_render.animatic.music import music_of
from songreel_render.animatic.shots import shots_of

from bench.animatic.songs import Case, cases
from bench.tables import Table

RATE, SIZE = 24, 256
MOVES = 0.02
"""Of the picture's height in a second: more is movement that one sees."""
SECONDS = 2.0
WINDOW = 0.070
"""Seconds within which an accent is on a beat."""
LONGEST = 60.0
"""Seconds of each song whose frames are compared."""


def movement_table(_folder: Path) -> Table:
    """How far the pixels of subjects go, beside what the camera does to all."""
    table = Table(
        "Movement of subjects",
        ("song", "scenes with one", "scenes that move", "median, heights/s", "background"),
        f"Mean displacement of the pixels of a scene's subjects over {SECONDS:g} s (DIS flow at "
        f"{SIZE} px, {RATE} frames/s), less the median of the background's. A scene moves where it "
        f"is more than {MOVES:.0%} of the height in a second. Background: the same outside the "
        "subjects, its own median taken off.",
    )
    for name, case in cases().items():
        found = list(_scenes(case))
        moved = np.array([subject for subject, _ in found])
        behind = np.array([background for _, background in found])
        table.add(
            name,
            len(found),
            f"{(moved > MOVES).mean():.0%}",
            f"{np.median(moved):.3f}",
            f"{np.median(behind):.3f}",
        )
    return table


def _scenes(case: Case) -> Iterator[tuple[float, float]]:
    """Displacement of subjects and of the background, heights a second, scene by scene."""
    film = _film(case)
    for index, shot in enumerate(film.shots):
        if not shot.composition.subjects:
            continue
        end = min(shot.end, shot.start + SECONDS) - 1 / RATE
        times = np.arange(shot.start + 0.5 / RATE, end, 1 / RATE)
        subject: list[float] = []
        background: list[float] = []
        before = film.picture(float(times[0]), index)
        for t in times[:-1]:
            after = film.picture(float(t) + 1 / RATE, index)
            mask = film.scene(index).masks(float(t)).any(axis=0)
            flow = motion_between(before, after)
            before = after
            if not mask.any() or mask.all():
                continue
            own = np.linalg.norm(flow - np.median(flow[~mask], axis=0), axis=-1)
            subject.append(float(own[mask].mean()))
            background.append(float(own[~mask].mean()))
        if subject:
            yield np.mean(subject) * RATE / SIZE, np.mean(background) * RATE / SIZE


def beats_table(_folder: Path) -> Table:
    """Whether the picture's accents are on the song's beats."""
    table = Table(
        "Accents of the picture on the beat",
        ("song", "beats", "accents", "F at 70 ms", "F with shuffled beats"),
        f"Accents: maxima of the mean change from frame to frame ({SIZE} px, {RATE} frames/s, the "
        f"first {LONGEST:g} s), cuts left out. F: mir_eval, each accent against the nearest beat. "
        "Shuffled: the same intervals between beats in another order, mean of 20.",
    )
    rng = np.random.default_rng(1)
    for name, case in cases().items():
        end = min(case.analysis.duration, LONGEST)
        beats = np.array([beat for beat in case.analysis.beats if beat < end])
        accents = _accents(case, end)
        shuffled = [
            _f_measure(beats[0] + np.concatenate([[0.0], rng.permutation(np.diff(beats)).cumsum()])
                       + rng.uniform(0.0, float(np.median(np.diff(beats)))), accents)
            for _ in range(20)
        ]  # fmt: skip
        table.add(
            name, len(beats), len(accents), f"{_f_measure(beats, accents):.2f}",
            f"{np.mean(shuffled):.2f}",
        )  # fmt: skip
    return table


def _accents(case: Case, end: float) -> NDArray[np.float64]:
    film = _film(case)
    times = np.arange(0.5 / RATE, end, 1 / RATE)
    changes: list[float] = []
    before = film.picture(float(times[0]))
    for t in times[1:]:
        after = film.picture(float(t))
        same = film.scene_index(float(t)) == film.scene_index(float(t) - 1 / RATE)
        changes.append(float(cv2.absdiff(before, after).mean()) if same else np.nan)
        before = after
    energy = np.array(changes)
    energy[np.isnan(energy)] = np.nanmedian(energy)
    # Against what is usual around it: a wild scene has accents too.
    usual = cv2.GaussianBlur(energy[None], (0, 0), RATE / 2, borderType=cv2.BORDER_REFLECT)[0]
    peaks, _ = find_peaks(energy / usual, prominence=0.12, distance=RATE // 6)
    return times[1:][peaks]


def _f_measure(beats: NDArray[np.float64], accents: NDArray[np.float64]) -> float:
    return float(mir_eval.onset.f_measure(np.sort(beats), accents, window=WINDOW)[0])


def _film(case: Case) -> Animatic:
    shots, _ = shots_of(case.storyboard)
    return Animatic(shots, music_of(case.analysis), SIZE, SIZE)
