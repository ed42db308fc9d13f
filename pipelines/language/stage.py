"""Read: the stage that turns the prompt's words into a SceneSpec."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from pipelines.errors import SpecError
from pipelines.language.lexicon import Kinds
from pipelines.language.reader import read
from pipelines.places import places
from pipelines.spec import SceneSpec
from pipelines.stage import Stage, TellStage
from pipelines.things import Library
from pipelines.world import World


@dataclass
class Read(Stage):
    """Reads the prompt, or takes a given spec after checking it. things: folders with a user's own kinds."""

    name: ClassVar[str] = "read"
    cost: ClassVar[float] = 0.02
    spec: SceneSpec | None = None
    things: tuple[Path, ...] = ()

    def run(self, world: World, tell: TellStage) -> World:
        """Fill in `world.spec`."""
        library = Library.load(self.things)
        if self.spec is not None:
            check_spec(self.spec, library)
            return replace(world, spec=self.spec)
        tell(0.0, "reading the words")
        return replace(world, spec=read(world.prompt.text, library).spec)


def check_spec(spec: SceneSpec, library: Kinds) -> None:
    """Raise SpecError when a spec names a place or a kind that there is none of."""
    if spec.place not in places():
        raise SpecError(f"there is no place {spec.place!r}: use {_nearest(spec.place, tuple(places()))}")
    for thing in spec.things:
        if thing.kind not in library.kinds:
            raise SpecError(
                f"there is no kind {thing.kind!r} (of the thing {thing.name!r}): use {_nearest(thing.kind, tuple(library.kinds))}"
            )


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)[:5]
    return ", ".join(repr(one) for one in near[:-1]) + (" or " if len(near) > 1 else "") + repr(near[-1])
