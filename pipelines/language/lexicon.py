"""Lexicon: which words can mean what, from `lexicon.yaml` and from the library's kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Protocol

import yaml

from pipelines.language.inflection import singulars, verb_forms
from pipelines.language.tokens import key
from pipelines.places import Place, places

FILE = Path(__file__).with_name("lexicon.yaml")
Words = tuple[str, ...]


class KindWords(Protocol):
    """What the reader needs to know of a kind of thing."""

    @property
    def name(self) -> str: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def family(self) -> str: ...
    @property
    def stands_on(self) -> str: ...
    @property
    def tags(self) -> Iterable[str]: ...


class Kinds(Protocol):
    """A library of things, as far as words go."""

    @property
    def kinds(self) -> Mapping[str, Any]: ...


class Role(StrEnum):
    """What a word can do in a sentence about a scene."""

    THING = "thing"
    PLACE = "place"
    GENERIC = "generic"
    PART = "part"
    AMBIENT = "ambient"
    UNBUILDABLE = "unbuildable"
    SIZE = "size"
    COLOUR = "colour"
    MATERIAL = "material"
    STYLE = "style"
    MOOD = "mood"
    DESCRIPTION = "description"
    MEASURE = "measure"
    TIME = "time"
    WEATHER = "weather"
    SEASON = "season"
    ADVERB = "adverb"
    DETERMINER = "determiner"
    NUMBER = "number"
    GROUP = "group"
    RELATION = "relation"
    TURNED = "turned"
    TO_VIEWER = "to viewer"
    TO_HOST = "to host"
    ARRANGED = "arranged"
    ORDERED = "ordered"
    DISTANCE = "distance"
    VIEW = "view"
    NEGATOR = "negator"
    CONJUNCTION = "conjunction"
    WITH = "with"
    OF = "of"
    BE = "be"
    PRONOUN = "pronoun"
    OPENER = "opener"
    COMPARE = "compare"
    FUNCTION = "function"
    VERB = "verb"


NOUNS = frozenset({Role.THING, Role.PLACE, Role.GENERIC, Role.PART, Role.AMBIENT, Role.UNBUILDABLE})
MODIFIERS = frozenset({Role.SIZE, Role.COLOUR, Role.MATERIAL, Role.STYLE, Role.MOOD, Role.DESCRIPTION, Role.MEASURE})
VOTES = frozenset({Role.TIME, Role.WEATHER, Role.SEASON})


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning: `value` is a name in the role's own list; `options` are kinds, best first; weak hints yield to others."""

    value: str
    weak: bool = False
    options: tuple[str, ...] = ()


Senses = Mapping[Role, Sense]


@dataclass(frozen=True, slots=True)
class Group:
    """A group word: how its members stand, and how many there are when no number says so."""

    arrangement: str
    count: int


