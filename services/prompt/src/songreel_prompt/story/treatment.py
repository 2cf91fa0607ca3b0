"""The story before its shots: who, where, when, and what returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from songreel.prompt.v1 import storyboard_pb2

from songreel_prompt.seeded_choice import seeded_choice
from songreel_prompt.song import Song
from songreel_prompt.story.composition import partner_of
from songreel_prompt.story.moods import light_of_mood, mood_of, palette_of, valence_rise
from songreel_prompt.story.structure import Part
from songreel_prompt.story.templates import Motif, StoryTemplate, choose_motif, choose_template
from songreel_prompt.wording.lexicon import Image, Reading
from songreel_prompt.wording.vocabulary import GUISES, PLACES, Picture

_HEROES: Final = ("woman", "man")
_GARMENTS: Final = ("yellow coat", "red scarf", "green jacket", "white shirt", "blue coat")
_ADJACENT: Final = {
    "beach": ("road", "lake", "city"),
    "mountains": ("forest", "meadow", "lake"),
    "forest": ("lake", "meadow", "mountains"),
    "city": ("room", "road", "stage"),
    "meadow": ("forest", "lake", "road"),
    "desert": ("road", "mountains", "city"),
    "lake": ("meadow", "forest", "beach"),
    "room": ("city", "meadow", "road"),
    "stage": ("city", "room", "road"),
    "road": ("meadow", "forest", "city"),
}
"""Adjacent places, for long parts."""
_WEATHERS: Final = {
    "joyful": ("clear", "clear", "cloudy"),
    "serene": ("clear", "cloudy", "snow"),
    "neutral": ("clear", "cloudy"),
    "tense": ("cloudy", "rain"),
    "sad": ("cloudy", "rain", "snow"),
}
_DAY: Final = ("dawn", "day", "sunset", "night")
_BRIDGE_TIME: Final = {"dawn": "night", "day": "night", "sunset": "dawn", "night": "dawn"}
"""The time of a bridge by that of the part before: it breaks with it."""
_SPOKEN: Final = 3
"""Weight of lyric images that settles the place of a whole part."""
_SPOKEN_TWICE: Final = 5
"""The same for time and weather: what is said once changes one scene only."""


@dataclass(frozen=True)
class Setting:
    """Where and when a part plays."""

    place: str
    adjacent: tuple[str, ...]
    """Adjacent places, for the later scenes of long parts; none where all belong to a bridge."""
    time: str
    weather: str


@dataclass(frozen=True)
class Plan:
    """The treatment as the staging needs it."""

    template: StoryTemplate
    hero: str
    """Subject of the vocabulary that the protagonist is."""
    garment: str
    """What the protagonist wears throughout."""
    motif: Motif
    settings: tuple[Setting, ...]
    """One for each part."""
    places: frozenset[str]
    """All places of the story's world."""
    palette: tuple[str, ...]

    @property
    def guises(self) -> tuple[str, ...]:
        """Subjects that the protagonist can be seen as."""
        return tuple(dict.fromkeys((self.hero, *GUISES)))

    @property
    def stranger(self) -> str:
        """Whoever the protagonist sees first and is one of a couple with later."""
        return partner_of(self.hero)


def plan_story(song: Song, parts: Sequence[Part], reading: Reading, *keys: object) -> Plan:
    """Chooses template, protagonist, motif and world; equal input gives an equal plan."""
    by_part = [
        reading.of(line.text for line in song.lines_between(part.start, part.end))
        # The refrain is where a song says what it is called.
        + (list(reading.title) if part.role == "refrain" else [])
        for part in parts
    ]
    everything = [image for images in by_part for image in images]
    if not any(part.role == "refrain" for part in parts):
        everything += reading.title
    template = choose_template(song, everything, *keys)
    places = _places(template, parts, by_part, *keys)
    settings = _settings(song, parts, by_part, template, places)
    spoken = Counter(i.place for i in everything if i.place is not None and i.weight > 2)
    world = {s.place for s in settings} | {p for p, count in spoken.items() if count > 1}
    return Plan(
        template=template,
        hero=seeded_choice(_HEROES, "hero", *keys),
        garment=seeded_choice(_GARMENTS, "garment", *keys),
        motif=choose_motif(template, everything, [s.place for s in settings], *keys),
        settings=tuple(settings),
        places=frozenset(world),
        palette=palette_of(song),
    )


def _places(
    template: StoryTemplate,
    parts: Sequence[Part],
    by_part: Sequence[Sequence[Image]],
    *keys: object,
) -> Mapping[str, str]:
    """Place by part key: named in the part, else of the template; distinct if possible."""
    roles = {part.key: part.role for part in parts}
    rank = {"refrain": 0, "verse": 1, "bridge": 2}
    order = sorted((key for key in roles if roles[key] in rank), key=lambda k: rank[roles[k]])
    spoken_anywhere = _weights([i for images in by_part for i in images], "place")
    chosen: dict[str, str] = {}
    for key in order:
        role = roles[key]
        same = [images for p, images in zip(parts, by_part, strict=True) if p.key == key]
        own = [image for images in same for image in images]
        spoken = _weights(own, "place")
        free = [p for p in spoken if p not in chosen.values() and spoken[p] >= _SPOKEN]
        of_template = {
            "refrain": template.refrain_places,
            "verse": template.verse_places,
            "bridge": template.bridge_places,
        }[role]
        open_places = [p for p in of_template if p not in chosen.values()] or [
            p for p in PLACES if p not in chosen.values()
        ] or list(PLACES)  # fmt: skip
        named = [p for p in open_places if spoken_anywhere[p]]
        if free:
            chosen[key] = max(free, key=lambda p: (spoken[p], p))
        else:
            chosen[key] = seeded_choice(named or open_places, "place", key, *keys)
    placed = [part for part in reversed(parts) if part.key in chosen]
    last = next((chosen[p.key] for p in placed if p.role == "refrain"), template.refrain_places[0])
    home = next((chosen[p.key] for p in placed if p.role == "verse"), last)
    for before, part in pairwise(parts):
        if part.role == "ending" and before.role == "refrain":
            chosen.setdefault(part.key, home)  # the circle closes where it began
    for key in roles:
        chosen.setdefault(key, last)  # an opening shows what is yet to come
    return chosen


