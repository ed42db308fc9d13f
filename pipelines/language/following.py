"""Following: of whom the next words speak, once a preposition has had its object."""

from __future__ import annotations

from pipelines.language.drafts import Draft, is_named
from pipelines.language.lexicon import Role
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.row import ASIDE, INNER, SIDES
from pipelines.language.tagging import Lexeme
from pipelines.language.towards import Towards
from pipelines.spec import RelationName

_SEEING = frozenset({"facing", "looking", "gazing", "staring", "watching", "peering", "glancing"})


class Following(Towards):
    """Keeps or changes who is spoken of."""

    def _reaches_on(self, relation: RelationName, objects: list[Draft], end: int, *, turned: bool) -> bool:
        """ "two robots docked at a charging station behind the arm": the station is behind it, too."""
        after, before, said = self._row.item(end), self._row.item(end - 2), self._row.item(end - 1)
        docked = relation is RelationName.BESIDE and not turned and isinstance(before, Lexeme) and before.words[-1] in ("at", "to")
        new = isinstance(said, NounPhrase) and said.article in ("a", "an") and len(objects) == 1 and bool(objects[0].options)
        aside = isinstance(after, Lexeme) and after.has(Role.RELATION) and after.value(Role.RELATION) in SIDES
        return docked and new and aside and objects[0].place is None

    def _stands_there(self, ground: Draft, at: int) -> bool:
        """ "a trunk on the platform beside a bench", "a mixer on the counter next to a toaster": whether the preposition at `at` leads
        to what stands on the same ground as the subject.
        """
        word, phrase, sorts = self._row.item(at), self._row.item(at + 1), self._mentions.sorts
        if not isinstance(word, Lexeme) or not isinstance(phrase, NounPhrase) or not word.has(Role.RELATION):
            return False
        if sorts.is_flat(ground) and word.value(Role.RELATION) == RelationName.BETWEEN:
            return True  # "a drum kit on a rug between two amplifiers"
        small = sorts.is_small(phrase) and all(map(sorts.is_borne, self._talk.subjects)) and not sorts.is_borne(ground)
        return RelationName(word.value(Role.RELATION)) in ASIDE and (small or sorts.is_stage_for(ground, phrase))

    def _bears_what_is_faced(self, objects: list[Draft], end: int) -> bool:
        """Whether the preposition at `end` says on what the small new thing stands that somebody faces."""
        word, said, sorts = self._row.item(end), self._row.item(end - 1), self._mentions.sorts
        on = isinstance(word, Lexeme) and word.has(Role.RELATION) and word.value(Role.RELATION) in INNER
        new = isinstance(said, NounPhrase) and said.article in ("a", "an") and len(objects) == 1
        return on and new and sorts.is_borne(objects[0]) and not any(map(sorts.is_borne, self._talk.subjects))

    def _after_object(self, relation: RelationName, objects: list[Draft], end: int, *, turned: bool) -> None:
        """After "a vase on a table", a further preposition speaks of the table; after other relations, of the subject still."""
        nowhere = not turned and not any(one.options or one.generic or one.place for one in objects)
        about_one = self._row.has(end + 1, Role.PRONOUN)  # "a car and a toolbox on the floor next to it"
        if nowhere and self._joined_by_and and len(self._chain) > 1 and not about_one:
            self._talk.subjects = list(self._chain)  # "a crate and a suit on the ground in front of a ship": both are
        self._chain, self._joined_by_and, self._connector = [], False, "none"
        posture = self._row.item(end)
        sits = isinstance(posture, Lexeme) and posture.has(Role.RELATION) and posture.words[0].endswith("ing") and not turned
        alive = self._mentions.sorts.is_alive
        if sits and all(map(alive, objects)) and not any(map(alive, self._talk.subjects)):
            self._talk.subjects = objects  # "a barrel between two men sitting on crates"
            return
        unknown = [one for one in self._talk.subjects if not is_named(one)]
        nameless = bool(unknown) and len(unknown) == len(self._talk.subjects)
        ground = self._row.is_moved(end) and any(draft.place or self._mentions.sorts.is_terrain(draft) for draft in objects)
        if relation in (RelationName.FACING, RelationName.NEAR) and not turned and self._bears_what_is_faced(objects, end):
            self._talk.subjects = objects[-1:]  # "a scientist faces a microscope on a bench", "a child reaches for a cup on a table"
            return
        if self._row.is_participle_of(end - 1) and all(draft.options for draft in objects) and not ground:
            self._talk.subjects = objects[-1:]  # "around a sword stuck in a stone": it is the sword that is stuck
            return
        if self._reaches_on(relation, objects, end, turned=turned):
            self._talk.subjects = [*self._talk.subjects, objects[-1]]
            return
        if (relation not in INNER and not nameless) or turned or self._row.is_comma(end) or self._row.has(end, Role.CONJUNCTION):
            return
        first, after = objects[0], self._row.item(end)
        if nameless and first.options:  # "having tea at a table under a tree": the table is under it
            follows_on = self._row.next_is_relation(end)
        elif first.place is not None:
            follows_on = relation is RelationName.ON and isinstance(after, Lexeme) and after.text == "in"
        else:
            is_thing = bool(first.options) and not self._mentions.sorts.is_terrain(first)
            follows_on = is_thing and self._pending is None and self._row.next_is_relation(end) and not self._stands_there(first, end)
        if (
            isinstance(after, Lexeme)
            and after.words[0] in _SEEING
            and any(map(self._mentions.sorts.acts, self._talk.subjects))
            and not alive(first)
        ):
            return  # "two people on a sofa looking at the sea"
        if follows_on:
            self._talk.subjects = objects[-1:]
