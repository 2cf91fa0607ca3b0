"""Chords as pitches, each moving as little as it can from the one before."""

from __future__ import annotations

from collections.abc import Sequence

from songreel_score.plan.harmony import Chord

Voicing = tuple[int, ...]


def voice(chord: Chord, before: Voicing | None, centre: float) -> Voicing:
    """Close voicing of a chord, MIDI pitches rising.

    Args:
        chord: what to play.
        before: the voicing that it follows.
        centre: where its mean should lie.
    """
    choices = [
        _stack(chord.tones[turn:] + chord.tones[:turn], lowest)
        for turn in range(len(chord.tones))
        for lowest in range(int(centre) - 14, int(centre) + 8)
        if lowest % 12 == chord.tones[turn]
    ]

    def cost(voicing: Voicing) -> float:
        height = abs(sum(voicing) / len(voicing) - centre)
        if before is None:
            return height
        moves = sum(min(abs(pitch - other) for other in before) for pitch in voicing)
        return moves + 0.35 * height

    return min(choices, key=cost)


def _stack(classes: Sequence[int], lowest: int) -> Voicing:
    pitches = [lowest]
    for each in classes[1:]:
        pitches.append(pitches[-1] + ((each - pitches[-1]) % 12 or 12))
    return tuple(pitches)


def near(pitch_class: int, target: float) -> int:
    """The pitch of a class that is nearest to `target`."""
    return round((target - pitch_class) / 12) * 12 + pitch_class


def nearest_of(classes: Sequence[int], pitch: int) -> int:
    """The pitch nearest to `pitch` whose class is one of `classes`; the lower of two."""
    return min((near(each, pitch) for each in classes), key=lambda p: (abs(p - pitch), p))
