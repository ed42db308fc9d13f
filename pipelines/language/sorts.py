"""Sorts: what sort of thing a draft is, as far as the library knows: small, alive, ground, hollow, water."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.lexicon import Lexicon, Role, split
from pipelines.language.noun_phrase import NounPhrase
from pipelines.spec import RelationName

BANKS = frozenset({"bank", "banks", "shore", "shores", "riverbank", "lakeside", "waterside", "shoreline"})

_RAISED = frozenset({"hill", "mountain", "cliff", "island", "rock", "boulder", "rock formation", "dune"})
_VEHICLES = frozenset({"vehicles", "transport"})
_HANDY_M = 0.65  # what one carries in a hand
_WET = frozenset({"tank", "aquarium", "tub", "bathtub", "basin", "sink", "trough", "pool", "bowl", "bucket", "fountain", "barrel", "net"})


_FLAT_M, _LAID_OUT_M2 = 0.3, 1.0  # what is lower and larger lies on the ground
_THIN_M = 0.2  # nothing stands on what is thinner and higher
_WALKED_IN_M = 2.0
_ROOMY = 6.0  # times the ground that a thing covers
_STAGE = 8.0  # times the ground that a thing covers


class Sorts:
    """Answers for drafts and phrases by the kinds that they allow first."""

    def __init__(self, scene: SceneDraft, lexicon: Lexicon) -> None:
        self._scene = scene
        self._lexicon = lexicon
        self._definite = frozenset(split(lexicon.data["definite"]))
        self._people = frozenset(split(lexicon.data["unbuildable"]))
        self._cloths = frozenset(split(lexicon.data["cloths"]))
        self._endless = frozenset((name,) for name in split(lexicon.data["endless"]))
        self._enclosing = frozenset(split(lexicon.data["enclosing"]))
        self._hollow = frozenset((*split(lexicon.data["hollow"]), *split(lexicon.data["vessels"])))

    def is_small(self, phrase: NounPhrase) -> bool:
        """Whether a phrase names something that stands on tables and shelves."""
        if phrase.head is None or not phrase.head.has(Role.THING):
            return False
        return any(self._lexicon.kinds[name].stands_on == "surface" for name in phrase.head.senses[Role.THING].options[:1])

    def may_be_small(self, phrase: NounPhrase) -> bool:
        """Whether a phrase can name something that stands on tables and shelves: of lamps some do."""
        options = phrase.head.senses[Role.THING].options if phrase.head is not None and phrase.head.has(Role.THING) else ()
        return any(self._lexicon.kinds[name].stands_on == "surface" for name in options)

    def is_borne(self, draft: Draft) -> bool:
        """Whether a thing stands on tables and shelves."""
        return bool(draft.options) and self._lexicon.kinds[draft.options[0]].stands_on == "surface"

    def is_off_the_floor(self, draft: Draft) -> bool:
        """Whether a thing stands on tables, or hangs."""
        return bool(draft.options) and self._lexicon.kinds[draft.options[0]].stands_on in ("surface", "wall", "ceiling", "air")

    def is_high(self, draft: Draft) -> bool:
        """Whether a thing hangs from the ceiling or is in the air."""
        return bool(draft.options) and self._lexicon.kinds[draft.options[0]].stands_on in ("ceiling", "air")

    def is_person(self, draft: Draft) -> bool:
        """Whether "him" or "her" may mean it; a knight is somebody, though all that is shown of him is his armour."""
        if not draft.options:
            return False
        return draft.word in self._people or "person" in self._lexicon.kinds[draft.options[0]].tags

    def is_alive(self, draft: Draft) -> bool:
        """Whether it is a person or an animal."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        return kind is not None and bool({"person", "animal"} & set(kind.tags))

    def moves(self, draft: Draft) -> bool:
        """Whether it can go somewhere by itself: who is alive, and vehicles."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options and draft.place is None else None
        return kind is not None and (self.is_alive(draft) or kind.family in _VEHICLES or "vehicle" in kind.tags)

    def is_furniture(self, draft: Draft) -> bool:
        """Whether it stands on the floor of a room, and small things may stand on it."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        return kind is not None and kind.indoors and kind.stands_on == "floor" and not {"person", "animal"} & set(kind.tags)

    def is_animal(self, draft: Draft) -> bool:
        """Whether it is alive and no person."""
        return self.is_alive(draft) and not self.is_person(draft)

    def height(self, draft: Draft) -> float:
        """How high it usually is, in metres; 0 where nobody knows."""
        return float(self._lexicon.kinds[draft.options[0]].size_m[1]) if draft.options else 0.0

    def is_solid(self, draft: Draft) -> bool:
        """Whether it is a thing that stands on the floor and neither lives nor grows."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        dead = kind is not None and not {"person", "animal", "terrain"} & set(kind.tags) and kind.family not in ("trees", "plants")
        return dead and kind is not None and kind.stands_on in ("floor", "ground")

    def has_limbs(self, draft: Draft) -> bool:
        """Whether it can have arms or wings: no place, no ground and no plant has."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options and draft.place is None else None
        return kind is not None and "terrain" not in kind.tags and kind.family not in ("trees", "plants")

    def is_cloth(self, draft: Draft) -> bool:
        """Whether it hangs down on both sides of what it is laid over."""
        return bool(draft.heads & self._cloths)

    def is_plant(self, draft: Draft) -> bool:
        """Whether it is a plant, a mushroom too."""
        return bool(draft.options) and "plant" in self._lexicon.kinds[draft.options[0]].tags

    def acts(self, draft: Draft) -> bool:
        """Whether it does something with things: who is alive, and robots."""
        return self.is_alive(draft) or (bool(draft.options) and "robot" in draft.options[0])

    def is_terrain(self, draft: Draft) -> bool:
        """Whether a draft is part of the ground: a hill, a lake, a road."""
        return bool(draft.options) and "terrain" in self._lexicon.kinds[draft.options[0]].tags

    def is_raised(self, draft: Draft) -> bool:
        """Whether houses are built upon it: a hill, a cliff, a rock."""
        return bool(draft.options) and draft.options[0] in _RAISED

    def is_built(self, draft: Draft) -> bool:
        """Whether it is a building."""
        return bool(draft.options) and "building" in self._lexicon.kinds[draft.options[0]].tags

    def is_endless(self, draft: Draft) -> bool:
        """Whether nothing goes all around a thing, for it ends nowhere in sight: the sea, a river, a road."""
        return draft.options[:1] in self._endless

    def encloses(self, draft: Draft) -> bool:
        """Whether a thing is there to go around others: a fence, a moat."""
        return bool(draft.heads & self._enclosing)

    def is_backdrop(self, draft: Draft, guest: Draft) -> bool:
        """Whether a thing only says where another stands, when a guest is put to "it": windows, doors, rugs; to small things, houses."""
        kind = self._lexicon.kinds[draft.options[0]] if draft.options else None
        if kind is None or draft.place is not None:
            return False
        if "terrain" in kind.tags:
            return "way" in kind.tags
        upright = kind.stands_on in ("wall", "ceiling") or (kind.stands_on == "floor" and kind.size_m[2] < _THIN_M < kind.size_m[1])
        return upright or self.is_flat(draft) or ("building" in kind.tags and self.is_borne(guest))

    def is_flat(self, draft: Draft) -> bool:
        """Whether a thing lies on the ground all along: rugs, rails, runways."""
        width, height, depth = self._lexicon.kinds[draft.options[0]].size_m if draft.options else (0.0, 0.0, 0.0)
        return height < _FLAT_M and width * depth > _LAID_OUT_M2

    def is_stage_for(self, ground: Draft, phrase: NounPhrase) -> bool:
        """Whether what a phrase names is so much smaller than a platform, pier or deck that it stands on it."""
        options = phrase.head.senses[Role.THING].options if phrase.head is not None and phrase.head.has(Role.THING) else ()
        return bool(options) and self._spreads_under(ground, options[0])

    def is_ground_of(self, ground: Draft, thing: Draft) -> bool:
        """Whether a thing stands on so much larger a platform, pier or deck that something beside "it" is beside the thing."""
        borne = any(relation is RelationName.ON and ground in objects for relation, objects in thing.relations)
        return borne and bool(thing.options) and self._spreads_under(ground, thing.options[0])

    def _spreads_under(self, ground: Draft, kind: str) -> bool:
        under, other = self._lexicon.kinds[ground.options[0]] if ground.options else None, self._lexicon.kinds[kind]
        if under is None or {"building", "terrain"} & set(under.tags) or under.stands_on in ("floor", "surface"):
            return False
        return under.size_m[0] * under.size_m[2] > _STAGE * other.size_m[0] * other.size_m[2]

    def floats(self, draft: Draft) -> bool:
        """Whether a thing lies on the water: boats, buoys."""
        return bool(draft.options) and self._lexicon.kinds[draft.options[0]].stands_on == "water"

    def is_water(self, draft: Draft) -> bool:
        """Whether a draft is a lake, a river, a pond or the sea."""
        return bool(draft.options) and {"water", "terrain"} <= set(self._lexicon.kinds[draft.options[0]].tags)

    def stand_alike(self, one: Draft, other: Draft) -> bool:
        """Whether one can lie where the other does: of an armchair and a clock only the clock is on the mantelpiece; small things can."""
        kinds = [self._lexicon.kinds[draft.options[0]] for draft in (one, other) if draft.options]
        if len(kinds) < 2:
            return True
        stands, others = (kind.stands_on for kind in kinds)
        handy = stands == "floor" and others == "surface" and max(kinds[0].size_m) < _HANDY_M and not self.is_alive(one)
        return stands in (others, "surface") or handy  # "a watering can and seed trays on a bench"

    def holder(self, thing: Draft, found: list[Draft], lately: Sequence[Draft]) -> list[Draft]:
        """ "a pond, a bridge across it, koi in it": of what was spoken of, the last that can have such a thing in it."""
        if not found or not thing.options or self._holds(found[0], thing):
            return found
        return next(([one] for one in reversed(lately) if one is not thing and one.options and self._holds(one, thing)), found)

    def has_room_for(self, draft: Draft, thing: Draft) -> bool:
        """ "a barn, a tractor in the middle": whether a thing is so much larger than another that one can walk around that inside it."""
        if not draft.options or not thing.options:
            return True
        (width, _, depth), (own_width, _, own_depth) = (self._lexicon.kinds[one.options[0]].size_m for one in (draft, thing))
        return width * depth > _ROOMY * own_width * own_depth

    def is_room_for(self, draft: Draft, thing: Draft) -> bool:
        """Whether one can walk about in a thing, a house or a large tent, and another has room in it."""
        width, _, depth = self._lexicon.kinds[draft.options[0]].size_m if draft.options else (0.0, 0.0, 0.0)
        return (
            min(width, depth) > _WALKED_IN_M and not self.is_terrain(draft) and self.holds(draft, thing) and self.has_room_for(draft, thing)
        )

    def holds(self, draft: Draft, thing: Draft) -> bool:
        """Whether something can be inside of a thing."""
        return not thing.options or self._holds(draft, thing)

    def _holds(self, draft: Draft, thing: Draft) -> bool:
        """Whether a thing is water or hollow; what swims wants water."""
        if not draft.options:
            return True
        kind, held = self._lexicon.kinds[draft.options[0]], self._lexicon.kinds[thing.options[0]]
        if held.stands_on == "water" or held.family == "sealife":
            return "water" in kind.tags or bool(draft.heads & _WET)
        hollow = draft.heads | {kind.name.split()[-1]}
        return bool({"water", "building"} & set(kind.tags)) or kind.family in ("buildings", "vehicles") or bool(hollow & self._hollow)

    def water(self, phrase: NounPhrase, *, of_bank: bool = False, aside: bool = False) -> Draft | None:
        """ "on the water": of the lake, river or sea that was spoken of; the river of "a jungle river" becomes a thing for it.

        of_bank: it is the bank or shore that is named, "along the bank".  aside: something stands at the water, not in it.
        """
        head = phrase.head
        words = BANKS if of_bank else ("water", "waters")
        if (
            head is None
            or head.has(Role.THING)
            or head.words[-1 if of_bank else 0] not in words
            or phrase.of is not None
            or phrase.article not in self._definite
        ):
            return None
        for draft in reversed(self._scene.drafts):
            kinds = draft.options or tuple(kind for word in draft.heads for kind in self._lexicon.kinds_for(word)[:1])
            if not any({"water", "terrain"} <= set(self._lexicon.kinds[kind].tags) for kind in kinds):
                continue
            own = draft.place is not None and (draft.options or self._lexicon.places[draft.place].said.feature in kinds)
            if own and not draft.beheld and not of_bank and not aside:
                return None  # the place's own water is there without being asked for
            if draft.options:
                return draft
            water = Draft(draft.phrase, kinds[:1], word=kinds[0], heads=frozenset({kinds[0]}))
            self._scene.drafts.append(water)
            return water
        return None
