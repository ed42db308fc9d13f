"""Mentions: what a noun phrase speaks of: a new thing, one already there, a place, the air, or what must not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipelines.language.drafting import Drafting
from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.hearing import WEAK
from pipelines.language.inflection import singulars
from pipelines.language.lexicon import Lexicon, Role, Sense, split
from pipelines.language.looks import singular, singular_texts
from pipelines.language.naming import Naming
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.recall import EACH
from pipelines.language.sorts import Sorts
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import key
from pipelines.language.wholes import Wholes
from pipelines.spec import MAX_THINGS, Arrangement, RelationName

Guess = Callable[[str], tuple[str, ...]]
"""Kinds for words that no dictionary has, best first; empty when nothing is like them."""

NEAR_PLACE = 1.6  # a place that only stands in for the one that was named
FIRST_PLACE, IN_PLACE, SAID_PLACE, PLACE_BEFORE_NOUN, PLACE_AS_OBJECT, HINT = 4.0, 3.0, 2.0, 1.5, 0.8, 0.5
THING_AS_OBJECT = 0.7  # a word that is a thing too: "beside the street"


_GROWING = frozenset({"oak", "pine", "birch", "walnut", "bamboo", "straw"})  # materials that are plants too


class Mentions(Drafting):
    """Turns noun phrases into drafts of a scene. `words_of` gives the prompt's own words between two tokens."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon, guess: Guess, words_of: Callable[[int, int], str]) -> None:
        super().__init__(scene, lexicon, words_of)
        self._guess = guess
        self.vessels = frozenset(split(lexicon.data["vessels"]))
        self._cups = frozenset(split(lexicon.data["cups"]))
        self._images = frozenset(split(lexicon.data["images"]))
        self.ordinals = frozenset(split(lexicon.data["ordinals"]))
        self.another = frozenset(split(lexicon.data["another"]))
        self.wholes = Wholes(scene, lexicon)
        self.sorts = Sorts(scene, lexicon)
        self._naming = Naming(scene, lexicon, self.wholes)
        self._own_things = frozenset(split(lexicon.data["own_things"]))
        self._pieces = frozenset(split(lexicon.data["pieces"]))
        self.labels = frozenset(split(lexicon.data["labels"]))
        self._both_sides = frozenset(split(lexicon.data["both_sides"]))
        self._implied: list[Draft] = []
        self.hosted = False  # what comes now comes "with" a thing, and may be a part of it

    def double(self, subjects: list[Draft], words: str) -> None:
        """One thing "on each side of" another is two."""
        for draft in subjects if words in self._both_sides else ():
            if draft.number in (None, 1) and not draft.plural and draft.place is None:
                draft.number = 2

    def mention(self, phrase: NounPhrase, *, place_weight: float, as_object: bool = False, fresh: bool = False) -> list[Draft]:
        """The drafts that a phrase speaks of: a nameless one, kept nowhere, for what cannot be built; empty for adjectives alone."""
        found = self._mention(phrase, place_weight=place_weight, as_object=as_object, fresh=fresh)
        self._scene.named[phrase.start] = found
        return found

    def _mention(self, phrase: NounPhrase, *, place_weight: float, as_object: bool, fresh: bool) -> list[Draft]:
        self.hear(phrase)
        self.exclude_absent(phrase)
        self.hear_compounds(phrase)
        head = phrase.head
        if head is None:
            self._describe_scene(phrase)
            return self._after_of(phrase, place_weight)
        self._naming.settle(phrase)
        head = phrase.head or head
        known = self._special_of(phrase, place_weight)
        if known is not None:
            return known
        if (meant := self.last_word_of(phrase)) is not None:
            self._scene.use(phrase.start, phrase.end, "thing")
            return [meant]
        self._settle_group(phrase)
        if (piece := self._piece_of(phrase)) is not None:
            return self.mention(piece, place_weight=place_weight, as_object=as_object, fresh=fresh)
        if head.has(Role.GENERIC, Role.THING) and not self._names_place(phrase, place_weight):
            return self._things(phrase, as_object=as_object, fresh=fresh)
        if head.has(Role.PLACE) and place_weight < IN_PLACE and self._is_near_place(head):
            self._miss(phrase)
            return [Draft(self.text(phrase))]
        part = head.has(Role.PART) and self.hosted  # "a cabin with a porch"
        if head.has(Role.PLACE) and not part and not (head.senses[Role.PLACE].weak and head.has(Role.PART, Role.AMBIENT)):
            return self._place(phrase, place_weight)
        if head.has(Role.PLACE):
            self._scene.places.add(head.value(Role.PLACE), HINT)
        if head.unknown:
            return self._unknown(phrase)
        if head.has(Role.UNBUILDABLE) and not (head.has(Role.PART) and self.hosted):
            self._miss(phrase)
        elif head.has(Role.PART) and not self.hosted and singular(head, self._lexicon) in self._own_things:
            return self._unknown(phrase)  # "a stone arch": no part of anything that was spoken of
        elif head.has(Role.PART) and not as_object and self.is_painted(phrase):
            return [self.part(phrase)]
        return self._after_of(phrase, place_weight) or [
            Draft(self.text(phrase), part=as_object and head.has(Role.PART), word=singular(head, self._lexicon))
        ]

    def _settle_group(self, phrase: NounPhrase) -> None:
        """ "a school of yellow fish" is a fish school where the library has one, whatever stands between its words."""
        head = phrase.head
        words = (lexeme.words for lexeme in phrase.lexemes if lexeme.has(Role.GROUP))
        word = next((one[0] for one in words if one[1:] in ((), ("of",))), "")
        if head is None or phrase.group is None or phrase.number is not None or not head.has(Role.THING):
            return
        name = f"{singular(head, self._lexicon)} {word}"
        options = head.senses[Role.THING].options
        if options[0] in self._lexicon.kinds_for(f"{word} of {options[0]}"):
            name = options[0]  # "a balloon bunch" is what goes by the name of "balloons"
        if name in self._lexicon.kinds:
            phrase.head = replace(head, senses={Role.THING: Sense(name, options=(name,))}, plural=False)
            phrase.group, phrase.of_itself_plural = None, False

    def _piece_of(self, phrase: NounPhrase) -> NounPhrase | None:
        """ "a slice of cherry pie" is the pie, however much of it there is: what comes after "of", counted as the pieces are."""
        head, whole = phrase.head, phrase.of
        if head is None or head.has(Role.THING) or whole is None or whole.head is None or not whole.head.has(Role.THING):
            return None
        pieces = singulars(head.words[-1], self._lexicon.irregular_plurals)
        if not {head.words[-1], *pieces} & self._pieces:
            return None
        self._scene.use(head.start, head.end, "thing")
        number = phrase.number or (None if pieces else 1)
        modifiers = [*phrase.modifiers, *whole.modifiers]
        return replace(whole, start=phrase.start, article=phrase.article, number=number, modifiers=modifiers, of_itself_plural=bool(pieces))

    def origin(self, phrase: NounPhrase) -> bool:
        """ "a café in Paris": a name that says where in the world; it is the place only where no other was named."""
        if phrase.head is None or phrase.article or phrase.head.text not in self._lexicon.regions:
            return False
        self.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "place")
        if phrase.head.has(Role.PLACE):
            named = any(weight >= PLACE_BEFORE_NOUN for _, weight in self._scene.places.cast)
            self._scene.places.add(phrase.head.value(Role.PLACE), HINT if named else IN_PLACE)
        return True

    def settle_part(self, phrase: NounPhrase, *, owned: bool, apart: bool = False) -> None:
        """Make parts of a building of what is meant so: see `Naming`."""
        definite = owned or self.hosted or phrase.article in self.definite
        self._naming.settle_part(phrase, definite=definite, indoors=self._indoors(), apart=apart)

    def may_stand_alone(self, phrase: NounPhrase) -> bool:
        """Whether a phrase names a part of houses that is a thing of its own in the open: a wall."""
        return phrase.head is not None and singular(phrase.head, self._lexicon).split()[-1] in self._lexicon.data["own_outdoors"]

    def machine_of(self, phrase: NounPhrase) -> Draft | None:
        """ "crate on forks": the forklift that has such a part."""
        word = singular(phrase.head, self._lexicon) if phrase.head is not None and phrase.head.has(Role.PART) else ""
        owners = self._lexicon.data["machine_parts"].get(word, ())
        return next((draft for draft in reversed(self._scene.drafts) if draft.options[:1] and draft.options[0] in owners), None)

    def alone(self, head: Lexeme) -> str | None:
        """The place that a word names where the prompt names nothing else: "the moon"."""
        named = (name for name, place in self._lexicon.places.items() if head.text in split(place.said.alone))
        return next(named, None)

    def part(self, phrase: NounPhrase) -> Draft:
        """A draft that stands for a part: "a red door", "the roof of the barn"; whose it is, the words around it tell."""
        assert phrase.head is not None
        draft = Draft(self.text(phrase), word=singular(phrase.head, self._lexicon), part=True)
        owner, phrase.of = phrase.of, phrase.of if phrase.of is not None and phrase.of.head and phrase.of.head.has(Role.MATERIAL) else None
        owned = next((lexeme for lexeme in phrase.compounds if lexeme.possessive and lexeme.has(Role.THING, Role.GENERIC)), None)
        if owned is not None:
            phrase.compounds.remove(owned)
            owner = NounPhrase(owned.start, owned.end, owned, article="the", lexemes=[owned])
        self._dress(draft, phrase)
        if owner is not None and owner is not phrase.of and owner.head is not None and owner.head.has(Role.THING, Role.GENERIC):
            self.hear(owner)
            self.wholes.belongs(draft, next(iter(self._things(owner, as_object=True)), None))
        return draft

    def _after_of(self, phrase: NounPhrase, place_weight: float) -> list[Draft]:
        """ "the edge of a lake", "a view of the sea": what comes after "of" is what counts."""
        if phrase.of is None:
            return []
        within = phrase.head is not None and self._is_within(phrase.head, phrase.of.head)
        return self.mention(phrase.of, place_weight=IN_PLACE if within else min(place_weight, IN_PLACE))

    def _is_within(self, part: Lexeme, whole: Lexeme | None) -> bool:
        """ "the wall of the corridor", "the far end of the lab": who sees that is inside; of a house he may be before it."""
        if whole is None or not whole.has(Role.PLACE) or whole.has(Role.THING) or not self._lexicon.places[whole.value(Role.PLACE)].indoors:
            return False
        return singular(part, self._lexicon) in self.wholes.room_parts | self._lexicon.positions

    def _names_place(self, phrase: NounPhrase, weight: float) -> bool:
        """Whether a word that is a thing and a place too ("street") names the place here."""
        head = phrase.head
        if head is None or not head.has(Role.PLACE) or phrase.group is not None:
            return False
        if phrase.of is not None and phrase.of.head is not None and phrase.of.head.has(Role.PLACE) and head.has(Role.THING):
            return False  # "the runway of an airfield"
        if self._is_own_of_room(head):
            return False
        if self._only_indoors(head) and not self._indoors():
            return True
        if phrase.article in self.definite and any(
            one.options and one.place is None and self.heads_of(phrase) & one.heads for one in self._scene.drafts
        ):
            return False  # "behind the bar, shelves; on the bar, a lamp"
        if self._is_near_place(head) and any(vote >= PLACE_BEFORE_NOUN for _, vote in self._scene.places.cast):
            return False  # another place was named: "a petrol station" stands in it
        if head.senses[Role.PLACE].weak:
            return weight == IN_PLACE and (self._is_house_of_place(head) or (head.plural and phrase.number is None))
        return weight >= SAID_PLACE and not (phrase.article in self.definite and weight < IN_PLACE) and phrase.number in (None, 1)

    def _is_house_of_place(self, head: Lexeme) -> bool:
        """ "in a cathedral" is inside of it, though a cathedral may stand in a town as well."""
        return self._lexicon.places[head.value(Role.PLACE)].indoors and head.has(Role.THING) and self.wholes.names_building(head)

    def _is_own_of_room(self, head: Lexeme) -> bool:
        """ "on a theatre stage": what goes by its own name in a room, which is called after it."""
        kind = self._lexicon.kinds.get(head.text) if head.has(Role.THING) else None
        indoors = self._lexicon.places[head.value(Role.PLACE)].indoors
        return kind is not None and kind.indoors and indoors and kind.name in head.senses[Role.THING].options

    def _only_indoors(self, head: Lexeme) -> bool:
        """ "an island" is a kitchen's only in a kitchen."""
        if not head.has(Role.THING):
            return False
        kind = self._lexicon.kinds[head.senses[Role.THING].options[0]]
        return bool(kind.indoors and not kind.outdoors) and not self._lexicon.places[head.value(Role.PLACE)].indoors

    def _special_of(self, phrase: NounPhrase, place_weight: float) -> list[Draft] | None:
        """Phrases that "of" turns into something else: places full of a thing, materials, compounds; None for ordinary ones."""
        head, part = phrase.head, phrase.of
        if head is None or part is None or part.head is None:
            return None
        if head.has(Role.PLACE) and not head.has(Role.THING) and part.head.has(Role.THING, Role.GENERIC):
            drafts = self._place(phrase, place_weight)
            self.hear(part)
            owned = bool(part.article) and not part.plural  # "the attic of a house", "the throne room of a king": not full of them
            if not owned and (part.plural or not self.wholes.names_building(part.head)):
                self._crowd(part, head.value(Role.PLACE))
            return drafts
        names = (" ".join((*part.head.words[:-1], singular(part.head, self._lexicon))), singular(part.head, self._lexicon))
        compound = next((kinds for name in names if (kinds := self._lexicon.kinds_for(f"{name} {singular(head, self._lexicon)}"))), ())
        if compound and not phrase.of_word.startswith("made"):
            whole = Lexeme(head.start, head.end, head.words, head.kind, {Role.THING: Sense(compound[0], options=compound)}, head.plural)
            phrase.head, phrase.of = whole, None
            self._scene.use(head.start, part.end, "thing")
            return self._things(phrase)
        return None

    def hear_compounds(self, phrase: NounPhrase) -> None:
        """Nouns before the head: places hint at the place, species fill it, materials are left to `_dress`."""
        is_place = phrase.head is not None and phrase.head.has(Role.PLACE) and not phrase.head.has(Role.GENERIC)
        for lexeme in (*phrase.compounds, *phrase.modifiers):
            if lexeme.has(Role.PLACE) and not (lexeme.has(Role.MATERIAL, Role.DESCRIPTION) and not is_place):
                weak = lexeme.senses[Role.PLACE].weak
                self._scene.places.add(lexeme.value(Role.PLACE), WEAK if weak else PLACE_BEFORE_NOUN)

    def _describe_scene(self, phrase: NounPhrase) -> None:
        for lexeme in phrase.modifiers:
            if lexeme.has(Role.STYLE):
                self._scene.styles.append(lexeme.value(Role.STYLE))

    def _place(self, phrase: NounPhrase, weight: float) -> list[Draft]:
        """A place: vote for it, and keep a draft in case another place wins or something stands beside it."""
        head = phrase.head
        assert head is not None
        sense = head.senses[Role.PLACE]
        near = self._is_near_place(head)
        weight = min(weight, NEAR_PLACE) if near else weight
        self._scene.places.add(
            sense.value, HINT if sense.weak and not (weight == IN_PLACE and (head.plural or self._is_house_of_place(head))) else weight
        )
        if near:
            self._scene.note(f"“{self.text(phrase)}” is read as the place “{sense.value}”")
        implied = next((style for words, style in self._lexicon.places[sense.value].said.implies.items() if key(words) == head.words), None)
        if implied:
            self._scene.styles.append(implied)
        self._describe_scene(phrase)
        for lexeme in (*phrase.compounds, *phrase.modifiers) if self._lexicon.places[sense.value].said.planted else ():
            grows = not lexeme.has(Role.MATERIAL) or lexeme.value(Role.MATERIAL) in _GROWING
            if (
                lexeme.has(Role.THING, Role.GENERIC)
                and not lexeme.possessive  # "the farmer's yard" is not full of farmers
                and not lexeme.has(Role.PLACE, Role.SIZE)
                and grows
                and not self.wholes.names_building(lexeme)
            ):
                self._fill(lexeme, sense.value)
        options = head.senses[Role.THING].options if head.has(Role.THING) else ()
        draft = Draft(
            self.text(phrase),
            options,
            place=sense.value,
            plural=phrase.plural,
            number=phrase.number,
            heads=frozenset(head.words[-1:]),
            near=near,
        )
        self._dress(draft, phrase)
        self._scene.drafts.append(draft)
        whole = phrase.of.head if phrase.of is not None else None
        inside = whole is not None and self._lexicon.places[sense.value].indoors
        around = (
            whole is not None and inside and (self.wholes.names_building(whole) or self._is_person(whole))
        )  # "the attic of my house", "of a king"
        if phrase.of is not None and around:
            self._scene.use(phrase.of.start, phrase.of.end, "describes")
        elif phrase.of is not None and whole is not None and whole.has(Role.PLACE, Role.THING, Role.GENERIC):
            self.mention(phrase.of, place_weight=PLACE_BEFORE_NOUN)
        return [draft]

    def _things(self, phrase: NounPhrase, *, as_object: bool = False, fresh: bool = False) -> list[Draft]:
        assert phrase.head is not None
        head = phrase.head
        if head.has(Role.PLACE):
            outside = as_object and self._lexicon.places[head.value(Role.PLACE)].indoors  # "a truck beside a warehouse"
            if not outside:
                self._scene.places.add(head.value(Role.PLACE), HINT if head.senses[Role.PLACE].weak else THING_AS_OBJECT)
        draft = self._draft(head, self.text(phrase))
        draft.number, draft.plural, draft.part = phrase.number, phrase.plural, head.has(Role.PART)
        if phrase.group is not None:
            draft.arrangement, draft.group_count = Arrangement(phrase.group.arrangement), phrase.group.count
            draft.rows = next((self.number_in(lexeme) for lexeme in phrase.lexemes if lexeme.has(Role.GROUP)), None)
        self._count_pairs(draft, phrase)
        self._dress(draft, phrase)
        self._wear_parts(draft, phrase)
        bare = not phrase.article and phrase.number is None and phrase.group is None
        definite = phrase.article in self.definite or phrase.article in EACH or (bare and (as_object or self._is_repeated(draft)))
        known = self._earlier(draft, phrase) if definite and not fresh and phrase.article not in self.another else None
        if known is not None:
            known.beheld = True
            known.parts += draft.parts
            return [known]
        draft.plural |= phrase.article in EACH and phrase.number is None  # "on every bollard", of which none was spoken of
        if len(self._scene.drafts) >= MAX_THINGS:
            self._miss(phrase)
            return []
        self._scene.drafts = [one for one in self._scene.drafts if not (one in self._implied and one.options[:1] == draft.options[:1])]
        self._scene.drafts.append(draft)
        self._contents(phrase, draft)
        if self.sorts.is_water(draft):
            self._inhabit(phrase)
        return [draft]

    def _inhabit(self, phrase: NounPhrase) -> None:
        """ "a crocodile river", "a duck pond": the animals are there, unless the words speak of them again."""
        for lexeme in phrase.compounds:
            animal = (
                self._draft(lexeme, self._words_of(lexeme.start, lexeme.end)) if lexeme.has(Role.THING) and not lexeme.possessive else None
            )
            if animal is not None and self.sorts.is_alive(animal):
                animal.plural = True
                self._scene.use(lexeme.start, lexeme.end, "thing")
                self._scene.drafts.append(animal)
                self._implied.append(animal)

    def _contents(self, phrase: NounPhrase, draft: Draft) -> None:
        """ "a basket of apples": the apples are things of their own if the library has them; "a statue of a lion" is one thing."""
        part = phrase.of
        if part is None or part.head is None or (draft.material is not None and part.head.has(Role.MATERIAL)):
            return
        if part.head.has(Role.PLACE) and not part.head.has(Role.THING):
            self.mention(part, place_weight=SAID_PLACE)
        elif part.head.has(Role.THING, Role.GENERIC) and draft.heads & self._images:
            self._scene.note(f"“{self.text(part)}” is what the {draft.word} shows, not a thing of its own")
        elif draft.heads & self._cups and any(name.split()[-1] in self.vessels for name in self._draft(part.head, "").options[:1]):
            self._scene.use(part.start, part.end, "describes")  # "two glasses of wine": no bottles in them
        elif part.head.has(Role.THING, Role.GENERIC):
            for content in self._things(part):
                if draft.heads & self.vessels:
                    content.relate(RelationName.INSIDE, draft)
        elif part.head.unknown and not draft.heads & self._images:
            self._miss(part)

    def _unknown(self, phrase: NounPhrase) -> list[Draft]:
        """A noun that no dictionary has: with its neighbours or alone it may be like a known one."""
        assert phrase.head is not None
        neighbours = [lexeme for lexeme in phrase.compounds if not lexeme.has(Role.MATERIAL)]
        whole = " ".join(lexeme.text for lexeme in (*neighbours, phrase.head))
        tries = dict.fromkeys((whole, *singular_texts(phrase.head, self._lexicon)))
        adverb = phrase.head.words[-1].endswith("ly") and not phrase.article and not phrase.plural  # "I would dearly love to see"
        options = () if adverb else next((found for text in tries if (found := self._guess(text))), ())
        if not options:
            self._miss(phrase)
            for lexeme in neighbours:
                if lexeme.has(Role.THING) and not lexeme.has(Role.PLACE):
                    self._scene.note(f"“{lexeme.text}” only describes “{phrase.head.text}”")
            return self._after_of(phrase, SAID_PLACE) or [Draft(self.text(phrase))]
        for lexeme in (*neighbours, phrase.head):
            self._scene.use(lexeme.start, lexeme.end, "thing")
        phrase.compounds = [lexeme for lexeme in phrase.compounds if lexeme not in neighbours]
        plural = phrase.head.words[-1].endswith("s") and not phrase.head.words[-1].endswith("ss") and phrase.article not in ("a", "an")
        senses = {Role.THING: Sense(options[0], options=options)}
        phrase.head = Lexeme(phrase.head.start, phrase.head.end, phrase.head.words, phrase.head.kind, senses, plural)
        drafts = self._things(phrase)
        for draft in drafts:
            draft.guessed = True
        return drafts
