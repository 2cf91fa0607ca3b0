"""One soundtrack's takes, from the performance to the master."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from songreel_kit.bounds.score import DUCK, NONE

from songreel_score.perform.performance import Performance
from songreel_score.plan.score_plan import ScorePlan
from songreel_score.sound import mixing
from songreel_score.sound.mastering import Master, master
from songreel_score.sound.room import in_room
from songreel_score.sound.soundfonts import Soundfont
from songreel_score.sound.synthesizer import play
from songreel_score.sound.takes import RATE, Take, write_take
from songreel_score.styles import find_style
from songreel_score.watch.analysis import VideoAnalysis


@dataclass(frozen=True)
class Studio:
    """Takes of one soundtrack in a folder that goes when all is written."""

    folder: Path
    video: Path
    analysis: VideoAnalysis
    plan: ScorePlan
    performance: Performance
    soundfont: Soundfont
    check: Callable[[], None]

    @property
    def samples(self) -> int:
        """At 48 kHz, as many as the film is long."""
        return round(self.analysis.duration * RATE)

    def recorded(self, name: str, roles: set[str] | None = None) -> Take:
        """The music, or some roles of it, in its room and with its fades."""
        dry = play(self.performance, self.soundfont, roles, self.check)
        wet = in_room(dry, find_style(self.plan.style))
        take = write_take(self.folder / f"{name}.raw", wet, self.samples)
        faded = mixing.with_fades(take, self.folder / f"{name}.faded")
        take.path.unlink()
        return faded

    def finish(self, keep_sound: str) -> tuple[Master, str]:
        """The mastered sound, and what became of the film's own."""
        music = self.recorded("music")
        if not self.analysis.has_sound or keep_sound == NONE:
            return master(music, self.folder / "master", check=self.check), NONE
        own = mixing.film_sound(self.video, self.folder / "own", self.samples, self.check)
        both = mixing.mixed(
            music,
            own,
            self.folder / "mix",
            self.analysis.speech,
            duck=keep_sound == DUCK,
        )
        return master(both, self.folder / "master", check=self.check), keep_sound


def write_wav(take: Take, path: Path) -> None:
    """Writes a take as WAV of 24 bits; a draft may have any name."""
    with soundfile.SoundFile(
        str(path), "w", RATE, channels=2, format="WAV", subtype="PCM_24"
    ) as file:
        for _, _, block in take.blocks():
            file.write(np.asarray(block))
