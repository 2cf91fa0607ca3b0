"""A `ScorePlan` as YAML that people read and edit, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import yaml
from songreel_kit.errors import InvalidScorePlan, SongreelError

from songreel_score.plan.harmony import chord_name, parse_key
from songreel_score.plan.plan_checks import check
from songreel_score.plan.score_plan import (
    FILM,
    Bar,
    Hit,
    MoodPoint,
    ScorePlan,
    Section,
    SkippedCut,
    Stretch,
    ThemeNote,
)

T = TypeVar("T")

FORMAT: Final = 1
MAX_BYTES: Final = 16 * 1024 * 1024
_HEADER: Final = """\
# The plan of a soundtrack. Edit it and give it back with --plan.
#   style, key   change instruments or transpose everything; chords are numerals of the key
#   mood         valence and arousal, -1 to 1, at times in seconds: instruments, register, loudness
#   stretches    from one kept cut to the next; the tempo follows from the beats of the bars
#   sections     a theme over some bars; variation 0 plays it as it is
#   themes       [bar, beat, length in beats, step of the scale above the tonic]
#   hits         moments that are marked; strength 0 to 1 is how loud
# What follows from the rest (bpm, names, error_ms) is written for you to read and ignored.
"""


class _Flow(dict[str, Any]):
    """A mapping on one line."""


class _FlowList(list[Any]):
    """A list on one line."""


class _Dumper(yaml.SafeDumper):
    pass


def _flow_mapping(dumper: yaml.SafeDumper, value: _Flow) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _flow_list(dumper: yaml.SafeDumper, value: _FlowList) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(_Flow, _flow_mapping)
_Dumper.add_representer(_FlowList, _flow_list)


def to_yaml(plan: ScorePlan) -> str:
    """The plan as a document."""
    tonic = parse_key(plan.key)
    document = {
        "format": FORMAT,
        "duration": plan.duration,
        "style": plan.style,
        "key": plan.key,
        "sync": plan.sync,
        "seed": plan.seed,
        "mood": [
            _Flow(time=p.time, valence=p.valence, arousal=p.arousal, by=p.by) for p in plan.mood
        ],
        "sections": [
            _Flow(name=s.name, theme=s.theme, variation=s.variation, scale=s.scale, bars=s.bars)
            for s in plan.sections
        ],
        "themes": {
            name: [_FlowList([n.bar, n.beat, n.length, n.step]) for n in notes]
            for name, notes in plan.themes.items()
        },
        "stretches": [
            {
                "start": s.start,
                "end": s.end,
                "bpm": round(s.bpm, 2),
                "bars": [
                    _Flow(
                        beats=bar.beats,
                        chords=_FlowList(bar.chords),
                        names=_FlowList([chord_name(c, tonic) for c in bar.chords]),
                    )
                    for bar in s.bars
                ],
            }
            for s in plan.stretches
        ],
        "hits": [
            _Flow(
                time=h.time,
                music_time=h.music_time,
                error_ms=round(h.error_ms, 1) + 0.0,
                strength=h.strength,
                by=h.by,
            )
            for h in plan.hits
        ],
        "skipped": [_Flow(time=s.time, reason=s.reason) for s in plan.skipped],
        "warnings": list(plan.warnings),
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return _HEADER + text


def from_yaml(text: str, duration: float | None = None) -> ScorePlan:
    """Reads a plan.

    Args:
        text: YAML or JSON.
        duration: of the video that it is for, s; not compared when None.

    Raises:
        InvalidScorePlan: what is wrong, and where.
        UnknownStyle: no such style.
    """
    if len(text) > MAX_BYTES:
        raise InvalidScorePlan(f"the plan is larger than {MAX_BYTES // 2**20} MB")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidScorePlan(f"the plan is no YAML: {error}") from error
    if not isinstance(document, dict):
        raise InvalidScorePlan("the plan is no mapping; write one with --save-plan and edit that")
    try:
        plan = _plan(document)
    except SongreelError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        named = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InvalidScorePlan(f"the plan cannot be read: {named}") from error
    check(plan, duration)
    return plan


def _plan(document: Mapping[str, Any]) -> ScorePlan:
    if document.get("format") != FORMAT:
        raise InvalidScorePlan(
            f"format is {document.get('format')!r}; this version reads format {FORMAT}"
        )
    return ScorePlan(
        duration=_number(document["duration"], "duration"),
        style=str(document["style"]),
        key=str(document["key"]),
        sync=str(document["sync"]),
        seed=int(document["seed"]),
        mood=_each(document["mood"], "mood", _mood_point),
        hits=_each(document.get("hits") or [], "hits", _hit),
        skipped=_each(
            document.get("skipped") or [],
            "skipped",
            lambda d: SkippedCut(_number(d["time"], "time"), str(d["reason"])),
        ),
        sections=_each(
            document["sections"],
            "sections",
            lambda d: Section(
                str(d["name"]),
                str(d["theme"]),
                int(d["variation"]),
                str(d["scale"]),
                int(d["bars"]),
            ),
        ),
        themes={
            str(name): _each(
                notes,
                f"themes.{name}",
                lambda n: ThemeNote(int(n[0]), float(n[1]), float(n[2]), int(n[3])),
            )
            for name, notes in document["themes"].items()
        },
        stretches=_each(document["stretches"], "stretches", _stretch),
        warnings=tuple(str(w) for w in document.get("warnings") or []),
    )


def _each(values: Sequence[Any], name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    read_values: list[T] = []
    for number, value in enumerate(values):
        try:
            read_values.append(read(value))
        except SongreelError:
            raise
        except Exception as error:
            named = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise InvalidScorePlan(
                f"{name}[{number}] of the plan cannot be read: {named}"
            ) from error
    return tuple(read_values)


def _number(value: Any, name: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise InvalidScorePlan(f"{name} is {value}; give a number")
    return number


def _mood_point(d: Mapping[str, Any]) -> MoodPoint:
    return MoodPoint(
        _number(d["time"], "time"),
        _number(d["valence"], "valence"),
        _number(d["arousal"], "arousal"),
        str(d.get("by", FILM)),
    )


def _hit(d: Mapping[str, Any]) -> Hit:
    time = _number(d["time"], "time")
    return Hit(
        time,
        _number(d.get("music_time", time), "music_time"),
        _number(d.get("strength", 1.0), "strength"),
        str(d.get("by", FILM)),
    )


def _stretch(d: Mapping[str, Any]) -> Stretch:
    return Stretch(
        _number(d["start"], "start"),
        _number(d["end"], "end"),
        tuple(Bar(int(b["beats"]), tuple(str(c) for c in b["chords"])) for b in d["bars"]),
    )
