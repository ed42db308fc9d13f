"""Recall: which thing of the scene so far a phrase means again."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.hearing import Hearing
from pipelines.language.lexicon import Lexicon, Role, split
from pipelines.language.looks import singular
from pipelines.language.noun_phrase import NounPhrase
from pipelines.spec import Arrangement, Size

EACH = frozenset({"each", "every"})


class Recall(Hearing):
    """Finds what was named before."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon, words_of: Callable[[int, int], str]) -> None:
        super().__init__(scene, lexicon, words_of)
        self.definite = frozenset(split(lexicon.data["definite"]))

    def twins(self, draft: Draft) -> list[Draft]:
        """All single things of the same kind, in the order of the words: "the chairs" after a red one and a blue one."""
        return [
            other for other in self._scene.drafts if other.options[:1] == draft.options[:1] and not is_many(other) and not other.of_place
        ]

    def two_of_them(self, two: Draft) -> list[Draft]:
        """ "three palms, a hammock between two palms": two of the three, not two more; "the two stalls" that were named one by one."""
        if not is_many(two) and len(named := self.twins(two)) > 1:
            return named[-2:]
        rest = [one for one in self._scene.drafts if one is not two and one.options[:1] == two.options[:1] and (one.number or 0) > 2]
        if not rest or not two.options or not self._scene.drafts or self._scene.drafts[-1] is not two:
            return [two]
        self._scene.drafts.remove(two)
        return [self._scene.split(rest[-1], 1), self._scene.split(rest[-1], 1)]

    def one_and_others(self, group: Draft) -> list[Draft]:
        """ "a scarecrow between the beds": one of them on one side, the others on the other; of a wood it can only be near."""
        kind = self._lexicon.kinds[group.options[0]] if group.options else None
        wild = kind is None or kind.family in ("trees", "plants") or "terrain" in kind.tags or group.place is not None
        scattered = group.arrangement is Arrangement.SCATTERED and group.number != 2 and group in self._scene.drafts
        return [group] if wild or not scattered else [self._scene.split(group, 1), group]

    def last_word_of(self, phrase: NounPhrase) -> Draft | None:
        """ "a six-axis arm, a belt in front of the arm": a word that ends the name of a thing, and is none itself, means it again."""
        head = phrase.head
        if head is None or len(head.words) > 1 or (head.has(Role.THING, Role.GENERIC) and not head.has(Role.PART)):
            return None
        if phrase.article != "the" or phrase.of is not None or phrase.modifiers or phrase.compounds:
            return None
        word = singular(head, self._lexicon)
        known = (one for one in reversed(self._scene.drafts) if one.options and " " in one.word and is_many(one) == phrase.plural)
        return next((one for one in known if one.word.split()[-1] == word), None)

    def was_named(self, phrase: NounPhrase) -> bool:
        """Whether something that a phrase may mean was spoken of."""
        options = phrase.head.senses[Role.THING].options if phrase.head is not None and phrase.head.has(Role.THING) else ()
        heads = self.heads_of(phrase)
        return any(heads & draft.heads or set(options) & set(draft.options) for draft in self._scene.drafts)

    def is_room(self, item: object) -> bool:
        """Whether a phrase names a place that one is inside of."""
        head = item.head if isinstance(item, NounPhrase) else None
        return head is not None and head.has(Role.PLACE) and self._lexicon.places[head.value(Role.PLACE)].indoors

    def is_in_the_open(self, item: NounPhrase) -> bool:
        """Whether a phrase names a place under the sky."""
        place = item.head.value(Role.PLACE) if item.head is not None and item.head.has(Role.PLACE) else None
        return place is not None and not self._lexicon.places[place].indoors

    def is_there(self, word: str) -> bool:
        """Whether a thing of that name was spoken of."""
        return any(draft.word == word for draft in self._scene.drafts)

    def _is_repeated(self, draft: Draft) -> bool:
        """ "tent next to campfire, campfire next to lake": without articles, the same word means the same thing."""
        return not draft.plural and any(draft.word == other.word and not other.plural for other in self._scene.drafts)

    def _earlier(self, draft: Draft, phrase: NounPhrase) -> Draft | None:
        """The thing already there that "the boat" means: of the same kind or name, not of another colour or number."""
        same = [other for other in self._scene.drafts if draft.word and draft.word == other.word]
        order = [*reversed(same), *reversed(self._scene.drafts)]
        order.sort(key=lambda one: phrase.article in EACH and not is_many(one))
        for other in order:  # "the phone box" is never the post box that came after it
            if other.of_place or (other.place and not (other.options and draft.heads & other.heads)):
                continue
            twins = draft.plural and not is_many(other) and self._has_twin(other)
            alike = (
                bool(set(other.options[:1]) & set(draft.options) and other.options)
                or (
                    draft.generic is not None
                    and (other.generic == draft.generic or bool(set(other.options[:1]) & set(self._lexicon.generic_kinds(draft.generic))))
                )
                or (bool(draft.heads & other.heads) and not self._is_other_sort(draft, other))
                or (
                    not self._has_own_name(draft)
                    and not self._is_other_sort(draft, other)
                    and any(draft.heads & self._heads(kind) for kind in other.options[:1])
                )
            )
            many = other.plural or (other.number or 1) > 1
            same_looks = draft.colour is None or draft.colour == other.colour
            same_looks = same_looks and (Size.NORMAL in (draft.size, other.size) or draft.size == other.size)
            alone = draft.number is None and phrase.head is not None
            each = phrase.article in EACH or (alone and phrase.head is not None and phrase.head.words[-1] in self._lexicon.same_plurals)
            same_number = (draft.plural == many or twins or each) and (
                draft.number is None or draft.number == other.number or phrase.article != ""
            )
            if alike and same_looks and same_number:
                return other
            if (
                draft.word != other.word
                and draft.word.startswith(other.word)
                and set(draft.options[:1]) & set(other.options)
                and same_number
            ):
                other.word, other.options = draft.word, draft.options  # "by the fire … in front of the fireplace"
                return other
        return self._one_of_many_words(draft, phrase)

    def _is_other_sort(self, draft: Draft, other: Draft) -> bool:
        """ "a baker's stall next to the fishmonger's stall": names of two words each, for kinds that have nothing in common."""
        named = " " in draft.word and " " in other.word and draft.word != other.word
        return named and bool(draft.options) and bool(other.options) and not set(draft.options) & set(other.options)

    def _has_own_name(self, draft: Draft) -> bool:
        """ "the ticket booth" is no telephone box, though that is called a booth, too."""
        return " " in draft.word and draft.word in draft.options[:1]

    def _one_of_many_words(self, draft: Draft, phrase: NounPhrase) -> Draft | None:
        """ "a drum kit … behind the drums": the one thing, by another name that is a plural."""
        if phrase.article not in self.definite or draft.number is not None or draft.colour is not None or not draft.plural:
            return None
        others = (other for other in reversed(self._scene.drafts) if not is_many(other) and other.options and other.word != draft.word)
        return next((other for other in others if other.options[0] in draft.options[:1] and other.generic is None), None)

    def _has_twin(self, draft: Draft) -> bool:
        """ "one of the sofas", when the sofas were two things already."""
        return any(other is not draft and other.options[:1] == draft.options[:1] and not is_many(other) for other in self._scene.drafts)

    def heads_of(self, phrase: NounPhrase) -> frozenset[str]:
        """The last word of a phrase's noun, in the singular."""
        return frozenset() if phrase.head is None else frozenset({singular(phrase.head, self._lexicon)})
