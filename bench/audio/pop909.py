"""Songs of POP909 as sound: their MIDI played by FluidSynth, with the beats that are known."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

ARCHIVE = Path("pop909") / "pop909.tar.gz"
SOUNDFONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf2/default-GM.sf2"),
)
SEED = 2502
SONGS = 40
RENDER_RATE = 44_100
SECONDS = 900
"""After which a render counts as hung; it takes four on an idle core."""


@dataclass(frozen=True)
class Song:
    """A rendered song."""

    name: str
    sound: Path
    beats: NDArray[np.float64]
    """(beats,) s."""
    downbeats: NDArray[np.float64]
    """(bars,) s."""


def lack(data: Path) -> str:
    """What keeps the songs from being rendered, empty when nothing does."""
    if not (data / ARCHIVE).is_file():
        return f"{ARCHIVE} is not in the data folder"
    if shutil.which("fluidsynth") is None:
        return "fluidsynth is not installed (Debian: fluidsynth, fluid-soundfont-gm)"
    if not any(font.is_file() for font in SOUNDFONTS):
        return f"no soundfont at {SOUNDFONTS[0]} (Debian: fluid-soundfont-gm)"
    return ""


def cache() -> Path:
    """Where renders are kept from one run to the next."""
    return Path(tempfile.gettempdir()) / "songreel-bench" / "pop909"


def names(data: Path, count: int = SONGS, *, seed: int = SEED, skip: int = 0) -> list[str]:
    """Songs drawn by `seed`; `skip` leaves the first ones out, for a second, disjoint draw."""
    with tarfile.open(data / ARCHIVE) as archive:
        found = sorted(Path(name).stem for name in archive.getnames() if name.endswith(".mid"))
    order = np.random.default_rng(seed).permutation(found)
    return [str(name) for name in order[skip : skip + count]]


def song(data: Path, name: str, *, melody: bool = True) -> Song:
    """Renders a song once, with or without its melody track."""
    folder = cache() / name
    if not (folder / "beat_midi.txt").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(data / ARCHIVE) as archive:
            wanted = [m for m in archive.getmembers() if Path(m.name).parent.name == name]
            archive.extractall(folder.parent, wanted, filter="data")
    sound = folder / ("song.flac" if melody else "accompaniment.flac")
    if not sound.is_file():
        _render(folder / f"{name}.mid", sound, melody=melody)
    rows = np.loadtxt(folder / "beat_midi.txt")
    return Song(name, sound, rows[:, 0], rows[rows[:, 2] > 0, 0])


def _render(score: Path, sound: Path, *, melody: bool) -> None:
    midi = mido.MidiFile(score)
    if not melody:
        midi.tracks[:] = [track for track in midi.tracks if track.name != "MELODY"]
    font = next(font for font in SOUNDFONTS if font.is_file())
    with tempfile.TemporaryDirectory(dir=sound.parent) as scratch:
        played, part = Path(scratch) / "score.mid", Path(scratch) / sound.name
        midi.save(played)
        command = ["fluidsynth", "-ni", "-g", "0.6", "-r", str(RENDER_RATE), "-T", "flac"]
        subprocess.run(
            [*command, "-F", str(part), str(font), str(played)],
            check=True,
            timeout=SECONDS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Whole or not at all: a run that is broken off leaves no half song behind.
        part.replace(sound)
