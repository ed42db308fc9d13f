"""Headings: what stands before a colon, or tells a camera what to do, names nothing in the scene."""

from __future__ import annotations

from pipelines.language.lexicon import Role
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.row import Row
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import TokenKind
from pipelines.spec import RelationName

_TITLES = frozenset({
    "scene", "task", "test", "level", "setup", "benchmark", "brief", "exercise", "demo", "environment", "mission", "quest", "shot",
    "concept", "idea", "prompt", "picture", "image", "render", "rendering", "drawing", "illustration", "painting", "sketch",
    "diorama", "story", "request", "challenge", "episode", "chapter", "act",
})  # fmt: skip
SHOWING = frozenset({"photo", "photograph", "picture", "image", "shot", "snapshot", "snap"})
_FILMING = frozenset(
    {"look", "pan", "show", "move", "zoom", "track", "dolly", "follow", "see", "tilt", "cut", "face", "point", "open", "glide"}
)


def heading_end(row: Row) -> int:
    """Where the scene begins after a heading that names nothing in it, 0 where there is none.

    "autonomous driving test: a rainy crossroads", "a picture for my son: a dinosaur", "my dream home: a modern house".
    """
    if (after := _exclaimed(row)) > 0:
        return after
    if (after := _titled(row)) > 0:
        return after
    colon = row.heading_ends()
    items = [row[at] for at in range(colon)]
    phrases = [item for item in items if isinstance(item, NounPhrase)]
    if not phrases:
        return 0
    last = items[-1]
    doing = isinstance(last, Lexeme) and last.has(Role.VERB) and last.text.endswith("ing")  # "bin picking:"
    named = [phrase for phrase in phrases if phrase.head is not None and phrase.head.has(Role.THING, Role.GENERIC, Role.PLACE)]
    if not any(phrase.article or not doing for phrase in named):
        return colon + 1
    placed = any(isinstance(item, Lexeme) and item.has(Role.RELATION, Role.TURNED, Role.WITH) for item in items)
    titled = _is_title(phrases[0]) and not any(phrase.of for phrase in phrases)
    return colon + 1 if not placed and (titled or (len(named) == 1 and _is_same(named[0], row.item(colon + 1)))) else 0


def _exclaimed(row: Row) -> int:
    """ "Pirates! Four pirates around a chest": where the sentence begins after a bare noun that is called out and counted only later."""
    called, signs = row.item(0), 1
    while isinstance(sign := row.item(signs), Lexeme) and sign.kind is TokenKind.STOP and sign.text.startswith("!"):
        signs += 1
    if signs == 1 or not isinstance(called, NounPhrase) or called.head is None or called.article or called.number or called.modifiers:
        return 0
    kinds = called.head.senses[Role.THING].options[:1] if called.head.has(Role.THING) else ()
    later = [item.head for at in range(signs, len(row)) if isinstance(item := row.item(at), NounPhrase)]
    again = (head.senses[Role.THING].options[:1] for head in later if head is not None and head.has(Role.THING))
    return signs if kinds and kinds in again else 0


def _titled(row: Row) -> int:
    """ "Stealth mission brief. A warehouse at night": where the scene begins after a title that names no thing."""
    title, stop = row.item(0), row.item(1)
    if not isinstance(title, NounPhrase) or not isinstance(stop, Lexeme) or stop.text != "." or title.article or title.of or len(row) < 3:
        return 0
    words = [one for one in (*title.modifiers, *title.compounds, title.head) if one is not None]
    return 2 if _is_title(title) and not any(one.has(Role.THING, Role.GENERIC) for one in words) else 0


def place_shown(row: Row, at: int) -> NounPhrase | None:
    """ "Photo of a market square: …": the place that a picture shows at the beginning, which is the scene; None for other phrases."""
    phrase = row.item(at)
    if at > 0 or not isinstance(phrase, NounPhrase) or phrase.head is None or phrase.head.words[-1] not in SHOWING:
        return None
    place = phrase.of.head if phrase.of is not None else None
    return phrase.of if place is not None and place.has(Role.PLACE) else None


def _is_title(phrase: NounPhrase) -> bool:
    """ "warehouse pick scene": the last word of all says what the words are for."""
    words = [one for one in (*phrase.modifiers, *phrase.compounds, phrase.head) if one is not None]
    return bool(words) and max(words, key=lambda one: one.start).words[-1] in _TITLES


def _is_same(phrase: NounPhrase, after: object) -> bool:
    """ "my dream home: a modern house": one thing, named twice."""
    if not isinstance(after, NounPhrase) or after.head is None or phrase.head is None or phrase.plural or after.plural:
        return False
    senses = [head.senses.get(Role.THING) for head in (phrase.head, after.head)]
    return all(sense is not None for sense in senses) and len({sense.options[:1] for sense in senses if sense is not None}) == 1


def filmed_from(row: Row, at: int) -> int | None:
    """ "the camera looks at a mill": where goes on what is seen, None where a camera is a thing like others."""
    phrase, after = row.item(at), row.item(at + 1)
    if not isinstance(phrase, NounPhrase) or phrase.head is None or phrase.article not in ("the", ""):
        return None
    named = [one.text for one in (*phrase.compounds, phrase.head)]
    if named[-1] == "camera" and isinstance(after, Lexeme):
        seen = after.has(Role.RELATION) and after.value(Role.RELATION) == RelationName.FACING
        filming = seen or (after.has(Role.VERB) and _is_filming(after.words[0]))
    else:
        filming = named[0] == "camera" and len(named) == 2 and _is_filming(named[1])  # "the camera pans", which are for cooking, too
    if not filming:
        return None
    end = at + 1
    while isinstance(row.item(end), Lexeme) and not row.is_sign(end):
        end += 1
    return end


def _is_filming(verb: str) -> bool:
    return any(
        verb in (stem, f"{stem}s", f"{stem}es", f"{stem}ing", f"{stem.removesuffix('e')}ing", f"{stem}{stem[-1]}ing") for stem in _FILMING
    )
