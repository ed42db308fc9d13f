"""Hearing: what the words of a phrase say besides what they name: time, weather and mood, looks, and what must not be there."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.language.drafts import Draft, SceneDraft, Votes
from pipelines.language.lexicon import MODIFIERS, NOUNS, Lexicon, Role, split
from pipelines.language.looks import singular, wear
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import key
from pipelines.spec import Size

_PAST = frozenset({"stood", "sat", "lay", "rode", "ran", "rose", "grew", "flew", "swam", "drove", "went", "came"})
_PLAIN_SIZES = frozenset({"tiny", "little", "small", "big", "large", "huge", "giant", "gigantic", "enormous"})
"""Sizes that say no more than how large: a "high chair" is no high one."""
LOOK_NOUNS = frozenset({"colour", "color", "colours", "colors", "size", "material", "something", "stuff", "liquid", "fluid", "substance"})
"""What comes after "of" and says only what a thing is like."""
STRONG, WEAK = 2.0, 1.0


class Hearing:
    """Listens to phrases. `words_of` gives the prompt's own words between two tokens."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon, words_of: Callable[[int, int], str]) -> None:
        self._scene = scene
        self._lexicon = self.lexicon = lexicon
        self._words_of = words_of
        self.lying = False  # the next words say on what it lies: "snow on the roofs" does not fall

    def hear(self, phrase: NounPhrase, *, denied: bool = False) -> None:
        """Count the votes for time, weather, season, mood that the phrase's own words cast."""
        lexemes = [*phrase.modifiers, *phrase.compounds, *([phrase.head] if phrase.head else [])]
        early = any(lexeme.text == "early" for lexeme in lexemes)
        for lexeme in (*lexemes, *phrase.absent, *phrase.lexemes):
            self._enter(lexeme, phrase.head, denied=denied)
        if phrase.of is not None:
            for lexeme in phrase.of.lexemes:
                self._enter(lexeme, phrase.of.head, denied=denied)
        for lexeme in lexemes:
            self._hear_word(lexeme, denied=denied, early=early)
            if lexeme.has(Role.MOOD) and not denied and lexeme.value(Role.MOOD) not in self._scene.moods:
                self._scene.moods.append(lexeme.value(Role.MOOD))
        for lexeme in phrase.absent:
            self._hear_word(lexeme, denied=True)

    def _enter(self, lexeme: Lexeme, head: Lexeme | None, *, denied: bool) -> None:
        """Enter a word of a phrase into the ledger by what it does there; unknown words are entered by who finds or misses them."""
        if (lexeme.unknown or (lexeme.has(Role.UNBUILDABLE) and lexeme is not head)) and not denied:
            return
        role = "absent" if denied else next((str(role) for role in lexeme.senses if lexeme is head or role not in NOUNS), "describes")
        self._scene.use(lexeme.start, lexeme.end, role)

    def _miss(self, lexeme_or_phrase: Lexeme | NounPhrase) -> None:
        """List words that nothing was found for, and enter them into the ledger."""
        self._scene.miss(self._words_of(lexeme_or_phrase.start, lexeme_or_phrase.end))
        self._scene.use(lexeme_or_phrase.start, lexeme_or_phrase.end, "unmatched")

    def text(self, phrase: NounPhrase) -> str:
        """The phrase in the prompt's own words."""
        return self._words_of(phrase.start, phrase.end)

    def _hear_word(self, lexeme: Lexeme, *, denied: bool, early: bool = False) -> None:
        slots: tuple[tuple[Role, Votes], ...] = (
            (Role.TIME, self._scene.times),
            (Role.WEATHER, self._scene.weathers),
            (Role.SEASON, self._scene.seasons),
        )
        for role, votes in slots:
            sense = lexeme.senses.get(role)
            if sense is None:
                continue
            if self.lying and sense.weak and role is Role.WEATHER:
                continue
            if denied:
                votes.denied.add(sense.value)
            elif sense.value == "morning" and early:
                votes.add("dawn", STRONG)
            else:
                votes.add(sense.value, WEAK if sense.weak else STRONG)
        if denied and lexeme.text in ("cloud", "clouds"):
            self._scene.weathers.add("clear", WEAK)

    def exclude(self, phrase: NounPhrase) -> None:
        """What the phrase names must not be there."""
        self.hear(phrase, denied=True)
        self.exclude_absent(phrase)
        if phrase.head is not None:
            self._exclude_word(phrase.head)
        if phrase.of is not None:
            self.exclude(phrase.of)

    def exclude_absent(self, phrase: NounPhrase) -> None:
        """The "tree" of "treeless"."""
        for lexeme in phrase.absent:
            self._scene.use(lexeme.start, lexeme.end, "absent")
            self._exclude_word(lexeme)

    def _exclude_word(self, head: Lexeme) -> None:
        if head.has(Role.GENERIC):
            names = self._lexicon.generic_kinds(head.value(Role.GENERIC))
        elif head.has(Role.THING):
            names = tuple(name for name in head.senses[Role.THING].options if self._goes_by(name, head))[:8]
        elif head.unknown or head.has(Role.UNBUILDABLE):
            names = ()
            self._scene.note(f"“{self._words_of(head.start, head.end)}” is not in the library, so there is none anyway")
        else:
            names = ()
        new = [name for name in names if name not in self._scene.without]
        at = len(self._scene.without) if head.has(Role.GENERIC) else 0  # "no plants" must not crowd out "no road"
        self._scene.without[at:at] = new

    def _heads(self, kind: str) -> frozenset[str]:
        entry = self._lexicon.kinds[kind]
        names = (words.replace("-", " ").partition(" of ")[0].split() for words in (entry.name, *entry.words))
        return frozenset(words[-1] for words in names if words)

    def _goes_by(self, kind: str, head: Lexeme) -> bool:
        """Whether the words are a kind's own ("no boats" means every boat), or only the nearest that the library has."""
        options = head.senses[Role.THING].options
        return kind == options[0] or self._heads(kind) & {singular(head, self._lexicon)} != set()

    def kinds_for(self, words: str) -> tuple[str, ...]:
        """The kinds that go by these words, best first."""
        return self._lexicon.kinds_for(words)

    def use(self, phrase: NounPhrase) -> None:
        """Enter a phrase into the ledger that only says where something is."""
        self._scene.use(phrase.start, phrase.end, "relation")

    def is_finite(self, word: str) -> bool:
        """Whether a word can only be the verb of a subject: "sits", "stood", but neither "sitting" nor "round"."""
        return Role.VERB in self._lexicon.table.get((word,), {}) and (word.endswith("s") or word in _PAST)

    def number_in(self, words: Lexeme) -> int | None:
        """The number of rows that "in two rows" and "two rows of" count."""
        counts = [self._lexicon.table.get((word,), {}).get(Role.NUMBER) for word in words.words]
        return next((int(float(sense.value)) for sense in counts if sense is not None), None)

    def is_painted(self, phrase: NounPhrase) -> bool:
        """Whether a part may get a look: a door may, an edge only where the words give it one."""
        assert phrase.head is not None
        looks = any(lexeme.has(Role.COLOUR, Role.MATERIAL) for lexeme in (*phrase.modifiers, *phrase.compounds))
        return looks or (singular(phrase.head, self._lexicon) not in self._lexicon.positions and not phrase.head.has(Role.AMBIENT))

    def _indoors(self) -> bool:
        place = self._scene.places.winner()
        return place is not None and self._lexicon.places[place].indoors

    def _is_near_place(self, head: Lexeme) -> bool:
        """Whether the word names a place that is only nearest to what was meant: "a library" is a living room."""
        return head.text in split(self._lexicon.places[head.value(Role.PLACE)].said.near)

    def _dress(self, draft: Draft, phrase: NounPhrase) -> None:
        """Colour, size, material, style and measure from the words before (and "made of" after) the head."""
        unknown: list[Lexeme] = []
        for lexeme in (*phrase.modifiers, *phrase.compounds):
            wear(draft, lexeme)
            if lexeme.possessive:
                self._scene.use(lexeme.start, lexeme.end, "describes")
            elif lexeme.unknown or (lexeme.has(Role.UNBUILDABLE) and not lexeme.senses.keys() & (MODIFIERS | {Role.THING})):
                unknown.append(lexeme)
        if phrase.head is not None and len(phrase.head.words) > 1:
            self._dress_by_name(draft, phrase.head.words)
        self._gild(draft)
        self._miss_together(sorted(unknown, key=lambda lexeme: lexeme.start))
        stuff = phrase.of.head or material_of(phrase.of.modifiers) if phrase.of is not None else None
        if phrase.of is not None and stuff is not None and stuff.has(Role.MATERIAL):
            draft.material = stuff.value(Role.MATERIAL)
            for lexeme in phrase.of.modifiers:
                wear(draft, lexeme)
        elif phrase.of is not None and phrase.of.head is not None and phrase.of.head.words[-1] in LOOK_NOUNS:
            for lexeme in phrase.of.modifiers:  # "parasols of yellow colour", "a flask of something green"
                wear(draft, lexeme)

    def _gild(self, draft: Draft) -> None:
        """ "a golden crown": what somebody has made is of gold then; golden leaves, hounds and curtains only look so."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options and draft.place is None else None
        if kind is None or draft.colour != "gold" or draft.material is not None:
            return
        gilt = self._lexicon.data["gilt"]
        soft = draft.heads & {*split(gilt["not_words"])}
        if not soft and kind.family not in split(gilt["not_families"]) and not {*split(gilt["not_tags"])} & set(kind.tags):
            draft.material = "gold"

    def _dress_by_name(self, draft: Draft, words: tuple[str, ...]) -> None:
        """ "a wooden table", "little green men": looks in a name that a kind goes by, unless they are in the kind's own name."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        own = key(kind.name) if kind is not None else ()
        grows = kind is not None and kind.family in ("trees", "plants", "food")  # an olive tree is no tree in olive
        for at, word in enumerate(words[:-1]):
            senses = self._lexicon.table.get((word,), {})
            blooms = kind is not None and kind.family == "plants" and word not in own and Role.THING not in senses  # a red poppy is red
            if Role.COLOUR in senses and (blooms or (not grows and (at == 0 or word not in own))):
                draft.colour = draft.colour or senses[Role.COLOUR].value
            elif Role.MATERIAL in senses and Role.COLOUR not in senses and kind is not None and not grows and word not in own:
                draft.material = draft.material or senses[Role.MATERIAL].value
            elif word in _PLAIN_SIZES and word not in own and draft.size is Size.NORMAL:
                draft.size = Size(senses[Role.SIZE].value)

    def _wear_parts(self, draft: Draft, phrase: NounPhrase) -> None:
        """ "a red-roofed cottage"."""
        for looks, part in phrase.parted:
            worn = Draft(f"{looks.text} {part.text}", word=singular(part, self._lexicon), part=True, part_of=draft)
            wear(worn, looks)
            self._scene.use(looks.start, looks.end, "describes")
            self._scene.use(part.start, part.end, "part")
            draft.parts.append(worn)

    def _miss_together(self, lexemes: list[Lexeme]) -> None:
        """List neighbouring unknown words as one phrase: "bear-skin"."""
        begin = 0
        for index, lexeme in enumerate(lexemes):
            if index + 1 == len(lexemes) or lexemes[index + 1].start != lexeme.end:
                self._scene.miss(self._words_of(lexemes[begin].start, lexeme.end))
                self._scene.use(lexemes[begin].start, lexeme.end, "unmatched")
                begin = index + 1


def material_of(modifiers: list[Lexeme]) -> Lexeme | None:
    """The "leather" of "brown leather"."""
    return next((lexeme for lexeme in modifiers if lexeme.has(Role.MATERIAL)), next(iter(modifiers), None))
