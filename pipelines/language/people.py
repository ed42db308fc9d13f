"""People: what persons and animals wear, which is nothing beside them, and what they hold, push or build, which is."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.language.drafts import Draft, SceneDraft, is_many, is_named
from pipelines.language.inflection import singulars
from pipelines.language.lexicon import Role, split
from pipelines.language.looks import wear
from pipelines.language.mentions import PLACE_AS_OBJECT, Mentions
from pipelines.language.noun_phrase import PUTTING_ON, Item, NounPhrase
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName

_APART = (
    "see",
    "saw",
    "want",
    "need",
    "lik",
    "lov",
    "remember",
    "leav",
    "left",
    "forget",
    "imagin",
    "dream",
    "await",
    "miss",
    "fear",
    "own",
)
"""How verbs begin of which the object may be anywhere."""
_ALONG = ("fly", "flie", "flew", "lead", "led", "walk", "hold", "held", "carr", "pull", "push", "drag", "haul", "wheel")
"""How verbs begin whose object goes where somebody goes."""


class People:
    """Knows clothes by their words, and who can wear them."""

    def __init__(self, scene: SceneDraft, mentions: Mentions) -> None:
        self._scene = scene
        self._mentions = mentions
        self._last: NounPhrase | None = None

    def puts_on(self, item: Item | None) -> bool:
        """Whether a word says that somebody wears what follows."""
        return isinstance(item, Lexeme) and item.words[0] in PUTTING_ON

    def goes_on(self, item: Item | None) -> bool:
        """ "in a red dress and a hat": whether a phrase was taken as clothes, so that the next may be."""
        return item is not None and item is self._last

    def wear(self, item: Item | None, wearers: Sequence[Draft], *, said: bool = False) -> bool:
        """Take "a green coat" as what the last of somebody wears, who gets its colour; False for what is no clothes or for no person.

        said: the words say that it is worn, so that a scarecrow may wear it, too.
        """
        if not isinstance(item, NounPhrase) or not wearers or not (said or self._can_wear(wearers[-1])):
            return False
        lexicon = self._mentions.lexicon
        word = item.head.words[-1] if item.head is not None else ""
        names = {word, *singulars(word, lexicon.irregular_plurals)}
        if not names & lexicon.worn:
            return False
        wearer, looks = wearers[-1], Draft("")
        for lexeme in (*item.modifiers, *item.compounds):
            wear(looks, lexeme)
        trimmed = bool(names & {*split(lexicon.data["trimmings"])}) and not self._mentions.sorts.acts(
            wearer
        )  # a snowman's black hat makes it no black snowman
        wearer.colour = wearer.colour or (None if trimmed else looks.colour)
        self._scene.use(item.start, item.end, "describes")
        self._last = item
        return True

    def hangs_on(self, phrase: NounPhrase, wearers: Sequence[Draft]) -> bool:
        """ "four dummies wearing helmets": on what does not live, clothes are things of their own, as many as wear them."""
        wearer = wearers[-1] if wearers else None
        if (
            wearer is None
            or not wearer.options
            or self._mentions.sorts.acts(wearer)
            or phrase.head is None
            or not phrase.head.has(Role.THING)
        ):
            return False
        if not is_many(wearer):
            return False  # a scarecrow has its own clothes
        for worn in self._mentions.mention(phrase, place_weight=PLACE_AS_OBJECT, as_object=True, fresh=True):
            worn.part = False
            worn.number, worn.plural = worn.number or wearer.number, is_many(wearer)
            worn.relate(RelationName.ON, wearer)
        self._last = phrase
        return True

    def handles(self, verb: Item | None, subjects: Sequence[Draft]) -> bool:
        """ "a child building a castle": whether the verb's object is beside who does it."""
        if not isinstance(verb, Lexeme) or not subjects or not self._mentions.sorts.acts(subjects[-1]):
            return False
        return verb.words[-1] in self._mentions.lexicon.handling

    def at_side(self, verb: Item | None, doers: Sequence[Draft]) -> RelationName:
        """Where something is that somebody does something with: "a donkey carrying sacks" has them on its back, people beside them."""
        carries = isinstance(verb, Lexeme) and verb.words[-1] in ("carrying", "carries", "carry")
        alone = bool(doers) and bool(doers[-1].options) and not self._mentions.sorts.is_person(doers[-1])
        return RelationName.ON if carries and alone else RelationName.BESIDE

    def does_with(self, verb: Item | None, subjects: Sequence[Draft]) -> bool:
        """ "a girl reading a book": whether somebody does something with what follows, so that it is at his side."""
        if self.handles(verb, subjects):
            return True
        if not isinstance(verb, Lexeme) or not subjects or not self._mentions.sorts.acts(subjects[-1]):
            return False
        plain = verb.has(Role.VERB) and not verb.has(Role.RELATION, Role.TURNED, Role.BE, Role.WITH, Role.OPENER)
        return plain and not any(form.startswith(_APART) for form in verb.words)

    def takes_along(self, verb: Item | None) -> bool:
        """ "a girl leading a pony": whether what she does it with is where she is."""
        return isinstance(verb, Lexeme) and verb.words[-1].startswith(_ALONG)

    def has_in_hand(self, verb: Item | None, subjects: Sequence[Draft]) -> bool:
        """ "a gnome holding a lantern": whether what is held is beside who holds it, for nothing can be inside of him."""
        if self.handles(verb, subjects):
            return True
        holds = isinstance(verb, Lexeme) and verb.words[-1] in ("holding", "holds", "clutching")
        return holds and bool(subjects) and not self._mentions.sorts.holds(subjects[-1], subjects[-1])

    def _can_wear(self, draft: Draft) -> bool:
        return self._mentions.sorts.is_alive(draft) or not is_named(
            draft
        )  # "a grandad in a blue coat": of somebody whom the library does not have