def _settings(
    song: Song,
    parts: Sequence[Part],
    by_part: Sequence[Sequence[Image]],
    template: StoryTemplate,
    places: Mapping[str, str],
) -> list[Setting]:
    """Time moves with the story; what returns comes back at another time or weather."""
    times = list(template.times)
    if valence_rise(song) < -0.2 and times[-1] == "dawn":
        times.pop()  # a song that ends darker does not end in the morning
    settings: list[Setting] = []
    # A bridge breaks with everything seen before, so nobody goes there in passing.
    breaches = {places[part.key] for part in parts if part.role == "bridge"}
    seen: dict[str, set[tuple[str, str]]] = {}
    for part, images in zip(parts, by_part, strict=True):
        progress = (part.start + part.end) / 2 / song.duration
        time = (
            _named_in_lyrics(images, "time")
            or times[min(len(times) - 1, int(progress * len(times)))]
        )
        options = _WEATHERS[mood_of(song.feeling_between(part.start, part.end))]
        turn = -1 if part.role == "bridge" else part.occurrence % len(options)
        weather = _named_in_lyrics(images, "weather") or options[turn]
        if part.role == "bridge" and settings and not _named_in_lyrics(images, "time"):
            time = _BRIDGE_TIME[settings[-1].time]
        used = seen.setdefault(part.key, set())
        time, weather = _unseen(
            time, weather, used, options, fixed=bool(_named_in_lyrics(images, "time"))
        )
        used.add((time, weather))
        place = places[part.key]
        adjacent = tuple(p for p in _ADJACENT[place] if p not in breaches)
        settings.append(Setting(place, adjacent, time, weather))
    return settings


def _unseen(
    time: str, weather: str, used: set[tuple[str, str]], options: Sequence[str], *, fixed: bool
) -> tuple[str, str]:
    """A time and weather in which the place was not seen before, if there is one left."""
    later = [_DAY[(_DAY.index(time) + k) % len(_DAY)] for k in (0, 1, 3, 2)]
    times = [time] if fixed else later
    weathers = list(dict.fromkeys((weather, *options, "cloudy", "clear")))
    for candidate in ((t, w) for w in weathers for t in times):
        if candidate not in used:
            return candidate
    return time, weather


def _weights(images: Sequence[Image], field: str) -> Counter[str]:
    weights: Counter[str] = Counter()
    for image in images:
        value = getattr(image, field)
        if value is not None and image.weight > 1:
            weights[value] += image.weight
    return weights


def _named_in_lyrics(images: Sequence[Image], field: str) -> str | None:
    """What the part's lyrics say of its time or weather, when they say it plainly."""
    weights = _weights(images, field)
    if not weights:
        return None
    value, weight = min(weights.items(), key=lambda item: (-item[1], item[0]))
    return value if weight >= _SPOKEN_TWICE else None


def treatment_of(plan: Plan, song: Song, parts: Sequence[Part]) -> storyboard_pb2.Treatment:
    """The treatment in words, for people (and for whoever rewrites single scenes)."""
    hero = f"a {plan.hero}"
    of_role = {part.role: setting for part, setting in zip(parts, plan.settings, strict=True)}
    fallback = plan.settings[0]
    home = of_role.get("verse", fallback).place
    refrain = of_role.get("refrain", plan.settings[-1]).place
    words = {
        "hero": hero,
        "the_hero": f"the {plan.hero}",
        "motif": plan.motif.what,
        "the_motif": plan.motif.the,
        "home_name": PLACES[home].split(" ", 1)[1],
        "refrain_name": PLACES[refrain].split(" ", 1)[1],
    }
    sentences: list[str] = []
    seen: set[tuple[str, str]] = set()
    for part, setting in zip(parts, plan.settings, strict=True):
        here = {"home": PLACES[setting.place], "refrain": PLACES[setting.place]}
        sentence = plan.template.sentences[part.role].format(
            **words, **here, bridge=PLACES[setting.place]
        )
        if (part.key, part.role) in seen:
            sentence = f"again, {sentence}"
        seen.add((part.key, part.role))
        clock = f"{int(part.start // 60)}:{int(part.start % 60):02d}"
        weather = {"clear": "clear", "cloudy": "under clouds", "rain": "in rain", "snow": "in snow"}
        sentences.append(
            f"{clock} {part.role}: {sentence} ({setting.time}, {weather[setting.weather]})."
        )
    places = list(dict.fromkeys(PLACES[s.place] for s in plan.settings))
    return storyboard_pb2.Treatment(
        theme=plan.template.theme.format(
            **words, home=PLACES[home], refrain=PLACES[refrain], bridge=""
        ),
        protagonist=f"{hero}, {plan.garment}",
        world=", ".join(places),
        arc=" ".join(sentences),
        motifs=[plan.motif.what, plan.garment],
        palette=list(plan.palette),
    )


def light_of(picture: Picture, *keys: object) -> str:
    """The light or the air that suits a picture: "golden light"."""
    lights = light_of_mood(picture.mood, night=picture.time == "night")
    return seeded_choice(lights, "light", *keys)