@dataclass(frozen=True)
class Lexicon:
    """All words of one library and of the language. Build it with `lexicon_for`."""

    table: Mapping[Words, Senses]
    longest: Mapping[str, int]
    data: Mapping[str, Any]
    kinds: Mapping[str, Any]
    word_kinds: Mapping[Words, tuple[str, ...]]
    groups: Mapping[str, Group] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    @cached_property
    def own_words(self) -> Mapping[str, tuple[str, ...]]:
        """The words of the kinds that can be asked for → kinds; without those that the lexicon only lends them."""
        own: dict[str, list[str]] = {}
        for kind in self.kinds.values():
            for words in dict.fromkeys(" ".join(key(words)) for words in (kind.name, *kind.words)):
                if words and kind.name.split()[-1] not in self.data["not_things"]:
                    own.setdefault(words, []).append(kind.name)
        return {words: tuple(names) for words, names in own.items()}

    @cached_property
    def irregular_plurals(self) -> Mapping[str, str]:
        """Plurals that follow no rule."""
        plurals: Mapping[str, str] = self.data["irregular_plurals"]
        return plurals

    @cached_property
    def plural_only(self) -> frozenset[str]:
        """Nouns that are plurals by their form only: "stairs"."""
        return frozenset(split(self.data["plural_only"]))

    @cached_property
    def building_parts(self) -> frozenset[str]:
        """Parts that only buildings and rooms have, so that "the door" is never a lamp's."""
        return frozenset(split(self.data["building_parts"]))

    @cached_property
    def actors(self) -> frozenset[str]:
        """Words for who does something; a word after them is what they do: "we saw"."""
        return frozenset(split(self.data["actors"]))

    @cached_property
    def worn(self) -> frozenset[str]:
        """Clothes, and what else people have on: what somebody is "in" without being inside of it."""
        return frozenset(split(self.data["worn"]))

    @cached_property
    def regions(self) -> frozenset[str]:
        """Cities and countries."""
        return frozenset(split(self.data["regions"]))

    @cached_property
    def handling(self) -> frozenset[str]:
        """All forms of verbs whose object is at hand: "holding", "built"."""
        verbs = frozenset(split(self.data["handling"]))
        irregular = {form for form, verb in self.data["irregular"].items() if verb in verbs}
        return frozenset({*irregular, *(form for verb in verbs for form in verb_forms(verb))})

    @cached_property
    def homes(self) -> Mapping[str, Mapping[str, int]]:
        """What speaks for a place → places, and how loudly: kinds by their own names, other words only as they stand ("reindeer")."""
        homes: dict[str, dict[str, int]] = {}
        for name, place in self.places.items():
            for entry in split(place.said.hints):
                homes.setdefault(" ".join(key(entry.rstrip("!"))), {}).setdefault(name, (1, 2, 4)[min(entry.count("!"), 2)])
        return homes

    @cached_property
    def positions(self) -> frozenset[str]:
        """Words that are parts of things only by where they are: "the edge of a lake"."""
        return frozenset(split(self.data["positions"]))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every single word that any entry holds; what a mistyped word may have meant."""
        meant = (words for words, senses in self.table.items() if senses.keys() != {Role.VERB})
        return frozenset(word for words in meant for word in words if len(word) > 3)

    @cached_property
    def companions(self) -> Mapping[str, frozenset[str]]:
        """A word → the words that stand beside it in names of two or more: "vending" → "machine"."""
        beside: dict[str, set[str]] = {}
        for words, senses in self.table.items():
            for one, other in pairwise(words) if senses.keys() & NOUNS else ():
                beside.setdefault(one, set()).add(other)
                beside.setdefault(other, set()).add(one)
        return {word: frozenset(others) for word, others in beside.items()}

    def knows(self, word: str) -> bool:
        """Whether a single word is in the lexicon, in any of its forms."""
        return bool(self.lookup((word,))[0]) or word in self.vocabulary

    def lookup(self, words: Words) -> tuple[Senses, bool]:
        """All senses of exactly these words, and whether they are a plural."""
        senses: dict[Role, Sense] = dict(self.table.get(words, {}))
        plural = False
        if Role.FUNCTION in senses:  # "does" are no deer
            return senses, plural
        noun = words.index("of") - 1 if "of" in words[1:-1] else len(words) - 1  # "suits of armour"
        for singular in singulars(words[noun], self.irregular_plurals):
            if singular == words[noun]:
                continue
            found = self.table.get((*words[:noun], singular, *words[noun + 1 :]), {})
            nouns = {role: sense for role, sense in found.items() if role in NOUNS}
            if nouns:
                plural = words[noun] not in self.plural_only
                senses = {**nouns, **senses}
                break
        return senses, plural

    @cached_property
    def same_plurals(self) -> frozenset[str]:
        """Nouns whose plural looks like the singular: "sheep"."""
        return frozenset(plural for plural, singular in self.irregular_plurals.items() if plural == singular)

    def names(self, section: str) -> tuple[str, ...]:
        """The names that a section of the lexicon defines."""
        return tuple(self.data[section])

    def kinds_for(self, words: str) -> tuple[str, ...]:
        """The kinds that go by these words, best first; empty when the library has none."""
        return self.word_kinds.get(key(words), ())

    def generic_kinds(self, name: str) -> tuple[str, ...]:
        """Every kind that a general word ("tree") covers."""
        return self._covered[name]

    @cached_property
    def _covered(self) -> Mapping[str, tuple[str, ...]]:
        """General word → kinds."""
        heads_of = {name: _head_words(kind) for name, kind in self.kinds.items() if "terrain" not in kind.tags}
        covered: dict[str, tuple[str, ...]] = {}
        for general, entry in self.data["generic"].items():
            heads = set(split(entry["heads"]))
            covered[general] = tuple(
                self.kinds[name].name for name, own in heads_of.items() if entry["tag"] in self.kinds[name].tags or own & heads
            )
        return covered

    def first_known(self, options: Iterable[str]) -> str | None:
        """The first of the options that the library has a kind for."""
        return next((found[0] for option in options if (found := self.kinds_for(option))), None)


def _head_words(kind: KindWords) -> set[str]:
    return {key(words)[-1] for words in (kind.name, *kind.words) if key(words)}


def split(text: str) -> list[str]:
    """The entries of a comma separated list."""
    return [entry.strip() for entry in str(text).split(",") if entry.strip()]


@cache
def language_data() -> Mapping[str, Any]:
    """`lexicon.yaml`, parsed once."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: Mapping[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=loader)
    return data


