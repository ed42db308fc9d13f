"""Checking: whether everything that a spec names is there to be built."""

from __future__ import annotations

import difflib

from pipelines.errors import SpecError
from pipelines.language.lexicon import Kinds
from pipelines.places import places
from pipelines.spec import SceneSpec


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
