"""The demo song's singer: harmonics under moving formants, with noise for consonants.

A syllable is written as phonemes joined by "-", for example "l-ih-t". The vowel sounds on
the note's time; consonants before it borrow from the silence or the note before, as a
singer's do.
"""

from dataclasses import dataclass

import numpy as np
from instruments import SAMPLE_RATE, Signal, filtered, frequency

FRAME_RATE = 400
"""Control values per second."""

HARMONICS = 26

# First three formants in Hz of a woman's voice, after Peterson and Barney (1952).
_VOWELS: dict[str, tuple[float, float, float]] = {
    "iy": (310, 2790, 3310),
    "ih": (430, 2480, 3070),
    "eh": (610, 2330, 2990),
    "ae": (860, 2050, 2850),
    "aa": (850, 1220, 2810),
    "ao": (590, 920, 2710),
    "uh": (470, 1160, 2680),
    "uw": (370, 950, 2670),
    "ah": (760, 1400, 2780),
    "er": (500, 1640, 1960),
}
_GLIDES: dict[str, tuple[str, str]] = {
    "ay": ("aa", "ih"),
    "ey": ("eh", "iy"),
    "ow": ("ao", "uw"),
    "aw": ("aa", "uw"),
    "ir": ("iy", "er"),
}


@dataclass(frozen=True)
class _Consonant:
    seconds: float
    voiced: float
    """Share of the full voice that goes on sounding, in [0, 1]."""
    formants: tuple[float, float, float]
    noise: str = ""
    """Name of a noise colour, "" for none."""
    loudness: float = 0.0


_CONSONANTS: dict[str, _Consonant] = {
    "l": _Consonant(0.055, 0.45, (380, 1200, 2900)),
    "r": _Consonant(0.055, 0.45, (400, 1250, 1700)),
    "w": _Consonant(0.06, 0.4, (320, 720, 2400)),
    "m": _Consonant(0.06, 0.3, (280, 1000, 2300)),
    "n": _Consonant(0.055, 0.3, (280, 1650, 2500)),
    "ng": _Consonant(0.06, 0.3, (280, 2000, 2600)),
    "b": _Consonant(0.045, 0.08, (300, 900, 2400), "thud", 0.25),
    "d": _Consonant(0.04, 0.08, (300, 1800, 2700), "hush", 0.22),
    "k": _Consonant(0.06, 0.0, (400, 1900, 2600), "hush", 0.45),
    "t": _Consonant(0.05, 0.0, (400, 1800, 2700), "hiss", 0.5),
    "s": _Consonant(0.085, 0.0, (350, 1700, 2700), "hiss", 0.4),
    "z": _Consonant(0.06, 0.25, (350, 1700, 2700), "hiss", 0.2),
    "sh": _Consonant(0.085, 0.0, (350, 1900, 2700), "hush", 0.5),
    "ch": _Consonant(0.075, 0.0, (350, 1900, 2700), "hush", 0.55),
    "f": _Consonant(0.075, 0.0, (350, 1100, 2500), "breath", 0.3),
    "v": _Consonant(0.05, 0.3, (300, 1100, 2400), "breath", 0.1),
    "th": _Consonant(0.045, 0.25, (320, 1400, 2600), "breath", 0.12),
    "h": _Consonant(0.06, 0.0, (500, 1500, 2700), "breath", 0.35),
}
_NOISES = {"hiss": (5_200, 12_000), "hush": (2_200, 6_500), "breath": (900, 9_000),
           "thud": (120, 900)}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """A sung syllable."""

    start: float
    """Seconds; where the vowel begins."""
    seconds: float
    pitch: float
    phonemes: str
    loudness: float = 1.0


