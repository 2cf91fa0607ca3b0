"""Which soundfont plays: the one that was named, else Debian's, else the one of pretty_midi."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from songreel_kit.errors import ModelMissing

DEBIAN_FONTS: Final = (
    Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
    Path("/usr/share/sounds/sf3/MuseScore_General.sf3"),
    Path("/usr/share/sounds/sf2/MuseScore_General.sf2"),
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
)
"""In order of how well they sound: musescore-general-soundfont-small and -soundfont (MIT),
fluid-soundfont-gm (MIT), timgm6mb-soundfont (GPL-2)."""


@dataclass(frozen=True)
class Soundfont:
    """A General MIDI soundfont."""

    path: Path
    name: str
    """Of its file; named in results."""


def find_soundfont(path: Path | None = None) -> Soundfont:
    """The soundfont to play with.

    Raises:
        ModelMissing: the one that was named is not there, or there is none at all.
    """
    if path is not None:
        if not path.is_file():
            raise ModelMissing(
                f"there is no soundfont {path}; name a .sf2 or .sf3 file, or none for the default"
            )
        return Soundfont(path, path.name)
    for found in (*DEBIAN_FONTS, _packaged()):
        if found is not None and found.is_file():
            return Soundfont(found, found.name)
    raise ModelMissing(
        "no soundfont was found; apt install musescore-general-soundfont-small, or name a .sf2 "
        "file in SONGREEL_SCORE_SOUNDFONT"
    )


def _packaged() -> Path | None:
    """TimGM6mb.sf2 in the wheel of pretty_midi, found without importing it."""
    try:
        return Path(str(files("pretty_midi").joinpath("TimGM6mb.sf2")))
    except ModuleNotFoundError:
        return None
