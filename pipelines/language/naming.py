"""Naming: what the noun of a phrase names where it stands: names with words in between, furniture of rooms, parts of buildings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipelines.language.drafts import SceneDraft
from pipelines.language.lexicon import MODIFIERS, Lexicon, Role, Sense, split
from pipelines.language.looks import singular
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import key
from pipelines.language.wholes import Wholes

_TREATISES = frozenset({"study"})  # of a building site it is no room


class Naming:
    """Changes the heads of phrases before anything is made of them."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon, wholes: Wholes) -> None:
        self._scene = scene
        self._lexicon = lexicon
        self._wholes = wholes
        self._own_things = frozenset(split(lexicon.data["own_things"]))
        self._machines: Mapping[str, list[str]] = lexicon.data["machine_parts"]
        self._room_parts = frozenset(split(lexicon.data["room_parts"]))
        self._own_outdoors: Mapping[str, str] = lexicon.data["own_outdoors"]
        self._within_places = frozenset(split(lexicon.data["within_places"]))

    def settle(self, phrase: NounPhrase) -> None:
        """Give a phrase with a head the sense that it has here."""
        self._settle_stuff(phrase)
        self._settle_unfinished(phrase)
        self._settle_furniture(phrase)
        self._settle_name(phrase)

    def _settle_stuff(self, phrase: NounPhrase) -> None:
        """ "a well of stone" goes by the name of "stone well", and is of stone all the same."""
        head, stuff = phrase.head, phrase.of
        if head is None or stuff is None or stuff.head is None or not head.has(Role.THING) or not stuff.head.has(Role.MATERIAL):
            return
        named = self._lexicon.kinds_for(f"{stuff.head.text} {singular(head, self._lexicon)}")
        if named and named[0] == head.senses[Role.THING].options[0] and not stuff.article and not stuff.plural:
            phrase.modifiers += [*stuff.modifiers, replace(stuff.head, senses={Role.MATERIAL: stuff.head.senses[Role.MATERIAL]})]
            self._scene.use(stuff.start, stuff.end, "describes")
            phrase.of = None

    def _settle_unfinished(self, phrase: NounPhrase) -> None:
        """ "a half-built block of flats": a house that is still being built is a kind of its own."""
        head, shell = phrase.head, self._lexicon.kinds_for(self._lexicon.data["unfinished"]["kind"])
        raw = any(lexeme.text in split(self._lexicon.data["unfinished"]["looks"]) for lexeme in phrase.modifiers)
        house = head.senses[Role.THING].options[:1] if head is not None and head.has(Role.THING) else ()
        if raw and shell and head is not None and {*house} & {*split(self._lexicon.data["unfinished"]["of"])}:
            phrase.head = replace(head, senses={Role.THING: Sense(shell[0], options=shell)})

    def _settle_furniture(self, phrase: NounPhrase) -> None:
        """ "an island" in a kitchen is the kitchen island that speaks for kitchens, not the one in the sea."""
        place, head = self._scene.places.winner(), phrase.head
        if head is None or place is None or not self._lexicon.places[place].indoors or head.has(Role.THING) or not head.has(Role.PLACE):
            return
        word = singular(head, self._lexicon)
        hints = (key(hint.rstrip("!")) for hint in split(self._lexicon.places[place].said.hints))
        own = next((self._lexicon.kinds_for(" ".join(words)) for words in hints if len(words) > 1 and words[-1] == word), ())
        if own:
            phrase.head = replace(head, senses={Role.THING: Sense(own[0], options=own)})

    def _settle_name(self, phrase: NounPhrase) -> None:
        """ "a ruined Greek temple" is a "ruined temple": other words may stand between the words of a name."""
        head, before = phrase.head, [*phrase.modifiers, *phrase.compounds]
        if head is None or not head.has(Role.THING, Role.PLACE, Role.GENERIC):
            return
        self._settle_street(phrase, head)
        for lexeme in sorted((one for one in before if one.start < head.start), key=lambda one: one.start):
            # a style takes the last word alone, too: "ruined Greek temple" is a ruined temple, for no Greek one is ruined
            nouns = [head.words, *([head.words[-1:]] if lexeme.has(Role.STYLE) else [])]
            names = [(*lexeme.words, *noun) for noun in nouns]
            words = next((name for name in names if self._lexicon.lookup(name)[0].keys() & {Role.THING, Role.PLACE}), None)
            if words is None:
                continue
            senses, plural = self._lexicon.lookup(words)
            phrase.head = replace(head, words=words, senses=senses, plural=plural)
            if not lexeme.has(*MODIFIERS):
                self._scene.use(lexeme.start, lexeme.end, "thing")
                phrase.modifiers = [one for one in phrase.modifiers if one is not lexeme]
                phrase.compounds = [one for one in phrase.compounds if one is not lexeme]
            return

    def _settle_street(self, phrase: NounPhrase, head: Lexeme) -> None:
        """ "a suburb street" is in a suburb, though streets are a place of their own."""
        around = next((one for one in phrase.compounds if one.has(Role.PLACE) and not one.senses[Role.PLACE].weak), None)
        if around is None or not head.has(Role.PLACE):
            return
        studied = head.text in _TREATISES and not self._lexicon.places[around.value(Role.PLACE)].indoors
        if head.text not in self._within_places and not studied:
            return
        phrase.compounds.remove(around)
        phrase.head = replace(head, senses={Role.PLACE: around.senses[Role.PLACE]})

    def _own_outdoors_of(self, head: Lexeme, *, apart: bool) -> Lexeme:
        """ "a cat on a wall": where no house was spoken of, a wall stands in the open; `finish` forgets it in a room."""
        kind = self._own_outdoors.get(singular(head, self._lexicon)) if head.has(Role.PART) and not head.has(Role.THING) else None
        if (
            kind is None
            or kind not in self._lexicon.kinds
            or (not apart and any(self._wholes.is_building(draft) for draft in self._scene.drafts))
        ):
            return head
        return replace(head, senses={**head.senses, Role.THING: Sense(kind, options=(kind,))})

    def settle_part(self, phrase: NounPhrase, *, definite: bool, indoors: bool, apart: bool) -> None:
        """ "its door", "stone walls": of a building that was spoken of they are parts, though a kind may go by these words too.

        apart: the words put it around, before or behind something, so it is no part of that.
        """
        head = phrase.head
        new = phrase.article in ("a", "an") or (apart and phrase.plural and not phrase.article)
        if head is not None and not definite and not indoors and new:
            head = phrase.head = self._own_outdoors_of(head, apart=apart)
        if head is None or not head.has(Role.THING) or len(head.words) != head.end - head.start:
            return
        word, before = singular(head, self._lexicon), head.words[:-1]
        if phrase.article == "its" and head.has(Role.PART) and word not in self._own_things and not before:
            phrase.head = replace(head, senses={Role.PART: Sense(word)})  # "a car with a map on its bonnet"
            return
        if word == "trunk" and definite and any(self._wholes.grows(one) or "elephant" in one.heads for one in self._scene.drafts):
            phrase.head = replace(head, senses={Role.PART: Sense(word)})  # "an oak, a bench around its trunk"
            return
        machines = self._machines.get(word, ()) if phrase.article not in ("a", "an") and phrase.number is None and not before else ()
        if any(one.options[:1] == (owner,) for owner in machines for one in self._scene.drafts):
            phrase.head = replace(head, senses={Role.PART: Sense(word)})  # "a forklift, a crate on its forks"
            return
        owners = [part.head for part in (phrase.of,) if part is not None and part.head is not None]
        owners += [lexeme for lexeme in phrase.compounds if lexeme.possessive]
        buildings = (draft for draft in self._scene.drafts if self._wholes.is_building(draft) and not draft.of_place)
        known = any(not self._wholes.is_around(draft) for draft in buildings)
        meant = (
            any(map(self._wholes.names_building, owners))
            or (known and definite)
            or (indoors and word in self._room_parts and phrase.plural)
        )
        if word not in self._lexicon.building_parts or word in self._own_things or not meant:
            return
        looks = self._lexicon.lookup(before)[0] if before else {}
        named = indoors and " ".join((*before, word)) in self._lexicon.kinds  # "a cathedral with stained glass windows"
        own = named and not (phrase.plural and Role.MATERIAL in looks)  # of a room, "brick walls" are its own
        if before and (own or not looks.keys() & MODIFIERS):
            return
        cut = head.end - 1
        phrase.head = replace(head, start=cut, words=head.words[-1:], senses={Role.PART: Sense(word)})
        pieces = [Lexeme(head.start, cut, before, head.kind, looks)] if before else []
        phrase.modifiers += pieces
        at = next(index for index, lexeme in enumerate(phrase.lexemes) if lexeme.start == head.start)
        phrase.lexemes[at : at + 1] = [*pieces, phrase.head]