class _Controls:
    """Control curves of the whole song at `FRAME_RATE`, filled note by note."""

    def __init__(self, seconds: float) -> None:
        frames = round(seconds * FRAME_RATE)
        self.pitch = np.zeros(frames)
        self.voice = np.zeros(frames)
        self.formants = np.tile(np.array(_VOWELS["ah"]), (frames, 1))
        self.noises = {name: np.zeros(frames) for name in _NOISES}

    def sing(self, note: Note) -> None:
        """Writes one syllable into the curves."""
        sounds = note.phonemes.split("-")
        nucleus = next(i for i, s in enumerate(sounds) if s in _VOWELS or s in _GLIDES)
        onset = [_CONSONANTS[sound] for sound in sounds[:nucleus]]
        coda = [_CONSONANTS[sound] for sound in sounds[nucleus + 1 :]]
        lead = sum(consonant.seconds for consonant in onset)
        tail = sum(consonant.seconds for consonant in coda)
        ring = max(note.seconds - tail, 0.06)
        first = self._frame(note.start - lead)
        last = self._frame(note.start + ring + tail)
        self.pitch[first:last] = note.pitch
        self._consonants(note.start - lead, onset, note.loudness)
        begin, end = _GLIDES.get(sounds[nucleus], (sounds[nucleus], sounds[nucleus]))
        a, b = self._frame(note.start), self._frame(note.start + ring)
        # A glide holds its first vowel and turns in the last third of the note.
        turn = np.clip((np.linspace(0, 1, b - a) - 0.6) / 0.35, 0, 1)[:, None]
        self.formants[a:b] = (1 - turn) * np.array(_VOWELS[begin]) + turn * np.array(_VOWELS[end])
        self.voice[a:b] = note.loudness * np.linspace(1.0, 0.72, b - a)
        self._consonants(note.start + ring, coda, note.loudness)

    def _frame(self, seconds: float) -> int:
        return min(max(round(seconds * FRAME_RATE), 0), len(self.voice))

    def _consonants(self, start: float, consonants: list[_Consonant], loudness: float) -> None:
        for consonant in consonants:
            a, b = self._frame(start), self._frame(start + consonant.seconds)
            self.formants[a:b] = consonant.formants
            self.voice[a:b] = loudness * consonant.voiced
            if consonant.noise:
                shape = np.sin(np.pi * (np.arange(b - a) + 0.5) / max(b - a, 1)) ** 0.5
                self.noises[consonant.noise][a:b] = loudness * consonant.loudness * shape
            start += consonant.seconds


def _smoothed(curve: Signal, seconds: float) -> Signal:
    width = max(round(seconds * FRAME_RATE), 1)
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(curve, width, mode="edge")
    smooth = np.convolve(padded, window / window.sum(), "same")[width:-width]
    return smooth.astype(np.float64)


def sing(notes: list[Note], seconds: float, noise: np.random.Generator) -> Signal:
    """The whole vocal track, `seconds` long, about 0.5 at its loudest."""
    controls = _Controls(seconds)
    for note in notes:
        controls.sing(note)
    pitch = controls.pitch.copy()
    sounding = np.flatnonzero(pitch)
    pitch = np.interp(np.arange(len(pitch)), sounding, pitch[sounding])
    frames = np.arange(len(pitch)) / FRAME_RATE
    vibrato = 0.18 * np.sin(2 * np.pi * 5.4 * frames) * _smoothed(controls.voice, 0.4)
    hertz = np.array([frequency(p) for p in _smoothed(pitch, 0.05) + vibrato])
    formants = np.stack([_smoothed(controls.formants[:, i], 0.04) for i in range(3)], axis=1)
    voice = _smoothed(controls.voice, 0.025)

    samples = np.arange(round(seconds * SAMPLE_RATE)) * (FRAME_RATE / SAMPLE_RATE)
    phase = 2 * np.pi * np.cumsum(np.interp(samples, np.arange(len(hertz)), hertz)) / SAMPLE_RATE
    track = np.zeros(len(samples))
    for harmonic in range(1, HARMONICS + 1):
        strength = voice * _resonance(hertz * harmonic, formants) / harmonic**0.9
        track += np.interp(samples, np.arange(len(strength)), strength) * np.sin(harmonic * phase)
    for name, (low, high) in _NOISES.items():
        colour = filtered(noise.standard_normal(len(samples)), low, high)
        colour *= 0.16 / np.sqrt(np.mean(colour**2))
        loudness = np.interp(samples, np.arange(len(voice)), controls.noises[name])
        track += colour * loudness
    return track


def _resonance(hertz: Signal, formants: Signal) -> Signal:
    """How much of a harmonic at `hertz` (frames,) the mouth lets through."""
    total = np.full(len(hertz), 0.04)
    for index, (width, gain) in enumerate(((110.0, 1.0), (150.0, 0.6), (220.0, 0.35))):
        total += gain / (1.0 + ((hertz - formants[:, index]) / width) ** 2)
    return total
