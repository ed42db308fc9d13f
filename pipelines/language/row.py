"""Row: the items of a prompt, and what can be said of them without knowing who is spoken of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.language.lexicon import VOTES, Role
from pipelines.language.noun_phrase import Item, NounPhrase
from pipelines.language.tagging import Lexeme, number_value
from pipelines.language.tokens import TokenKind
from pipelines.spec import RelationName

INNER = frozenset({RelationName.ON, RelationName.INSIDE})
SIDES = frozenset({RelationName.IN_FRONT_OF, RelationName.BEHIND, RelationName.LEFT_OF, RelationName.RIGHT_OF})
ASIDE = SIDES | {RelationName.BESIDE, RelationName.NEAR}
_STATES = frozenset({"stuck", "hung", "built", "set", "cut", "dug", "hidden", "laid", "bound", "sunk"})
_MOVING = frozenset({"pulled", "drawn", "driven", "ridden", "pushed", "towed", "carried", "led", "guided", "watched", "chased", "followed"})
_COUNTING = frozenset(
    {"qty", "quantity", "count", "number", "pieces", "pcs", "pc", "units", "items", "total", "x", "them", "of", "off", "each"}
)
_LONGEST_HEADING = 10  # items


class Row:
    """Noun phrases and the words between them, by position; positions beyond the ends hold nothing."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, at: int) -> Item:
        return self._items[at]

    def item(self, at: int) -> Item | None:
        return self._items[at] if 0 <= at < len(self._items) else None

    def has(self, at: int, *roles: Role) -> bool:
        item = self.item(at)
        return isinstance(item, Lexeme) and item.has(*roles)

    def is_comma(self, at: int) -> bool:
        item = self.item(at)
        return isinstance(item, Lexeme) and item.kind is TokenKind.COMMA

    def is_bare_in_list(self, at: int) -> bool:
        """ "bus - taxi - bus": a noun alone between two signs is a thing of its own, though it was named before."""
        phrase, before, after = self.item(at), self.item(at - 1), self.item(at + 1)
        bare = isinstance(phrase, NounPhrase) and not phrase.article and not phrase.modifiers and phrase.of is None
        return bare and all(one is None or (isinstance(one, Lexeme) and one.text in (",", ";", "/", "|")) for one in (before, after))

    def heading_ends(self) -> int:
        """Where the colon of a heading stands, 0 where the text has none."""
        for at in range(min(len(self), _LONGEST_HEADING)):
            if self._is_sign(self._items[at]):
                return at if isinstance(sign := self._items[at], Lexeme) and sign.text == ":" else 0
        return 0

    def is_compared(self, at: int) -> bool:
        """ "like a giant", "for a picnic"; but "plan for my garden:" is a heading that names the place."""
        phrase = self.item(at)
        heads = isinstance(phrase, NounPhrase) and phrase.head is not None and phrase.head.has(Role.PLACE)
        return isinstance(phrase, NounPhrase) and not (heads and self.heading_ends() == at + 1)

    def is_look_of_some(self, at: int, *, parted: bool) -> bool:
        """ "one green and one orange": a number with a noun that is a colour too, in a list of such."""
        phrase, joint, other = self.item(at), self.item(at + 1), self.item(at + 2)
        if not isinstance(phrase, NounPhrase) or phrase.head is None or not phrase.head.has(Role.COLOUR) or phrase.number is None:
            return False
        goes_on = isinstance(joint, Lexeme) and (joint.has(Role.CONJUNCTION) or joint.kind is TokenKind.COMMA)
        counted = isinstance(other, NounPhrase) and other.number is not None and (other.head is None or other.head.has(Role.COLOUR))
        return not phrase.article and (parted or (goes_on and counted))

    def taken_back(self, at: int) -> int | None:
        """ "standing stones? no.", "Excavator: none yet.": the position after what is asked at `at` and denied at once."""
        before = self.item(at - 1)
        if not isinstance(self.item(at), NounPhrase) or not (before is None or self._is_sign(before)):
            return None
        while at < len(self) and not self._is_sign(self._items[at]):
            at += 1
        asked, answer = self.item(at), self.item(at + 1)
        word = answer.head if isinstance(answer, NounPhrase) else answer
        denied = isinstance(asked, Lexeme) and asked.text in ("?", ":") and word is not None and word.text in ("no", "none", "nope")
        end = at + 2
        while self.has(end, Role.FUNCTION, Role.ADVERB):
            end += 1  # "none yet"
        return end if denied and (self.item(end) is None or self.is_sign(end)) else None

    def is_auxiliary(self, at: int) -> bool:
        """ "has been left", "have curled up", "had just fallen": the verb after it tells what was done; nobody has it."""
        word = self.item(at)
        if not isinstance(word, Lexeme) or word.text not in ("has", "have", "had", "having"):
            return False
        after = at + 1
        while self.has(after, Role.ADVERB) and not self.has(after, Role.VERB, Role.BE):
            after += 1
        verb = self.item(after)
        done = isinstance(verb, Lexeme) and (verb.has(Role.VERB, Role.BE) or (verb.has(Role.RELATION) and verb.words[0].endswith("ed")))
        return done and not self.has(after, Role.DETERMINER, Role.NUMBER)

    def bracketed_count(self, at: int) -> tuple[float, int] | None:
        """ "cones (qty 5)", "robots (four pieces)": the number in the bracket that opens at `at`, and where it closes."""
        number, end = None, at + 1
        while (item := self.item(end)) is not None and not (isinstance(item, Lexeme) and item.text == ")"):
            head = item.head if isinstance(item, NounPhrase) else None if item.has(Role.NUMBER) else item
            if head is not None and head.words[-1] not in _COUNTING:
                return None
            said = item.number if isinstance(item, NounPhrase) else number_value(item)
            if said is not None and number is not None:
                return None
            number, end = said if said is not None else number, end + 1
        return (number, end) if number is not None and item is not None else None

    def begins_clause(self, at: int) -> bool:
        """ "a man has a piano, and a dog lies": whether ", and" stands before the phrase at `at`, so that a verb after it is its own."""
        return isinstance(self.item(at), NounPhrase) and self.has(at - 1, Role.CONJUNCTION) and self.is_comma(at - 2)

    def ends_at(self, at: int) -> bool:
        """Whether nothing, or a sign, stands at this position."""
        return self.item(at) is None or self.is_sign(at)

    def is_sign(self, at: int) -> bool:
        item = self.item(at)
        return item is not None and self._is_sign(item)

    @staticmethod
    def _is_sign(item: Item) -> bool:
        return isinstance(item, Lexeme) and item.kind in (TokenKind.COMMA, TokenKind.STOP)

    def past_part(self, at: int) -> int:
        """ "the side of it", "the edge of them": where the pronoun stands whose part the phrase at `at` is, `at` for other phrases."""
        part = self.item(at)
        if not isinstance(part, NounPhrase) or not is_part(part) or part.of is not None or part.number is not None:
            return at
        return at + 2 if self.has(at + 1, Role.OF) and self.has(at + 2, Role.PRONOUN) else at

    def points_back(self, at: int) -> bool:
        """ "behind that, a well": whether "that" stands for a thing, and begins no clause."""
        word = self.item(at)
        return isinstance(word, Lexeme) and word.text == "that" and not self.has(at + 1, Role.VERB, Role.BE, Role.WITH)

    def is_there_as_it_has(self, at: int) -> bool:
        """ "near the fence it has chickens": many tongues say so that there are some."""
        word = self.item(at)
        return isinstance(word, Lexeme) and word.text in ("it", "they") and self.has(at + 1, Role.WITH)

    def names_air(self, at: int) -> bool:
        """ "against the evening": whether a phrase says nothing but the hour or the weather."""
        phrase = self.item(at)
        words = [*phrase.modifiers, *([phrase.head] if phrase.head is not None else [])] if isinstance(phrase, NounPhrase) else []
        return bool(words) and all(one.has(*VOTES) and not one.has(Role.THING) for one in words)

    def skip_filler(self, at: int) -> int:
        """Past adverbs and function words that stand between a preposition and its object."""
        while self.has(at, Role.ADVERB, Role.DETERMINER, Role.FUNCTION) and not self.has(
            at, Role.PRONOUN, Role.RELATION, Role.TURNED, Role.CONJUNCTION, Role.WITH
        ):
            at += 1
        return at

    def list_ends_denied(self, at: int) -> bool:
        """Whether the comma list around `at` ends in "or" or "nor", or in "and" with a bare noun."""
        while isinstance(self.item(at), NounPhrase) and self.is_comma(at + 1) and isinstance(self.item(at + 2), NounPhrase):
            at += 2
        at += 2 if self.is_comma(at + 1) else 1
        joint, last = self.item(at), self.item(at + 1)
        if not isinstance(joint, Lexeme) or not joint.has(Role.CONJUNCTION) or not isinstance(last, NounPhrase):
            return False
        return joint.text in ("or", "nor") or (not last.article and last.number is None and not last.modifiers)

    def after_aside(self, at: int) -> int:
        """ "by the window, facing out as if it could see, a dummy", "beside it, coiled, lay a rope": past a participle's aside."""
        begins, end = self.item(at + 1), at + 2
        if (
            not self.is_comma(at)
            or not isinstance(begins, Lexeme)
            or not begins.words[0].endswith(("ing", "ed"))
            or not begins.has(Role.VERB)
        ):
            return at
        while self.item(end) is not None and not self.is_sign(end):
            end += 1
        begin = end + 1
        while self.has(begin, Role.VERB) and not self.next_is_relation(begin):
            begin += 1
        after = self.item(begin)
        return end if self.is_comma(end) and isinstance(after, NounPhrase) and after.head is not None else at

    def is_put_aside(self, at: int) -> bool:
        """ "facing him, perched on a rock, a dragon": between two commas, where what comes after them is, too."""
        begins, subject = self.item(at), self.item(at + 3)
        participle = isinstance(begins, Lexeme) and begins.has(Role.RELATION) and begins.words[0].endswith("ed")
        named = isinstance(subject, NounPhrase) and subject.head is not None
        return participle and isinstance(self.item(at + 1), NounPhrase) and self.is_comma(at + 2) and named

    def puts_apart(self, at: int) -> bool:
        """ "a house with a wall around it", "behind it": what follows at `at` puts what was named beside what it is no part of."""
        word = self.item(at)
        named = isinstance(word, Lexeme) and word.has(Role.RELATION)
        return named and isinstance(word, Lexeme) and RelationName(word.value(Role.RELATION)) in ASIDE | {RelationName.AROUND}

    def next_is_relation(self, at: int) -> bool:
        return self.has(at, Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST)

    def is_participle_of(self, at: int) -> bool:
        """ "a sword stuck in a stone": the verb after the phrase at `at` says in what state it is, and where."""
        verb = self.item(at + 1)
        if not isinstance(self.item(at), NounPhrase) or not isinstance(verb, Lexeme):
            return False
        if verb.has(Role.RELATION):  # "stuck in"
            return verb.words[0] in _STATES
        return (
            verb.has(Role.VERB) and self.has(at + 2, Role.RELATION) and (verb.words[-1].endswith(("ed", "en")) or verb.words[-1] in _STATES)
        )

    def ends_with_verb(self, at: int) -> bool:
        """ "on which a cup and a plate are standing": nothing but verbs up to the next sign."""
        begin = at
        while (self.has(at, Role.VERB, Role.BE) and not self.next_is_relation(at)) or (at > begin and self._is_state(at)):
            at += 1
        return at > begin and (self.item(at) is None or self.is_sign(at))

    def is_doing(self, at: int) -> bool:
        """ "around the well were walking the geese": a participle alone after "were", though it describes things elsewhere."""
        phrase = self.item(at)
        alone = isinstance(phrase, NounPhrase) and phrase.head is None and not phrase.article and phrase.number is None
        doing = alone and isinstance(phrase, NounPhrase) and all(one.words[-1].endswith("ing") for one in phrase.modifiers)
        return doing and self.has(at - 1, Role.BE)

    def _is_state(self, at: int) -> bool:
        """ "are lying", "is empty": what follows a verb and has no noun."""
        phrase = self.item(at)
        return isinstance(phrase, NounPhrase) and phrase.head is None

    def is_moved(self, at: int) -> bool:
        """ "a cart on a road pulled by a donkey": what is done to things that move, not to the ground."""
        verb = self.item(at)
        return isinstance(verb, Lexeme) and verb.words[0] in _MOVING

    def is_placed(self, at: int) -> bool:
        """ "with a goldfish in it": the words say where the phrase at `at` is, by a pronoun that looks back."""
        after = at + 1
        while self.has(after, Role.CONJUNCTION) and isinstance(self.item(after + 1), NounPhrase):
            after += 2  # "with an apple and a pear in it"
        while self.has(after, Role.VERB, Role.ADVERB, Role.BE) and not self.next_is_relation(after):
            after += 1
        alone = self.has(after, Role.TO_VIEWER, Role.TO_HOST) and not isinstance(
            self.item(after + 1), NounPhrase
        )  # "with a fork on the left"
        return self.next_is_relation(after) and (alone or self.has(after + 1, Role.PRONOUN))

    def is_part_of(self, at: int) -> bool:
        """ "on the porch of a farmhouse" is near the farmhouse, not on it."""
        item = self.item(at)
        return isinstance(item, NounPhrase) and item.of is not None and is_part(item)

    def acts_alone(self, at: int) -> bool:
        """ "a table and a dog lying on a rug": the participle at `at` is the dog's; not so "rake and hoe leaning", "they are lying"."""
        before = at - 1
        while self.has(before, Role.ADVERB) or (self.has(before, Role.VERB) and not self.has(before, Role.BE)):
            before -= 1
        if self.has(before, Role.BE):
            return False
        last, joint, other = self.item(before), self.item(before - 1), self.item(before - 2)
        pair = isinstance(last, NounPhrase) and isinstance(other, NounPhrase) and isinstance(joint, Lexeme) and joint.text == "and"
        return not (pair and all(isinstance(one, NounPhrase) and not one.article and one.number is None for one in (last, other)))

    def is_viewer(self, at: int) -> bool:
        item = self.item(at)
        words = item.head.text if isinstance(item, NounPhrase) and item.head is not None else item.text if isinstance(item, Lexeme) else ""
        return words in ("viewer", "visitor", "player", "me", "us", "you", "camera")

    def further_object(
        self, first: NounPhrase, at: int, *, listed: bool, is_small: Callable[[NounPhrase], bool]
    ) -> tuple[NounPhrase, int] | None:
        """ "surrounded by pines and boulders", "facing the sofa and the window": another object of the same preposition."""
        if not (self.has(at, Role.CONJUNCTION) or (listed and self.is_comma(at))):
            return None
        after = at + 1
        if self.is_comma(at) and self.has(after, Role.CONJUNCTION):
            after += 1
        phrase = self.item(after)
        if (
            not isinstance(phrase, NounPhrase)
            or phrase.head is None
            or self.next_is_relation(after + 1)
            or self.has(after + 1, Role.VERB, Role.BE, Role.WITH)
        ):
            return None
        if listed and ((first.plural and phrase.plural) or (is_small(first) and is_small(phrase))):
            return phrase, after + 1
        same = first.article == "the" and phrase.article == "the"
        return (phrase, after + 1) if same and self.has(at, Role.CONJUNCTION) and not listed else None

    def denial_goes_on(self, phrase: NounPhrase, at: int, connector: str) -> bool:
        """ "no cars, people or trees" denies all three; "no trees, a cabin" only the first."""
        if (
            self.has(at - 1, Role.ADVERB)
            and isinstance(before := self.item(at - 1), Lexeme)
            and before.text in ("only", "just", "instead", "but")
        ):
            return False
        if connector in ("negator", "or", "none"):
            return True
        bare = not phrase.article and phrase.number is None and phrase.group is None
        return bare and (connector == "and" or (connector == "comma" and self.list_ends_denied(at)))


def is_part(phrase: NounPhrase) -> bool:
    """Whether a phrase only names a part of something, or the air."""
    head = phrase.head
    return head is not None and head.has(Role.PART, Role.AMBIENT) and not head.has(Role.THING, Role.GENERIC, Role.PLACE)
