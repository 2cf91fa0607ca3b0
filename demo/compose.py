"""Composes the demo song "Paper Boat" and writes `song.mp3` and `song.lrc` beside itself.

    python demo/compose.py [FOLDER]

108 beats a minute, 4/4, 14 bars: a quiet intro and verse, a loud chorus, a quiet end.
Everything is computed: the same script gives the same samples.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import av
import instruments as band
import numpy as np
from instruments import SAMPLE_RATE, Signal
from numpy.typing import NDArray
from voice import Note, sing

Stereo = NDArray[np.float32]

TITLE = "Paper Boat"
ARTIST = "songreel"
BPM = 108
BEAT = 60 / BPM
"""Seconds; exactly 24,500 samples."""
BEATS_PER_BAR = 4
BARS = 14
BAR = BEATS_PER_BAR * BEAT
SECONDS = BARS * BAR
CHORUS = range(6, 12)
"""The loud bars."""
QUIET_BARS = (0, 1, 2, 3, 4, 5, 12, 13)

_CHORDS = ("Am", "G", "Am", "F", "C", "G", "C", "G", "Am", "F", "F", "G", "C", "C")
_NOTES = {"Am": (57, 60, 64), "F": (53, 57, 60), "C": (55, 60, 64), "G": (55, 59, 62)}
_ROOTS = {"Am": 45, "F": 41, "C": 36, "G": 43}


@dataclass(frozen=True)
class Line:
    """A sung line: it starts with its bar."""

    bar: int
    text: str
    syllables: str
    """One "phonemes/pitch/sixteenths" for each syllable."""


LINES = (
    Line(2, "A little boat leaves the beach at dawn",
         "ah/64/1 l-ih-t/69/1 l/69/2 b-ow-t/72/3 l-iy-v-z/71/2 th-ah/69/1 b-iy-ch/67/2 "
         "ae-t/64/1 d-ao-n/69/3"),
    Line(3, "A white bird follows and sings along",
         "ah/65/1 w-ay-t/69/2 b-er-d/69/2 f-aa/72/2 l-ow-z/71/1 ae-n-d/69/1 s-ih-ng-z/69/2 "
         "ah/67/1 l-ao-ng/69/4"),
    Line(4, "Rain in the city, the streets are grey",
         "r-ey-n/72/2 ih-n/72/1 th-ah/71/1 s-ih/67/2 t-iy/64/2 th-ah/64/1 s-t-r-iy-t-s/67/2 "
         "aa/69/1 r-ey/67/4"),
    Line(5, "A lonely woman looks far away",
         "ah/62/1 l-ow-n/67/2 l-iy/67/1 w-uh/71/2 m-ah-n/69/2 l-uh-k-s/67/2 f-aa/69/2 "
         "ah/71/1 w-ey/74/3"),
    Line(6, "So dance, my heart, in the sunset light",
         "s-ow/72/1 d-aa-n-s/76/3 m-ay/74/1 h-aa-t/72/3 ih-n/72/1 th-ah/74/1 s-ah-n/76/2 "
         "s-eh-t/74/1 l-ay-t/72/3"),
    Line(7, "Over the mountains, into the night",
         "ow/74/2 v-er/74/1 th-ah/72/1 m-aw-n/71/2 t-ah-n-z/74/2 ih-n/74/1 t-uw/72/1 "
         "th-ah/71/2 n-ay-t/74/4"),
    Line(8, "Flowers are shining, the stars are near",
         "f-l-aw/76/2 er-z/76/1 aa/74/1 sh-ay/72/2 n-ih-ng/72/2 th-ah/71/1 s-t-aa-z/72/3 "
         "aa/71/1 n-ir/69/3"),
    Line(9, "We sing on the stage and the crowd can hear",
         "w-iy/69/1 s-ih-ng/72/2 ao-n/72/1 th-ah/72/1 s-t-ey-ch/77/3 ae-n-d/76/1 th-ah/74/1 "
         "k-r-aw-d/72/2 k-ae-n/74/1 h-ir/72/3"),
    Line(10, "So dance, my heart, on the road back home",
         "s-ow/72/1 d-aa-n-s/77/3 m-ay/76/1 h-aa-t/74/3 ao-n/72/1 th-ah/74/1 r-ow-d/76/2 "
         "b-ae-k/74/1 h-ow-m/72/3"),
    Line(12, "A boat on the lake, no more alone",
         "ah/64/1 b-ow-t/67/2 ao-n/67/1 th-ah/67/1 l-ey-k/72/3 n-ow/71/2 m-ao/67/2 ah/69/1 "
         "l-ow-n/72/3"),
)  # fmt: skip


def beat_times() -> Signal:
    """The song's true beats in seconds, (56,); every fourth, from the first, opens a bar."""
    return np.arange(BARS * BEATS_PER_BAR, dtype=np.float64) * BEAT


