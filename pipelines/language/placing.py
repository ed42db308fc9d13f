"""Placing: prepositions: who stands where to whom. Reads a preposition with its object, and writes the relation into the scene."""

from __future__ import annotations

from pipelines.language.discourse import relate
from pipelines.language.drafts import Draft, is_many, is_named
from pipelines.language.following import Following
from pipelines.language.lexicon import Role
from pipelines.language.mentions import IN_PLACE, PLACE_AS_OBJECT
from pipelines.language.noun_phrase import Item, NounPhrase
from pipelines.language.objects import EACH_OF_ITS, is_placing
from pipelines.language.recall import EACH
from pipelines.language.row import INNER, SIDES, is_part
from pipelines.language.tagging import Lexeme
from pipelines.spec import VIEWER, Arrangement, RelationName

_TOPS = (
    "roof",
    "rooftop",
    "lid",
    "top",
    "seat",
    "saddle",
    "back",
    "deck",
    "shoulder",
    "arm",
    "armrest",
    "head",
    "hood",
    "bonnet",
    "belt",
    "step",
    "steps",
    "hull",
    "wing",
    "wings",
    "horn",
    "horns",
    "hand",
    "antler",
    "antlers",
    "end",
    "tip",
    "forks",
    "fork",
    "bucket",
    "blade",
)  # what is on them is on the whole thing
_THROWN = frozenset({"thrown", "draped", "spread", "slung", "laid", "flung", "folded"})
_ENCLOSURES = frozenset({"pen", "corral", "enclosure", "sheepfold", "pigpen", "ring", "circle", "semicircle", "square"})
_ABOVE = frozenset({"above", "right above", "just above", "overhead"})
_FORMATIONS = {
    "rows": Arrangement.ROWS, "lines": Arrangement.ROWS, "columns": Arrangement.ROWS, "blocks": Arrangement.ROWS, "banks": Arrangement.ROWS,
    "row": Arrangement.ROW, "line": Arrangement.ROW,
    "piles": Arrangement.CLUSTER, "stacks": Arrangement.CLUSTER, "groups": Arrangement.CLUSTER,
}  # fmt: skip
_SEATED = ("sat", "stood")
_LEAST_IN_ROWS = 12
_PICTURES = frozenset({"picture", "image", "photo", "photograph", "scene", "drawing", "painting", "shot", "frame"})


def says_each(item: Item | None) -> bool:
    """ "each", "each of them", "each one", "every chair"."""
    return item is not None and (item.article if isinstance(item, NounPhrase) else item.text).partition(" ")[0] in EACH


