"""Read: the stage reads the prompt, or takes a given spec after checking it."""

from __future__ import annotations

import pytest

from pipelines.errors import SpecError
from pipelines.language import Read
from pipelines.prompt import Prompt
from pipelines.recipes import make_stage
from pipelines.spec import SceneSpec, ThingSpec
from pipelines.world import World


def _tell(fraction: float, note: str) -> None:
    assert 0 <= fraction <= 1


def test_the_recipe_finds_the_stage() -> None:
    stage = make_stage("read", spec=None, things=())
    assert isinstance(stage, Read)
    assert stage.name == "read"


def test_the_prompt_is_read() -> None:
    world = Read().run(World(Prompt("a foggy forest at night with a chair beside a table")), _tell)
    assert world.spec is not None
    assert (world.spec.place, world.spec.time_of_day, world.spec.weather) == ("forest", "night", "fog")
    assert {thing.kind for thing in world.spec.things} == {"chair", "table"}


def test_a_given_spec_is_used_as_it_is() -> None:
    spec = SceneSpec(place="desert", things=(ThingSpec(name="seat", kind="chair"),))
    assert Read(spec=spec).run(World(Prompt("a forest")), _tell).spec is spec


def test_an_unknown_place_or_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"'forrest'.*'forest'"):
        Read(spec=SceneSpec(place="forrest")).run(World(Prompt("x")), _tell)
    with pytest.raises(SpecError, match=r"'chairr'.*'chair'"):
        Read(spec=SceneSpec(things=(ThingSpec(name="seat", kind="chairr"),))).run(World(Prompt("x")), _tell)
