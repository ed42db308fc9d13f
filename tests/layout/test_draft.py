"""Drafts: a coarse look at the same world, cheap, that changes nothing about the world itself."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines import Gaussians, Prompt, World, recipe_for
from pipelines.layout.light import DRAFT_SURFELS, thinned
from pipelines.splat.finish import first_look
from pipelines.stage import Stage, run_stages

PROMPTS = ("a fishing boat beside a palm on a beach at sunset", "a kitchen with a table and two chairs")
SPLATS, MOST = 80_000, 60_000


def stages(*, of_light: bool) -> list[Stage]:
    """Fresh stages but for the last one: those that give light, and draft, or those before them."""
    row = recipe_for(splats=SPLATS).stages[:-1]
    first = next(place for place, stage in enumerate(row) if stage.name == "light")
    return list(row[first:] if of_light else row[:first])


@cache
def unlit(text: str) -> World:
    """A world whose surfels stand, but without light yet: once for all, as nothing is drafted on the way there."""
    way = stages(of_light=False)
    assert all(type(stage).draft is Stage.draft for stage in way), "what drafts must run anew for each world"
    return run_stages(World(prompt=Prompt(text=text, seed=3)), way)


def lit(world: World, drafts: list[Gaussians] | None = None) -> World:
    """A world in its light, without its last stage; drafts: takes what is drafted, which otherwise is not."""
    return run_stages(world, stages(of_light=True), show=drafts.append if drafts is not None else None)


def coarse(world: World, gaussians: Gaussians) -> NDArray[np.float64]:
    """The first look, every 40 × 40 pixels as one: what remains of a picture when one squints."""
    assert world.scene is not None
    rgb = first_look(gaussians, world.scene.spawn).rgb.astype(np.float64)
    return np.asarray(rgb.reshape(18, 40, 32, 40, 3).mean(axis=(1, 3)))


def covered_m2(means: NDArray[np.float32], sizes_m: NDArray[np.float32]) -> float:
    """What the ellipses within 25 m of the spawn point cover together."""
    near = np.linalg.norm(means, axis=1) < 25
    return float(np.pi * (sizes_m[near, 0].astype(np.float64) * sizes_m[near, 1]).sum())


@pytest.mark.slow
@pytest.mark.parametrize("text", PROMPTS)
def test_a_draft_looks_like_the_world_and_leaves_it_as_it_is(text: str) -> None:
    drafts: list[Gaussians] = []
    plain = lit(unlit(text))  # first, for whatever drafting changes would then show in the other one
    world = lit(unlit(text), drafts)
    assert world.gaussians is not None and plain.gaussians is not None
    (draft,) = drafts
    assert 10_000 < len(draft) <= MOST
    for name in Gaussians.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(world.gaussians, name), getattr(plain.gaussians, name))
    error = coarse(world, draft) - coarse(world, world.gaussians)
    assert 10 * np.log10(255**2 / (error**2).mean()) > 20, "it is another world, or another light"


def test_thinned_surfels_cover_what_all_of_them_did() -> None:
    scene = unlit(PROMPTS[0]).scene
    assert scene is not None and scene.surfels is not None
    few = thinned(scene.surfels, DRAFT_SURFELS)
    seen = ~scene.surfels.hidden
    assert len(few) <= seen.sum() / 3 + 1
    assert not few.hidden.any()
    whole, part = covered_m2(scene.surfels.means[seen], scene.surfels.sizes_m[seen]), covered_m2(few.means, few.sizes_m)
    assert 1.1 * whole < part < 2.0 * whole, "gaps would show the sky, and still wider splats would hide what is small"
    assert len(thinned(scene.surfels, 500)) <= 500
