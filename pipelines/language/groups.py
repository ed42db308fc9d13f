"""Groups: members of what was spoken of in the plural: "the second one", "the first row", "each of them", "one red and one blue"."""

from __future__ import annotations

from dataclasses import replace

from pipelines.language.discourse import Discourse
from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.lexicon import MODIFIERS, Role
from pipelines.language.looks import wear
from pipelines.language.mentions import Mentions
from pipelines.language.noun_phrase import Item, NounPhrase
from pipelines.language.recall import EACH
from pipelines.language.tagging import Lexeme, number_value
from pipelines.spec import Arrangement, RelationName, Size

_ONES = frozenset({"one", "ones"})
_ROWS = frozenset({"row", "rows", "line", "lines", "column", "columns"})
_HEAPS = frozenset({"stack", "pile", "heap", "bunch", "cluster"})
_SIDES = {
    "left": RelationName.LEFT_OF,
    "leftmost": RelationName.LEFT_OF,
    "right": RelationName.RIGHT_OF,
    "rightmost": RelationName.RIGHT_OF,
}
_POSITIONS = frozenset({*_SIDES, "middle", "center", "centre", "end", "front", "back", "rear"})
_MEMBERS_IN_ROWS = 12


class Groups:
    """Finds the members of groups that phrases without a noun of their own speak of, and splits them off where they are first meant."""

    def __init__(self, scene: SceneDraft, mentions: Mentions, talk: Discourse) -> None:
        self._scene = scene
        self._mentions = mentions
        self._talk = talk
        self._ordinals = mentions.ordinals
        self._parted: Draft | None = None
        self._told_apart: list[Draft] = []
        self._answers: dict[int, list[Draft] | None] = {}
        self._picked: dict[tuple[Draft, str], Draft] = {}

    def meant(self, phrase: NounPhrase, after: Item | None) -> list[Draft] | None:
        """What "the blue one", "the nearest turbine", "each one" or "the first row" means; None for a phrase that names its own thing."""
        if phrase.start not in self._answers:  # asked twice, it must not take out a second member
            self._answers[phrase.start] = self._meant(phrase, after)
        return self._answers[phrase.start]

    def _meant(self, phrase: NounPhrase, after: Item | None) -> list[Draft] | None:
        head = phrase.head
        if phrase.article in ("a", "an") or phrase.of is not None:
            return None
        if head is not None and head.words[-1] in _ROWS and (rows := self._rows(phrase, head)) is not None:
            return self._heard(phrase, rows)
        heap = next((one for one in self._known() if one.arrangement is Arrangement.CLUSTER and is_many(one)), None)
        if heap is not None and head is not None and head.words[-1] in _HEAPS and phrase.article == "the":
            return self._heard(phrase, [heap])  # "a stack of books, a lamp beside the stack"
        follows = after.text if head is None and isinstance(after, Lexeme) else ""
        without_noun = follows in _ONES if head is None else head.text in _ONES
        if without_noun and phrase.modifiers and (known := self._looking_so(phrase)) is not None:
            return self._heard(phrase, [known])
        if not without_noun and head is None and not (phrase.article and self._selecting(phrase) and not phrase.number):
            return None
        member = self._member(phrase)
        return None if member is None else self._heard(phrase, [member])

    def _heard(self, phrase: NounPhrase, drafts: list[Draft]) -> list[Draft]:
        self._mentions.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "thing")
        self._scene.named[phrase.start] = drafts
        return drafts

    def ends_at(self, phrase: NounPhrase, after: Item | None) -> int:
        """How many items such a phrase takes: two where "one" stands beside it."""
        return 2 if phrase.head is None and isinstance(after, Lexeme) and after.text in _ONES else 1

    def another(self, phrase: NounPhrase) -> Draft | None:
        """ "a red house and a blue one": a second house, with its own looks; "some boats, a red one": one of them."""
        single = phrase.article in ("a", "an", "another") and phrase.head is not None and phrase.head.text == "one"
        counted = not phrase.article and (phrase.number or 0) > 1 and phrase.head is not None and phrase.head.text == "ones"
        if not (single or counted) or not phrase.modifiers:
            return None
        subjects = [draft for group in self._talk.log[-1:] for draft in reversed(group) if draft in self._scene.drafts]
        known = [draft for draft in (*subjects, *self._known()) if draft.place is None]
        if not known:
            return None
        remain = self.parted and known[0] in self._told_apart
        if phrase.article == "another" or not (is_many(known[0]) or remain):
            more = self._mentions.like(known[0], phrase)
            more.number, more.plural = phrase.number, counted
            self._scene.named[phrase.start] = [more]
            return more
        self._mentions.hear(phrase)
        return self.some(phrase.number or 1, phrase.modifiers)

    def gapped(self, phrase: NounPhrase) -> Draft | None:
        """ "one stall sells pumpkins, another one cheese": a second stall, with a noun of something else behind it."""
        if phrase.article != "another" or phrase.number != 1 or phrase.head is None:
            return None
        known = next((draft for draft in self._known() if draft.number == 1 and draft.place is None and draft.options), None)
        if known is None or known.heads & self._mentions.heads_of(phrase):
            return None
        return self._mentions.like(known, replace(phrase, modifiers=[], compounds=[]))

    def member(self, word: Lexeme, *, as_object: bool = False) -> Draft | None:
        """ "one on the left, another by the door", "on the other": a member of a group; or one more of what was spoken of last."""
        wanted = number_of(word) or 1
        others = word.text in self._mentions.another
        if not (word.has(Role.NUMBER) or others):
            return None
        part = None if as_object else self.some(wanted, [])
        if part is None and others:
            spoken = [] if as_object else [draft for group in reversed(self._talk.log) for draft in group]
            own = self._talk.subjects if as_object else []
            known = (draft for draft in (*spoken, *self._known()) if draft in self._scene.drafts and draft not in own)
            single = (draft for draft in known if draft.place is None and (draft.options or draft.generic) and not is_many(draft))
            last = next((draft for draft in single if not as_object or draft.number == 1), None)  # not "at one end … at the other"
            part = None if last is None else self._mentions.like(last, NounPhrase(word.start, word.end))
            self._talk.members += [last] if last is not None else []
        if part is not None:
            self._scene.use(word.start, word.end, "thing")
            self._scene.named[word.start] = [part]
            self._talk.members.append(part)
        return part

    def listed(self, phrase: NounPhrase) -> Draft | None:
        """ "three cubes on a table: red cube left, green cube right": the members of what was counted before the colon, one by one."""
        group = self._talk.counted
        if (
            group is None
            or group not in self._scene.drafts
            or phrase.plural
            or phrase.article not in ("", "a", "an")
            or not phrase.modifiers
        ):
            return None
        if not group.heads & self._mentions.heads_of(phrase) or phrase.of is not None:
            return None
        self._mentions.hear(phrase)
        self._parted = group
        return self.some(1, phrase.modifiers)

    def some(self, wanted: float, modifiers: list[Lexeme]) -> Draft | None:
        """ "two cars, one red and one blue", "two boats, one with a red sail": so many of the last group become a thing of their own."""
        logged = (draft for group in reversed(self._talk.log) for draft in group if draft in self._scene.drafts)
        spoken = [draft for draft in logged if draft not in self._told_apart]
        group = next((draft for draft in (*spoken, *self._known()) if draft is self._parted or _is_group(draft)), None)
        if group is None or not 0 < wanted <= (group.number or wanted):
            return None
        self._parted = group
        part = self._scene.split(group, int(wanted))
        self._told_apart.append(part)
        self._remember(part, group)
        self._dress(part, modifiers)
        return part

    @property
    def parted(self) -> bool:
        """Whether some of a group were told apart from the others, which may go on."""
        return self._parted is not None and self._parted in self._scene.drafts

    def others(self, part: Draft) -> list[Draft]:
        """The rest of the group that a part was just taken out of."""
        return [self._parted] if self._parted is not None and self.parted and self._parted is not part else []

    def two_rows(self, group: Draft) -> list[Draft]:
        """ "between the rows": one row, and the rest of them."""
        known = [row for (root, _), row in self._picked.items() if root is group and row.rows == 1]
        if known or group.arrangement is Arrangement.ROWS:
            return [known[0] if known else self._row(group, "first"), group]
        return [group]

    def _known(self) -> list[Draft]:
        return [draft for draft in reversed(self._talk.lately) if draft in self._scene.drafts]

    def _looking_so(self, phrase: NounPhrase) -> Draft | None:
        """ "the blue one": the thing spoken of last that looks so."""
        looks = Draft("")
        for lexeme in phrase.modifiers:
            wear(looks, lexeme)
        wanted = (looks.colour, looks.material, looks.style, looks.size)
        plain = wanted == (None, None, None, Size.NORMAL)
        return None if plain else next((one for one in self._known() if _looks_so(one, wanted)), None)

    def _selecting(self, phrase: NounPhrase) -> list[Lexeme]:
        """The words that tell one member from the others."""
        words = (*phrase.modifiers, *phrase.compounds, *self._front_one(phrase.head))
        places = [one for one in words if one.words[0] in self._ordinals or one.words[0] in _POSITIONS]
        return places or [one for one in words if phrase.head is not None and one.has(*MODIFIERS)]

    def _front_one(self, head: Lexeme | None) -> list[Lexeme]:
        """ "the front desk" among desks: one of them, whatever else goes by that name."""
        if head is None or len(head.words) < 2 or head.words[0] not in _POSITIONS:
            return []
        return [head] if any(_is_group(draft) and draft.heads & {head.words[-1]} for draft in self._known()) else []

    def _member(self, phrase: NounPhrase) -> Draft | None:
        each, selecting = phrase.article in EACH, self._selecting(phrase)
        named = phrase.head is not None and phrase.head.text not in _ONES
        if named and not (selecting and phrase.article in self._mentions.definite and phrase.number is None and not phrase.plural):
            return None
        if named and any(one.has(Role.COLOUR, Role.MATERIAL) or one.unknown for one in (*phrase.modifiers, *phrase.compounds)):
            return None
        if not (selecting or each):
            return None
        heads = self._mentions.heads_of(phrase) if named else frozenset()
        roots = {root for root, _ in self._picked}
        alike = [draft for draft in self._known() if draft.each_of is None and (not named or draft.heads & heads)]
        numbered = any(one.words[0] in self._ordinals | _POSITIONS for one in selecting)
        if named and alike and not _is_group(alike[0]) and alike[0] not in roots and not numbered:
            return None  # "the old boat" after one boat more was spoken of
        ordered = () if named or not numbered else reversed(list(dict.fromkeys(root for root, _ in self._picked)))
        ordered = () if self._is_later(alike, roots) else ordered  # "two carts, the front one full. Props; a lamp on the nearest"
        group = next((draft for draft in (*ordered, *alike, *roots) if _is_group(draft) or draft in roots), None)
        if group is None or (named and not group.heads & heads):
            return None
        return group if each and not selecting else self._split_off(group, phrase)

    def _is_later(self, alike: list[Draft], roots: set[Draft]) -> bool:
        """Whether a group was spoken of after all of those of which members were picked."""
        lately = self._talk.lately
        groups = (draft for draft in alike if _is_group(draft) and draft not in roots and not draft.relations)
        new = next((draft for draft in groups if [draft] in self._talk.log), None)  # no boxes that "the first shelf holds"
        if new is None:
            return False
        return all(lately.index(new) > lately.index(part) for part in self._picked.values() if part in lately)

    def _split_off(self, group: Draft, phrase: NounPhrase) -> Draft:
        selecting = self._selecting(phrase)
        name = " ".join(lexeme.text for lexeme in selecting)
        if (known := self._picked.get((group, name))) is not None:
            return known
        others = [draft for (root, _), draft in self._picked.items() if root is group]
        part = group if group.number == 1 else self._scene.split(group, 1)
        self._picked[group, name] = part
        self._remember(part, group)
        self._dress(part, phrase.modifiers)
        side = next((_SIDES[lexeme.text] for lexeme in selecting if lexeme.text in _SIDES), None)
        rest = [draft for draft in (group, *others) if draft is not part and draft in self._scene.drafts]
        if side is not None and rest:
            part.relate(side, rest[0])
        return part

    def _rows(self, phrase: NounPhrase, head: Lexeme) -> list[Draft] | None:
        lined = (Arrangement.ROWS, Arrangement.ROW)
        group = next((draft for draft in self._known() if draft.arrangement in lined and is_many(draft)), None)
        if group is None or (phrase.number is not None and phrase.article not in self._mentions.definite) or phrase.compounds:
            return None
        if group.heads & self._mentions.heads_of(phrase):
            return None  # "between the columns" of a temple
        selecting = [one for one in phrase.modifiers if one.text in self._ordinals or one.text in _POSITIONS]
        if not phrase.article and not selecting and not head.words[-1].endswith("s"):
            return None
        if not selecting or phrase.article in EACH:
            return [group]
        return [self._row(group, " ".join(lexeme.text for lexeme in selecting))]

    def _row(self, group: Draft, name: str) -> Draft:
        """One row of several; the others stay the group."""
        if (known := self._picked.get((group, name))) is not None:
            return known
        rows = group.rows or 2
        if rows == 1 or group.arrangement is not Arrangement.ROWS:
            return group
        group.number, group.group_count = group.number or group.group_count or _MEMBERS_IN_ROWS, None
        part = self._scene.split(group, max(1, round(group.number / rows)))
        part.rows, group.rows = 1, rows - 1
        part.arrangement = Arrangement.ROW
        group.arrangement = Arrangement.ROW if group.rows == 1 else Arrangement.ROWS
        self._picked[group, name] = part
        self._remember(part, group)
        return part

    def _remember(self, part: Draft, group: Draft) -> None:
        lately = self._talk.lately
        if part is not group:
            lately.insert(lately.index(group) if group in lately else len(lately), part)
        self._talk.lately = [draft for draft in lately if draft is not group or group in self._scene.drafts]
        if group not in self._scene.drafts:
            self._talk.log = [kept for spoken in self._talk.log if (kept := [draft for draft in spoken if draft is not group])]

    def _dress(self, part: Draft, modifiers: list[Lexeme]) -> None:
        """Its looks; "one fallen", said of columns, is a fallen column."""
        for lexeme in modifiers:
            wear(part, lexeme)
            if kinds := self._mentions.kinds_for(f"{lexeme.text} {part.word}"):
                part.options, part.word = kinds, f"{lexeme.text} {part.word}"


def _is_group(draft: Draft) -> bool:
    return is_many(draft) and draft.place is None and draft.of_place is None


def _looks_so(draft: Draft, wanted: tuple[str | None, str | None, str | None, Size]) -> bool:
    """Whether a thing has all the looks that are wanted."""
    looks = (draft.colour, draft.material, draft.style, draft.size)
    return all(wish in (None, Size.NORMAL) or wish == look for wish, look in zip(wanted, looks, strict=True))


def number_of(word: Lexeme) -> float:
    """The number that a word says, 0 when it says none."""
    return number_value(word) or 0
