"""Discourse: each, rows said after the noun, a second "it", parts that carry, and short slips, as strangers type them."""

from __future__ import annotations

import pytest

from pipelines.language.matching import slip
from pipelines.language.reader import read
from pipelines.spec import Arrangement, SceneSpec
from pipelines.things import Library


def _spec(text: str) -> SceneSpec:
    return read(text, Library.load()).spec


def _counts(spec: SceneSpec) -> dict[str, int]:
    counts: dict[str, int] = {}
    for thing in spec.things:
        counts[thing.kind] = counts.get(thing.kind, 0) + thing.count
    return counts


def _stated(spec: SceneSpec) -> set[tuple[str, str, str]]:
    kinds = {thing.name: thing.kind for thing in spec.things} | {"viewer": "viewer"}
    return {(thing.kind, str(one.relation), kinds[one.objects[0]]) for thing in spec.things for one in thing.relations}


@pytest.mark.parametrize(
    ("text", "kind", "count", "others"),
    [
        ("an office with two desks, a laptop on each desk", "laptop", 2, ("desk", 2)),
        ("an office with three desks, two chairs behind every desk", "office chair", 6, ("desk", 3)),
        ("un café avec trois tables rondes, deux chaises devant chaque table", "chair", 6, ("round table", 3)),
    ],
)
def test_each_counts_once_for_every_member(text: str, kind: str, count: int, others: tuple[str, int]) -> None:
    counts = _counts(_spec(text))
    assert counts[kind] == count
    assert counts[others[0]] == others[1]


@pytest.mark.parametrize("rows", ["3 rows", "four long rows", "two rows"])
def test_rows_may_be_said_after_the_noun(rows: str) -> None:
    (pallets,) = (thing for thing in _spec(f"a warehouse with 12 pallets in {rows}").things if thing.kind == "pallet")
    assert (pallets.count, pallets.arrangement) == (12, Arrangement.ROWS)


def test_a_second_it_means_what_the_first_one_meant() -> None:
    stated = _stated(_spec("a helicopter on an airfield, a soldier to its left and a truck behind it"))
    assert ("truck", "behind", "helicopter") in stated
    assert ("truck", "behind", "soldier") not in stated


def test_two_of_a_group_are_no_further_ones() -> None:
    spec = _spec("a beach with four palms, a hammock between two palms")
    assert _counts(spec)["palm"] == 4
    assert ("hammock", "between", "palm") in _stated(spec)


def test_what_is_on_the_lid_is_on_the_piano() -> None:
    stated = _stated(_spec("an old piano in a meadow, a raven on its lid, a birch behind it"))
    assert {("raven", "on", "piano"), ("birch", "behind", "piano")} <= stated


def test_a_house_stands_in_no_room_and_pews_do() -> None:
    assert _spec("a villa with a flat roof and a sofa beside a pool").place != "living room"
    assert _spec("a cathedral with two rows of pews and an altar").place == "cathedral"


@pytest.mark.parametrize(
    ("word", "meant"), [("wiht", "with"), ("dor", "door"), ("littel", "little"), ("windw", "window"), ("robott", "robot")]
)
def test_letters_swapped_or_left_out_are_likelier_than_others(word: str, meant: str) -> None:
    assert slip(word, ["with", "door", "litter", "little", "wind", "window", "robot", "robots", "whet"]) == meant


@pytest.mark.parametrize("word", ["cat", "xyz", "not", "of"])
def test_other_short_words_are_left_alone(word: str) -> None:
    assert slip(word, ["coat", "axes", "note", "off", "door"]) is None


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("two lions flank a gate, a ladder leans against a barn", {("ladder", "beside", "barn"), ("lion", "beside", "gate")}),
        ("an old oak beneath which a shepherd sleeps", {("person", "under", "oak")}),
        ("a table around which six chairs stand", {("chair", "around", "table")}),
        ("There is a cottage. Behind it is a barn, and in front of it a well.", {("well", "in front of", "cottage")}),
        ("small cabin, lake in front, mountains behind", {("mountain", "behind", "log cabin")}),
        ("a fountain surrounded by benches with a statue behind it", {("statue", "behind", "fountain")}),
        ("an anvil, a hammer on it, and a barrel beside it", {("hammer", "on", "anvil"), ("barrel", "beside", "anvil")}),
        ("A cow in front of a barn. A horse next to the cow. A dog behind both.", {("dog", "behind", "cow"), ("dog", "behind", "horse")}),
        ("two houses, one behind the other", {("house", "behind", "house")}),
        ("a basket with a cat inside it", {("cat", "inside", "basket")}),
        ("a pond with trees surrounding it", {("oak", "around", "pond")}),
        ("a teapot two cups and a plate on a round table", {("teapot", "on", "round table"), ("cup", "on", "round table")}),
        ("a bed flanked by two nightstands", {("nightstand", "beside", "bed")}),
    ],
)
def test_relations_as_a_fair_person_hears_them(text: str, stated: set[tuple[str, str, str]]) -> None:
    assert stated <= _stated(_spec(text))


def test_on_it_and_in_it_go_on_inwards_and_sides_of_it_do_not() -> None:
    assert ("apple", "inside", "bowl") in _stated(_spec("A table. On it is a bowl. In it is an apple."))
    assert ("well", "in front of", "cottage") in _stated(_spec("A cottage. Behind it is a barn. In front of it is a well."))


def test_each_with_a_lamp_means_as_many_lamps() -> None:
    assert _counts(_spec("a bed flanked by two nightstands each with a lamp on it"))["table lamp"] == 2
