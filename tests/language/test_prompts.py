"""The acceptance prompts, read with the real library: every place, 95 % of the things, 90 % of the relations."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipelines.language import read
from pipelines.language.lexicon import Lexicon, lexicon_for
from pipelines.places import places
from pipelines.spec import VIEWER, SceneSpec, ThingSpec
from pipelines.things import Library

PROMPTS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[1] / "prompts.toml").read_text(encoding="utf-8"))["prompt"]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return lexicon_for(Library.load())


@pytest.fixture(scope="module")
def specs() -> list[SceneSpec]:
    return [read(prompt["text"], Library.load()).spec for prompt in PROMPTS]


def _of_kind(spec: SceneSpec, word: str, lexicon: Lexicon) -> list[ThingSpec]:
    return [thing for thing in spec.things if thing.kind in lexicon.kinds_for(word)]


def test_there_are_prompts_of_every_place() -> None:
    assert {prompt["place"] for prompt in PROMPTS} == set(places())
    assert all(3 <= len(prompt["things"]) <= 6 or prompt.get("without") for prompt in PROMPTS)
    assert all(1 <= len(prompt["relations"]) <= 3 for prompt in PROMPTS)


def test_slots_are_understood(specs: list[SceneSpec]) -> None:
    for prompt, spec in zip(PROMPTS, specs, strict=True):
        for slot in ("place", "time_of_day", "weather", "season", "style"):
            if slot in prompt:
                assert getattr(spec, slot) == prompt[slot], (prompt["text"], slot)
        assert set(prompt.get("mood", ())) <= set(spec.mood)


def test_things_are_understood(specs: list[SceneSpec], lexicon: Lexicon) -> None:
    missing = []
    for prompt, spec in zip(PROMPTS, specs, strict=True):
        for wanted in prompt["things"]:
            found = _of_kind(spec, wanted["kind"], lexicon)
            count = sum(thing.count for thing in found)
            looks = (
                all(getattr(found[0], slot) == wanted[slot] for slot in ("colour", "material", "size") if slot in wanted)
                if found
                else False
            )
            if not looks or count != wanted.get("count", count) or count < wanted.get("at_least", 1):
                missing.append((wanted, prompt["text"]))
    assert len(missing) <= 0.05 * sum(len(prompt["things"]) for prompt in PROMPTS), missing


def test_relations_are_understood(specs: list[SceneSpec], lexicon: Lexicon) -> None:
    missing = []
    for prompt, spec in zip(PROMPTS, specs, strict=True):
        kind_of = {thing.name: thing.kind for thing in spec.things} | {VIEWER: VIEWER}
        found = [(thing.kind, one.relation, [kind_of[name] for name in one.objects]) for thing in spec.things for one in thing.relations]
        for subject, relation, *objects in prompt["relations"]:
            wanted = [{VIEWER} if name == VIEWER else set(lexicon.kinds_for(name)) for name in objects]
            holds = any(
                kind in lexicon.kinds_for(subject)
                and name == relation
                and all(one in kinds for one, kinds in zip(targets, wanted, strict=False))
                for kind, name, targets in found
            )
            if not holds:
                missing.append((subject, relation, objects))
    assert len(missing) <= 0.1 * sum(len(prompt["relations"]) for prompt in PROMPTS), missing


def test_what_is_denied_is_listed(specs: list[SceneSpec], lexicon: Lexicon) -> None:
    for prompt, spec in zip(PROMPTS, specs, strict=True):
        for word in prompt.get("without", ()):
            assert set(lexicon.kinds_for(word)[:1]) <= set(spec.without), prompt["text"]
        assert not set(spec.without) & {thing.kind for thing in spec.things}