def _add(track: Signal, sound: Signal, seconds: float, gain: float) -> None:
    start = round(seconds * SAMPLE_RATE)
    end = min(start + len(sound), len(track))
    track[start:end] += gain * sound[: end - start]


def _empty() -> Signal:
    return np.zeros(round(SECONDS * SAMPLE_RATE))


def _drums(noise: np.random.Generator) -> Signal:
    track = _empty()
    for bar in range(BARS - 1):
        start = bar * BAR
        loud = bar in CHORUS
        for eighth in range(8):
            level = (0.10 if loud else 0.045) * (1.0 if eighth % 2 == 0 else 0.6)
            _add(track, band.hat(noise, 0.07), start + eighth * BEAT / 2, level)
        if not loud:
            # A heartbeat under the quiet bars keeps the pulse.
            _add(track, band.kick(), start, 0.34)
            _add(track, band.kick(), start + 2 * BEAT, 0.24)
            continue
        for beat in (0.0, 1.5, 2.0):
            _add(track, band.kick(), start + beat * BEAT, 0.85 if beat != 1.5 else 0.5)
        for beat in (1, 3):
            _add(track, band.snare(noise), start + beat * BEAT, 0.55)
    for sixteenth in range(8):
        # The roll out of the last chorus bar.
        start = (CHORUS.stop - 1) * BAR + 2 * BEAT + sixteenth * BEAT / 4
        _add(track, band.snare(noise), start, 0.18 + 0.04 * sixteenth)
    _add(track, band.crash(noise), CHORUS.start * BAR, 0.28)
    _add(track, band.crash(noise), (CHORUS.start + 4) * BAR, 0.2)
    return track


def _bass() -> Signal:
    track = _empty()
    for bar, chord in enumerate(_CHORDS):
        root = _ROOTS[chord]
        if bar in CHORUS:
            for eighth, step in enumerate((0, 0, 12, 0, 7, 7, 12, 7)):
                sound = band.bass(root + step, BEAT / 2)
                _add(track, sound, bar * BAR + eighth * BEAT / 2, 0.25)
        elif bar >= 2:
            _add(track, band.bass(root, BAR * (1.0 if bar < BARS - 2 else 0.9)), bar * BAR, 0.24)
    return track


def _chords() -> Signal:
    track = _empty()
    for bar, chord in enumerate(_CHORDS):
        loud = bar in CHORUS
        for pitch in _NOTES[chord]:
            sound = band.pad(pitch, BAR + 0.2, 0.75 if loud else 0.25)
            _add(track, sound, bar * BAR, 0.10 if loud else 0.06)
            if loud:
                _add(track, band.pad(pitch + 12, BAR + 0.1, 0.6), bar * BAR, 0.05)
        low, middle, high = _NOTES[chord]
        pattern = (low, middle, high, middle + 12, high, middle, low + 12, middle)
        steps = pattern if bar < BARS - 1 else pattern[:1]
        for eighth, pitch in enumerate(steps):
            # The first of the bar is played harder, as a guitarist does.
            gain = (0.30 if eighth == 0 else 0.2) * (0.8 if loud else 1.0)
            _add(track, band.pluck(pitch, 1.4), bar * BAR + eighth * BEAT / 2, gain)
    return track


