"""Worlds to learn from: which place, hour, weather and things a number stands for, in words with synonyms, and which are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipelines.places import Place, places
from pipelines.spec import SceneSpec, Season, ThingSpec, TimeOfDay, Weather
from pipelines.things import Kind, Library


class Split(StrEnum):
    """What a world is for."""

    TRAIN = "train"
    HELD_OUT = "held-out"


HELD_OUT_PLACES = ("bathroom", "café", "canyon", "harbour", "snowfield", "suburb")
"""Places that no training world shows; one half of the held-out worlds is of them, the other of known places with other seeds."""

FIRST_HELD_OUT_SEED = 1 << 31  # training seeds stay below
CAPTIONS = 4  # wordings of each world

WORDS_OF_TIME = {
    TimeOfDay.DAWN: ("at dawn", "at daybreak", "at first light"),
    TimeOfDay.MORNING: ("in the morning", "on a bright morning", "early in the day"),
    TimeOfDay.NOON: ("at noon", "at midday", "with the sun overhead"),
    TimeOfDay.AFTERNOON: ("in the afternoon", "late in the day", "after lunch"),
    TimeOfDay.GOLDEN_HOUR: ("in the golden hour", "in warm low light", "in golden light"),
    TimeOfDay.SUNSET: ("at sunset", "at sundown", "as the sun goes down"),
    TimeOfDay.DUSK: ("at dusk", "in the twilight", "after sunset"),
    TimeOfDay.NIGHT: ("at night", "by night", "in the dark"),
}
WORDS_OF_WEATHER = {
    Weather.CLEAR: ("", "in clear weather", "under a blue sky"),
    Weather.CLOUDY: ("under clouds", "on an overcast day", "under a grey sky"),
    Weather.FOG: ("in fog", "in the mist", "in hazy air"),
    Weather.RAIN: ("in the rain", "on a wet day", "while it rains"),
    Weather.SNOW: ("in the snow", "covered in snow", "while it snows"),
    Weather.STORM: ("in a storm", "in stormy weather", "under a thundercloud"),
}
WEATHER_SHARES = {
    Weather.CLEAR: 0.42,
    Weather.CLOUDY: 0.24,
    Weather.FOG: 0.1,
    Weather.RAIN: 0.1,
    Weather.SNOW: 0.09,
    Weather.STORM: 0.05,
}
FRAMES = ("{}", "a photograph of {}", "{}, wide view", "standing in {}")
MOST_THINGS, THING_SHARE = 3, 0.6  # how many kinds are named besides the place, and how often any
TALLEST_M = {True: 2.2, False: 12.0}  # of what is named: indoors, outdoors


@dataclass(frozen=True)
class Asked:
    """A world to be made: what it shows, the seed that arranges it, and how people would put it."""

    split: Split
    number: int
    seed: int
    spec: SceneSpec
    captions: tuple[str, ...]


def asked(split: Split, number: int, library: Library) -> Asked:
    """The world of a number. Numbers that follow each other go through all places of the split, so that any share of them is mixed."""
    seed = number if split is Split.TRAIN else FIRST_HELD_OUT_SEED + number
    rng = np.random.default_rng([seed, 7])
    known = [name for name in sorted(places()) if name not in HELD_OUT_PLACES]
    if split is Split.HELD_OUT and number % 2 == 0:
        name = HELD_OUT_PLACES[number // 2 % len(HELD_OUT_PLACES)]
    else:
        turn, step = divmod(number if split is Split.TRAIN else number // 2, len(known))
        mixed = np.random.default_rng([turn, 11])
        name = known[int(mixed.permutation(len(known))[step])]
    place = places()[name]
    spec = _spec(place, library, rng)
    return Asked(split, number, seed, spec, tuple(_caption(place, spec, rng) for _ in range(CAPTIONS)))


def _spec(place: Place, library: Library, rng: np.random.Generator) -> SceneSpec:
    times, weathers, seasons = list(TimeOfDay), list(WEATHER_SHARES), list(Season)
    weather = weathers[int(rng.choice(len(weathers), p=list(WEATHER_SHARES.values())))]
    season = seasons[int(rng.integers(len(seasons)))]
    if weather is Weather.SNOW:
        season = Season.WINTER
    return SceneSpec(
        place=place.name,
        time_of_day=times[int(rng.integers(len(times)))],
        weather=weather,
        season=season,
        things=tuple(_things(place, library, rng)),
    )


def _things(place: Place, library: Library, rng: np.random.Generator) -> list[ThingSpec]:
    """Up to three kinds of things, of a size that fits the place."""
    if rng.random() > THING_SHARE:
        return []
    tallest = TALLEST_M[place.room is not None]
    fitting: list[Kind] = [
        kind for kind in library.kinds.values() if 0.25 < kind.size_m[1] < tallest and kind.family not in ("terrain", "rooms")
    ]
    chosen = rng.choice(len(fitting), int(rng.integers(1, MOST_THINGS + 1)), replace=False)
    return [
        ThingSpec(name=fitting[i].name, kind=fitting[i].name, count=int(rng.integers(1, 4)), phrase=fitting[i].name)
        for i in map(int, chosen)
    ]


def _caption(place: Place, spec: SceneSpec, rng: np.random.Generator) -> str:
    """One of many ways to say what a world shows; named things now and then go unsaid."""
    nouns = [word.strip() for word in place.said.words.split(",") if word.strip()]
    noun = nouns[0] if rng.random() < 0.4 else nouns[int(rng.integers(min(len(nouns), 8)))]
    words = [("an " if noun[0] in "aeiou" else "a ") + noun]
    if spec.things and rng.random() < 0.7:
        words.append("with " + _listed([_counted(thing) for thing in spec.things]))
    said = [_one_of(WORDS_OF_TIME[spec.time_of_day], rng)]
    if place.room is None and rng.random() < 0.8:
        said.append(_one_of(WORDS_OF_WEATHER[spec.weather], rng))
        if rng.random() < 0.3:
            said.append(f"in {spec.season.value}")
    words += [part for part in said if part]
    return _one_of(FRAMES, rng).format(" ".join(words))


def _counted(thing: ThingSpec) -> str:
    return f"a {thing.kind}" if thing.count == 1 else f"{('two', 'three')[thing.count - 2]} of {thing.kind}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _one_of(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