_lexicons: dict[int, tuple[Kinds, Lexicon]] = {}


def lexicon_for(library: Kinds, known_places: Mapping[str, Place] | None = None) -> Lexicon:
    """The lexicon of a library, built once per library object; with the house's places unless others are given that first time."""
    known = _lexicons.get(id(library))
    if known is None or known[0] is not library:
        known = (library, _build(library.kinds, places() if known_places is None else known_places))
        _lexicons[id(library)] = known
    return known[1]


def _build(kinds: Mapping[str, Any], known_places: Mapping[str, Place]) -> Lexicon:
    data = language_data()
    table: dict[Words, dict[Role, Sense]] = {}
    word_kinds = _kinds_by_words(kinds, data["synonyms"])

    def add(words: str | Words, role: Role, sense: Sense) -> None:
        table.setdefault(key(words) if isinstance(words, str) else words, {}).setdefault(role, sense)

    for known, options in word_kinds.items():
        add(known, Role.THING, Sense(options[0], options=options))
    for role, words, sense in _language_entries(data, known_places):
        add(words, role, sense)
    for verb in _verb_words(data):
        add((verb,), Role.VERB, Sense(verb))
    for form, role, sense in _finite_relations(data, table):
        add(form, role, sense)
    table.pop((), None)
    longest: dict[str, int] = {}
    for entry in table:
        longest[entry[0]] = max(longest.get(entry[0], 0), len(entry))
    groups = {name: Group(entry["arrangement"], entry["count"]) for name, entry in data["groups"].items()}
    return Lexicon(table, longest, data, kinds, word_kinds, groups, known_places)


def _kinds_by_words(kinds: Mapping[str, Any], synonyms: Mapping[str, list[str]]) -> dict[Words, tuple[str, ...]]:
    """Words → kinds: a kind's own name first, then other kinds' words in the library's order, then the language's synonyms.

    Of kinds that share a word ("man"), the one that lists it earlier comes first.
    """
    hidden = language_data()["not_things"]
    asked = [kind for kind in kinds.values() if kind.name.split()[-1] not in hidden]
    found: dict[Words, dict[str, None]] = {key(kind.name): {kind.name: None} for kind in asked}
    for kind in asked:
        for words in kind.words:
            if not _is_group(key(words), kind.name, found):
                found.setdefault(key(words), {})[kind.name] = None
    for word, names in found.items():
        if len(names) > 1:
            ranks = {name: next((at for at, own in enumerate((name, *kinds[name].words)) if key(own) == word), 0) for name in names}
            found[word] = dict.fromkeys(sorted(names, key=ranks.__getitem__))
    for words, options in synonyms.items():
        known = [name for option in options for name in found.get(key(option), ())]
        if known and not _is_group(key(words), known[0], found):
            found.setdefault(key(words), {}).update(dict.fromkeys(known))
    return {words: tuple(names) for words, names in found.items() if words}


def _is_group(words: Words, kind: str, found: Mapping[Words, Mapping[str, None]]) -> bool:
    """ "flock of sheep" is no name of one sheep: the grammar counts it."""
    if "of" not in words[1:-1]:
        return False
    rest = words[words.index("of") + 1 :]
    plain = (rest, *((*rest[:-1], one) for one in singulars(rest[-1], language_data()["irregular_plurals"])))
    return any(kind in found.get(one, ()) for one in plain)