def _lead() -> Signal:
    track = _empty()
    phrases = {
        0: ((0, 76), (1, 72), (2, 69), (3, 72)),
        1: ((0, 74), (1, 71), (2, 67), (3, 71)),
        11: ((0, 74), (0.5, 76), (1, 79), (2, 83), (2.5, 81), (3, 79), (3.5, 74)),
        13: ((0, 76), (1, 79), (2, 84)),
    }
    for bar, notes in phrases.items():
        for beat, pitch in notes:
            _add(track, band.bell(pitch, 1.6), bar * BAR + beat * BEAT, 0.16)
    return track


def _notes(line: Line, transpose: int = 0) -> list[Note]:
    notes: list[Note] = []
    start = line.bar * BAR
    syllables = [syllable.split("/") for syllable in line.syllables.split()]
    for index, (phonemes, pitch, sixteenths) in enumerate(syllables):
        length = int(sixteenths) * BEAT / 4
        # A breath before the next line.
        held = length - (0.12 if index == len(syllables) - 1 else 0.01)
        sound = "uh-l" if phonemes == "l" else phonemes
        loudness = 1.0 if line.bar in CHORUS else 0.62
        notes.append(Note(start, held, int(pitch) + transpose, sound, loudness))
        start += length
    return notes


def samples() -> Stereo:
    """The song, (2, samples) float32 in (-1, 1) at 44.1 kHz."""
    noise = np.random.default_rng(108)
    drums, low, chords, lead = _drums(noise), _bass(), _chords(), _lead()
    melody = sing([note for line in LINES for note in _notes(line)], SECONDS, noise)
    harmony_lines = [line for line in LINES if line.bar in CHORUS]
    harmony = sing([n for line in harmony_lines for n in _notes(line, -5)], SECONDS, noise)
    vocal = 0.50 * melody + 0.14 * harmony
    hall = band.reverberated(vocal + 0.5 * chords + 0.8 * lead + 0.12 * drums, noise, 1.6)
    other_hall = band.reverberated(vocal + 0.5 * chords + 0.8 * lead + 0.12 * drums, noise, 1.6)
    centre = vocal + drums + low + 0.15 * hall
    delay = round(0.011 * SAMPLE_RATE)
    wide = np.concatenate([np.zeros(delay), chords[:-delay]])
    left = centre + chords + 0.75 * lead + 0.25 * hall
    right = centre + wide + 0.95 * lead + 0.25 * other_hall
    # tanh is the limiter: transparent for the quiet bars, rounding for the loud ones.
    mix = 0.92 * np.tanh(0.95 * np.stack([left, right]))
    fall = round(0.9 * BAR * SAMPLE_RATE)
    mix[:, -fall:] *= np.linspace(1, 0, fall) ** 1.5
    return mix.astype(np.float32)


def lyrics() -> str:
    """The words as LRC; a line's time is its bar's."""
    rows = [f"[ti:{TITLE}]", f"[ar:{ARTIST}]", "[la:en]"]
    for line in LINES:
        minutes, seconds = divmod(line.bar * BAR, 60)
        rows.append(f"[{int(minutes):02d}:{seconds:05.2f}]{line.text}")
    end = 13 * BAR
    rows.append(f"[{int(end // 60):02d}:{end % 60:05.2f}]")
    return "\n".join(rows) + "\n"


def encode(song: Stereo, path: Path) -> None:
    """Writes `song` as a tagged 160 kbit/s mp3."""
    with av.open(str(path), "w", format="mp3") as container:
        container.metadata.update({"title": TITLE, "artist": ARTIST})
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = 160_000
        frame = av.AudioFrame.from_ndarray(song, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def main() -> None:
    """Writes the song and its words into the folder of the first argument."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    encode(samples(), folder / "song.mp3")
    (folder / "song.lrc").write_text(lyrics(), encoding="utf-8")


if __name__ == "__main__":
    main()