class Placing(Following):
    """Reads prepositions with their objects."""

    def _relation(self, word: Lexeme, at: int) -> int:
        """A preposition with its object, or a place word without one."""
        doing = word.words[0].endswith("ing") and self._connector == "comma" and bool(self._talk.subjects)
        if doing and all(draft.place is not None or not is_named(draft) for draft in self._talk.subjects):
            doers = [group for group in self._talk.log if all(draft.options or draft.generic for draft in group)]
            self._talk.subjects, self._talk.host = (doers[-1] if doers else self._talk.subjects), None  # "kids having a picnic, sitting on"
        self._scene.use(word.start, word.end, "relation")
        if self._denying and self._mentions.is_finite(word.words[0]) and self._talk.subjects and self._talk.subjects[-1].place is None:
            self._denying = False  # "a cart without wheels leans against"
        placed = self._row.has(at - 1, Role.PRONOUN) and word.words[0].endswith("ing")
        seated = word.words[0] in _SEATED and self._row.has(at + 1, Role.PRONOUN)  # "a bench with an old man sat on it"
        finite = self._mentions.is_finite(word.words[0]) and not seated
        if finite and self._row.begins_clause(at - 1):
            self._outer, self._talk.host = [], None
        if self._outer and self._connector in ("none", "comma") and (placed or finite):
            self._speak_of_outer()  # "a man with a dog sits on a bench", "a scarecrow with a crow on it standing between"
        elif finite:
            self._speak_of_clause(at)
        self._distance_m = float(word.value(Role.DISTANCE)) if word.has(Role.DISTANCE) else None
        objects_at = self._row.skip_filler(at + 1)
        if (whole := self._row.past_part(objects_at)) > objects_at:
            self._scene.use(self._row[objects_at].start, self._row[whole - 1].end, "relation")
            objects_at = whole
        follows = self._row.item(objects_at)
        takes_object = isinstance(follows, NounPhrase) or (
            isinstance(follows, Lexeme)
            and follows.has(Role.PRONOUN)
            and not follows.has(Role.BE)
            and (follows.text not in ("that", "who", "where") or self._row.points_back(objects_at))
        )
        other = self._row.item(at + 1)
        if word.text.startswith(("on the other side", "on the opposite side")) and self._talk.sided and not self._fronted(at, at + 1):
            side, target = next(iter(self._talk.sided.items()))  # "on the left side of a plate …, on the other side of it"
            self._place_subjects(side, (target,), at, at + 1, turned=False)
            return objects_at + 1 if takes_object else at + 1
        high = word.text in _ABOVE or (not word.has(Role.RELATION) and word.has(Role.TURNED) and word.words[-1] in _ABOVE)
        if high and not takes_object and (below := self._talk.host or self._spoken_below()) is not None:
            relate(self._talk.subjects, RelationName.UNDER, (below,), turned=True)  # "a sofa with a picture above"
            return at + 1
        if word.text.endswith(("one side of", "one end of")):
            self._talk.one_side = at
        ellipsis = not takes_object and word.has(Role.RELATION) and isinstance(other, Lexeme) and other.text in self._mentions.another
        if ellipsis and (across := self._other_side()):
            self._place_subjects(RelationName.BESIDE, tuple(across[:1]), at, at + 2, turned=False)
            return at + 2  # "a chair on one side of the fire, a basket on the other"
        if ellipsis and isinstance(other, Lexeme) and (member := self._groups.member(other, as_object=True)) is not None:
            self._place_subjects(RelationName(word.value(Role.RELATION)), (member,), at, at + 2, turned=False)
            return at + 2  # "a man on one bench, a woman on the other"
        if word.has(Role.RELATION) and word.value(Role.RELATION) == RelationName.BETWEEN and not takes_object:
            if two := self._talk.two_before():  # "a tent in between"
                two = self._mentions.one_and_others(two[0]) if len(two) == 1 and is_many(two[0]) and two[0].number != 2 else two
                relation, rows = self._scene.between(two)
                for row in rows:
                    relate(self._talk.subjects, relation, row, turned=False)
            return at + 1
        if word.text in ("in", "into") and self._in_formation(objects_at):
            return objects_at + 1
        if word.has(Role.RELATION, Role.TURNED) and takes_object:
            return self._with_object(word, at, objects_at)
        if self._denying:
            self._denying = False
        host = self._talk.host
        if word.text == "on" and host is not None and self._row.ends_at(at + 1) and all(one.host is host for one in self._talk.subjects):
            relate(self._talk.subjects, RelationName.ON, (host,), turned=False)  # "a snowman with a hat on"
            for draft in self._talk.subjects:
                draft.part = draft.part and not draft.options
            return at + 1
        if word.has(Role.RELATION) and word.words[-1] == "from" and isinstance(other, Lexeme) and other.words[0] == "there":
            self._place_from_there(RelationName(word.value(Role.RELATION)), at)
            return at + 1
        if word.has(Role.TO_VIEWER):
            relation, host = RelationName(word.value(Role.TO_VIEWER)), self._talk.host
            came_with = host is not None and all(draft.host is host and not draft.loose for draft in self._talk.subjects)
            beside = self._talk.sided.get(relation)
            if beside is not None and host is None:  # "one on the left of the house, one on the right"
                self._place_subjects(relation, (beside,), at, at + 1, turned=False)
                return at + 1
            aside = came_with and relation in SIDES and not self._fronted(at, at + 1)  # "a bed with a monitor on the left"
            self._place_subjects(relation, (host if aside and host is not None else VIEWER,), at, at + 1, turned=False)
        elif word.has(Role.TO_HOST):
            self._towards_host(RelationName(word.value(Role.TO_HOST)), at)
        return at + 1

    def _place_from_there(self, relation: RelationName, at: int) -> None:
        """ "A fox under a log. Not far from there is a stump": not far from the log, which does not move."""
        last = self._talk.log[-1][-1] if self._talk.log else None
        supports = [one for _, objects in last.relations for one in objects if isinstance(one, Draft)] if last is not None else []
        known = (*reversed(supports), *reversed(self._talk.lately))
        fixed = (one for one in known if one.options and one.place is None and not self._mentions.sorts.is_alive(one))
        if (there := next(fixed, None)) is not None:
            self._place_subjects(relation, (there,), at, at + 1, turned=False)

    def _spoken_below(self) -> Draft | None:
        """ "A long table. A chandelier hangs above": the single thing that was spoken of before what hangs or flies."""
        high = all(map(self._mentions.sorts.is_high, self._talk.subjects)) and bool(self._talk.subjects)
        found = self._talk.singular_before()[:1] if high and self._connector == "none" else []
        return next((one for one in found if one.options and one.place is None and not self._mentions.sorts.is_high(one)), None)

    def _other_side(self) -> list[Draft]:
        """To what something was put "on one side" in this sentence."""
        item = self._row.item(self._row.skip_filler(self._talk.one_side + 1)) if self._talk.one_side is not None else None
        return self._scene.named.get(item.start, []) if item is not None else []

    def _is_this_picture(self, at: int) -> bool:
        """ "in this picture you see": nothing in it."""
        phrase = self._row.item(at)
        if not isinstance(phrase, NounPhrase) or phrase.head is None or phrase.article not in ("this", "the", "my"):
            return False
        if phrase.head.text not in _PICTURES or phrase.of is not None:
            return False
        self._scene.use(phrase.start, phrase.end, "grammar")
        return True

    def _is_outside_of_room(self, objects_at: int, at: int) -> bool:
        """ "the library at my college": the house around the room that one is in."""
        phrase = self._row.item(objects_at)
        if not isinstance(phrase, NounPhrase) or phrase.head is None or not self._mentions.is_room(self._row.item(at - 1)):
            return False
        if not phrase.head.has(Role.PLACE) and not self._mentions.wholes.names_building(phrase.head):
            return False
        self._scene.use(phrase.start, phrase.end, "describes")
        return True

    def _arrange(self, draft: Draft, arrangement: Arrangement, rows: int | None) -> None:
        """Rows have many members where the words count none."""
        if not is_many(draft):
            return
        draft.arrangement, draft.rows = arrangement, rows
        if arrangement is Arrangement.ROWS and draft.number is None and draft.group_count is None:
            draft.group_count = _LEAST_IN_ROWS

    def _in_formation(self, at: int) -> bool:
        """ "twelve pallets in 3 rows", "chairs in five long rows"."""
        phrase = self._row.item(at)
        if not isinstance(phrase, NounPhrase) or phrase.of is not None or phrase.head is None or phrase.article:
            return False
        if not self._talk.subjects or (phrase.number is None and not phrase.head.words[-1].endswith("s")):
            return False
        if phrase.head.text not in _FORMATIONS or not all(is_many(draft) for draft in self._talk.subjects):
            return False
        for draft in self._talk.subjects:
            self._arrange(draft, _FORMATIONS[phrase.head.text], int(phrase.number) if phrase.number is not None else None)
        self._scene.use(phrase.start, phrase.end, "arranged")
        return True

    def _meant(self, word: Lexeme, relation: RelationName, *, turned: bool) -> tuple[RelationName, bool]:
        """The relation of a preposition as its subjects can have it, and whether it is still turned."""
        subjects, sorts = self._talk.subjects, self._mentions.sorts
        if turned and relation is RelationName.INSIDE and self._people.has_in_hand(word, subjects):
            lifeless = not sorts.acts(subjects[-1])
            relation = RelationName.ON if lifeless else RelationName.BESIDE  # what a box holds is in it, a table on it, a man at his side
        for draft in subjects if word.words[0] in _THROWN and not turned else ():
            draft.part = draft.part and not draft.options  # "a chair with a blanket thrown over it": no part of the chair
        if turned and word.text == "over" and subjects and all(map(sorts.is_cloth, subjects)):
            relation, turned = RelationName.ON, False  # "a blanket over the arm of a chair"
        if turned and relation is RelationName.BESIDE:
            relation = self._people.at_side(word, subjects)
        return relation, turned

    def _with_object(self, word: Lexeme, at: int, objects_at: int) -> int:
        turned = not word.has(Role.RELATION)
        relation = RelationName(word.value(Role.TURNED if turned else Role.RELATION))
        without = self._row.item(at - 1)
        if self._denying and self._row.has(objects_at, Role.PRONOUN) and isinstance(without, NounPhrase) and is_part(without):
            self._denying = False  # "a truck without wheels behind it"
        if self._denying:
            self._denying = False
            phrase = self._row[objects_at]
            if isinstance(phrase, NounPhrase):
                weight = IN_PLACE if is_placing(word) else PLACE_AS_OBJECT
                self._mentions.mention(phrase, place_weight=weight, as_object=True)
            return objects_at + 1
        if relation is RelationName.INSIDE and not turned and self._people.wear(self._row.item(objects_at), self._talk.subjects):
            self._connector = "none"
            return objects_at + 1
        relation, turned = self._meant(word, relation, turned=turned)
        if word.text == "across" and self._row.has(at - 1, Role.ORDERED):
            relation = RelationName.FACING  # "two chairs facing each other across a table": they face the table
        if relation in INNER and not turned and isinstance(name := self._row.item(objects_at), NounPhrase) and self._mentions.origin(name):
            self._connector = "none"
            if self._talk.log and self._talk.subjects and all(draft.place for draft in self._talk.subjects):
                self._talk.subjects = list(self._talk.log[-1])  # "a woman on a beach in Wales sitting": she sits
            return objects_at + 1
        if self._borne_on(relation, at, objects_at):
            return objects_at + 1
        if relation is RelationName.INSIDE and not turned and self._enclosed_by(self._row.item(objects_at), at):
            return objects_at + 1
        ended = self._connector == "comma" and bool(self._talk.subjects) and not self._fronted(at, objects_at + 1)
        if ended and self._outer and all(draft.host in self._outer for draft in self._talk.subjects):
            self._talk.subjects, self._talk.host, self._outer = self._outer, None, []  # "a cage with a bird in it, above a piano"
        nested = self._pending is not None and not turned and self._connector == "none" and self._ends_in_pending(at - 1)
        if nested and self._pending is not None:  # "sitting on a crate by the fire is a cowboy": the crate is by the fire
            self._talk.subjects = [draft for draft in self._pending.rows[-1] if isinstance(draft, Draft) and draft.options]
        if word.text == "at" and self._is_outside_of_room(objects_at, at):
            return objects_at + 1
        if relation is RelationName.INSIDE and self._first and self._is_this_picture(objects_at):
            return objects_at + 1
        subjects_before = list(self._talk.subjects)
        self._mentions.double(self._talk.subjects if not self._fronted(at, objects_at + 1) else [], word.text)
        if (
            turned
            and isinstance(self._row.item(at - 1), NounPhrase)
            and self._talk.lately
            and self._talk.lately[-1] not in self._talk.subjects
        ):
            self._talk.subjects = self._talk.lately[-1:]
        if relation is RelationName.UNDER and (turned or word.text.startswith(("hang", "hung", "suspend", "dangl"))):
            for draft in self._talk.subjects:
                draft.hangs = True
        if turned and relation is RelationName.ON and self._covered(objects_at):
            return objects_at + 1
        fronted = self._fronted(objects_at - 1, self._objects.end_of_pair(relation, objects_at))
        pure = self._joined_by_and and not any(draft.relations for draft in self._chain)
        self._talk.listed = list(self._chain) if pure else []
        objects, end = self._objects.of(word, relation, objects_at, turned=turned, fronted=fronted, first=self._first)
        self._first = self._first and isinstance(self._row[objects_at], Lexeme)
        if self._row.is_viewer(objects_at):
            self._place_subjects(relation, (VIEWER,), at, end, turned=False)
            return end
        if not objects:
            if (not subjects_before or self._fronted(at, end)) and not self._row.names_air(objects_at):
                self._pending = None  # "beyond it, black against the sunset, a lighthouse": still beyond it
                self._talk.subjects = [] if self._fronted(at, end) else self._talk.subjects
            self._connector = "none"
            return end
        said = self._row.item(objects_at)
        self._one_for_each(objects, said)
        self._each = objects[0] if says_each(said) else None
        if self._each is not None and isinstance(said, NounPhrase) and said.head is not None and said.head.text in EACH_OF_ITS:
            for draft in subjects_before:  # "a plant in each corner"
                draft.number, draft.plural = EACH_OF_ITS[said.head.text] * (draft.number or 1), True
        inner = relation in (RelationName.ON, RelationName.UNDER, RelationName.INSIDE)
        of_part = (
            isinstance(said, NounPhrase)
            and is_part(said)
            and self._mentions.sorts.water(said) is None
            and self._groups.meant(said, self._row.item(objects_at + 1)) is None
            and self._mentions.last_word_of(said) is None
            and said.head is not None
            and said.head.text != "rest"  # "cabbages in the rest": of the beds
        )
        on_top = relation is RelationName.ON and isinstance(said, NounPhrase) and said.head is not None and said.head.text in _TOPS
        if inner and not turned and of_part and not on_top:
            relation = RelationName.UNDER if relation is RelationName.UNDER else RelationName.NEAR
        if relation is RelationName.BETWEEN:
            relation, rows = self._scene.between(objects)
            objects = list(rows[0])
        else:
            rows = [(one,) for one in objects]
        for row in rows:
            self._place_subjects(relation, row, at, end, turned=turned)
        self._talk.lately.extend(draft for draft in objects if draft not in self._talk.lately)
        lies_on_ground = relation is RelationName.ON and self._mentions.sorts.is_terrain(objects[-1])
        if objects[-1].options and objects[-1].place is None and not lies_on_ground and not turned:
            self._talk.anchor = objects[-1]
            self._talk.known_anchor = isinstance(said, NounPhrase) and said.article == "the" and relation not in INNER
        self._after_object(relation, objects, end, turned=turned)
        if self._outer and objects == self._outer and isinstance(said, Lexeme) and relation in INNER and self._row.next_is_relation(end):
            self._speak_of_outer()  # "a pond with ducks on it in front of a church": the pond is
        self._talk.subjects = [] if nested else self._talk.subjects
        return end

    def _enclosed_by(self, item: Item | None, at: int) -> bool:
        """ "sheep in a pen made of hay bales", "in a pen": the bales are around the sheep, or else a fence."""
        if not isinstance(item, NounPhrase) or item.head is None or item.head.text not in _ENCLOSURES or self._fronted(at, at + 2):
            return False
        subjects, made = self._talk.subjects, item.of
        if made is not None and made.head is not None and made.head.has(Role.THING, Role.GENERIC):
            walls = self._mentions.mention(made, place_weight=PLACE_AS_OBJECT, as_object=True)
        elif all(map(self._mentions.sorts.is_alive, subjects)) and made is None and (kinds := self._mentions.kinds_for("fence")):
            walls = [Draft(self._mentions.text(item), kinds, word=kinds[0], heads=frozenset({item.head.words[-1]}))]
            self._scene.drafts += walls
        else:
            return False
        self._scene.use(item.start, item.end, "relation")
        relate(walls, RelationName.AROUND, tuple(subjects[-1:]), turned=False)
        self._talk.lately += walls
        self._connector = "none"
        return True

    def _covered(self, at: int) -> bool:
        """ "its roof is covered with moss": what a part is covered with is its material."""
        phrase = self._row.item(at)
        stuff = [*phrase.modifiers, *([phrase.head] if phrase.head else [])] if isinstance(phrase, NounPhrase) else []
        material = next((lexeme for lexeme in stuff if lexeme.has(Role.MATERIAL)), None)
        if material is None or not self._talk.subjects or not all(draft.part_of is not None for draft in self._talk.subjects):
            return False
        for draft in self._talk.subjects:
            draft.material = draft.material or material.value(Role.MATERIAL)
            self._scene.use(material.start, material.end, "describes")
        self._connector = "none"
        return True
