"""Wholes: whose part a part is: the door goes to the house, the walls to the room, the mane to the horse."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.lexicon import Lexicon, Role, split
from pipelines.language.tagging import Lexeme

TREE_PARTS = frozenset({"trunk", "branch", "bough", "treetop", "canopy", "root", "twig"})

_OPENED = frozenset({"lid", "drawer"})


class Wholes:
    """Gives parts to the things of a scene, or to its place."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon) -> None:
        self._scene = scene
        self._lexicon = lexicon
        self.room_parts = frozenset(split(lexicon.data["room_parts"]))
        self._lidded = frozenset((*split(lexicon.data["hollow"]), "piano"))
        self._buildings = frozenset(lexicon.generic_kinds("building"))

    def grows(self, draft: Draft) -> bool:
        """Whether it is a tree."""
        return draft.generic == "tree" or (bool(draft.options) and self._lexicon.kinds[draft.options[0]].family == "trees")

    def belongs(self, part: Draft, whole: Draft | None) -> None:
        """Give a part to a thing; to the place where it is a room's and no building was spoken of."""
        if part.part_of is not None or part in self._scene.parts:
            return
        if whole is None or whole.place is not None or (part.word in self.room_parts and not self.is_building(whole)):
            self._scene.parts.append(part)
        else:
            part.part_of = whole
            whole.parts.append(part)

    def likely(self, part: Draft, host: Draft, lately: Sequence[Draft]) -> Draft:
        """The host; where it can have no such part, the building before it: "the house at the end of the lane has shutters"."""
        if part.word not in self._lexicon.building_parts or self.is_building(host):
            return host
        return self.before(part, lately) or host

    def before(self, part: Draft, lately: Sequence[Draft]) -> Draft | None:
        """The thing spoken of last that may have such a part."""
        known = [draft for draft in reversed(lately) if (draft.options or draft.generic) and not draft.of_place]
        if part.word in self._lexicon.building_parts:
            known = [draft for draft in known if self.is_building(draft) and not self.is_around(draft)]
        elif part.word in _OPENED:
            known = [draft for draft in known if draft.heads & self._lidded] or known
        elif part.word in TREE_PARTS:
            known = [draft for draft in known if self.grows(draft) or "elephant" in draft.heads]
        return next(iter(known), None)

    def is_around(self, draft: Draft) -> bool:
        """ "two horses in the stable": the scene is inside of it, and so are its doors."""
        return draft.place is not None and draft.place == self._scene.places.winner() and self._lexicon.places[draft.place].indoors

    def names_building(self, lexeme: Lexeme) -> bool:
        """ "a cottage garden" is no garden full of cottages."""
        options = lexeme.senses[Role.THING].options if lexeme.has(Role.THING) else ()
        return self.is_building(Draft(lexeme.text, options, lexeme.value(Role.GENERIC) if lexeme.has(Role.GENERIC) else None))

    def is_building(self, draft: Draft) -> bool:
        """Whether a thing has doors, windows, walls and a roof."""
        if draft.generic == "building":
            return True
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        if kind is not None and kind.family == "toys":
            return False  # the door is not that of a dolls house
        return kind is not None and (kind.family == "buildings" or "building" in kind.tags or kind.name in self._buildings)
