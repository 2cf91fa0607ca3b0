"""A moving plan of every picture: compositions and music in, drawn frames out."""

from songreel_animatic.animatic import Animatic, Frame, motion_between
from songreel_animatic.composition import Composition, Shot, Subject
from songreel_animatic.music import Music, Section, Word

__all__ = [
    "Animatic",
    "Composition",
    "Frame",
    "Music",
    "Section",
    "Shot",
    "Subject",
    "Word",
    "motion_between",
]