def _language_entries(data: Mapping[str, Any], known_places: Mapping[str, Place]) -> Iterator[tuple[Role, str, Sense]]:
    for name, place in known_places.items():
        for words in split(place.said.words) + split(place.said.near):
            yield Role.PLACE, words, Sense(name)
            if place.indoors:
                yield Role.PLACE, f"{words.removeprefix('inside a ').removeprefix('inside an ')} interior", Sense(name)
        for words in split(place.said.weak):
            yield Role.PLACE, words, Sense(name, weak=True)
    named = {
        Role.TIME: "times", Role.WEATHER: "weathers", Role.SEASON: "seasons", Role.MOOD: "moods", Role.STYLE: "styles", Role.SIZE: "sizes",
        Role.COLOUR: "colours", Role.MATERIAL: "materials", Role.NUMBER: "numbers", Role.RELATION: "relations", Role.TURNED: "turned",
        Role.TO_VIEWER: "to_viewer", Role.TO_HOST: "to_host", Role.ARRANGED: "arranged",
        Role.ORDERED: "ordered",
    }  # fmt: skip
    for role, section in named.items():
        for name, words in data[section].items():
            for entry in split(words):
                yield role, entry.lstrip("!"), Sense(str(name), weak=entry.startswith("!"))
    for name, entry in data["groups"].items():
        for words in split(entry["words"]):
            yield Role.GROUP, words, Sense(name)
    for name, entry in data["generic"].items():
        for words in split(entry["words"]):
            yield Role.GENERIC, words, Sense(name)
    plain = {
        Role.DESCRIPTION: "descriptions", Role.ADVERB: "adverbs", Role.UNBUILDABLE: "unbuildable", Role.PART: "parts",
        Role.AMBIENT: "ambient",
        Role.NEGATOR: "negators", Role.DETERMINER: "determiners", Role.CONJUNCTION: "conjunctions", Role.WITH: "with", Role.OF: "of",
        Role.BE: "be", Role.PRONOUN: "pronouns", Role.OPENER: "openers", Role.COMPARE: "compare", Role.FUNCTION: "function",
    }  # fmt: skip
    for role, section in plain.items():
        for words in split(data[section]):
            yield role, words, Sense(words)
    for words in split(data["regions"]):
        yield Role.AMBIENT, words, Sense(words)
    for words in split(data["ordinals"]):
        yield Role.DESCRIPTION, words, Sense(words)
    for words in split(data["no_stand_in"]):
        yield Role.UNBUILDABLE, words, Sense(words)
    yield from _view_entries(data)


def _view_entries(data: Mapping[str, Any]) -> Iterator[tuple[Role, str, Sense]]:
    """ "seen from a balcony": every way to begin it, with every article, and every place to look from."""
    for name, words in data["views"].items():
        for entry in split(words):
            yield Role.VIEW, entry, Sense(str(name))
    for name, words in data["viewed_from"].items():
        for opener, article, entry in product(split(data["view_openers"]), ("", "a ", "an ", "the ", "my ", "our "), split(words)):
            yield Role.VIEW, f"{opener} {article}{entry}", Sense(str(name))


def _finite_relations(data: Mapping[str, Any], table: Mapping[Words, Mapping[Role, Sense]]) -> list[tuple[Words, Role, Sense]]:
    """ "flank", "leans against": the other forms of every verb that a relation begins with, unless they are nouns ("bears")."""
    verbs = {participle: (base, third) for base, third, participle, _ in map(verb_forms, split(data["verbs"]))}
    found = [
        ((form, *words[1:]), role, senses[role])
        for words, senses in table.items()
        for role in (Role.RELATION, Role.TURNED)
        if role in senses
        for form in verbs.get(words[0], ())
    ]
    nouns = {words for words, senses in table.items() if senses.keys() & NOUNS}
    return [
        (words, role, sense)
        for words, role, sense in found
        if not {words, *((*words[:-1], one) for one in singulars(words[-1], data["irregular_plurals"]))} & nouns
    ]


def _verb_words(data: Mapping[str, Any]) -> Iterator[str]:
    for verb in (*split(data["verbs"]), *split(data["handling"])):
        yield from verb_forms(verb)
    yield from data["irregular"]
