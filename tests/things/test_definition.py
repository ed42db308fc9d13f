"""The modelling language: what definitions mean, and one clear sentence for what they may not say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import ThingError
from pipelines.scene import Model
from pipelines.spec import Size
from pipelines.things import COLOURS, MATERIALS, Library, Order, check

HEAD = "  size: [1, 1, 1]\n  stands_on: floor\n  material: oak\n"


def library_of(folder: Path, text: str) -> Library:
    (folder / "mine.yaml").write_text(text)
    return Library.load([folder])


def built(folder: Path, parts: str, extra: str = "", order: Order | None = None) -> Model:
    return library_of(folder, f"test thing:\n{HEAD}{extra}  parts:\n{parts}").build("test thing", order)


def middles(model: Model) -> list[tuple[float, ...]]:
    return sorted(tuple(np.round(part.mesh.bounds.mean(axis=0), 4).tolist()) for part in model.parts)


@pytest.mark.parametrize(
    ("modifier", "places"),
    [
        ("at: [1, 2, 3]", [(1, 2, 3)]),
        ("at: [1, 0, 3], mirror: x", [(-1, 0, 3), (1, 0, 3)]),
        ("at: [1, 0, 3], mirror: xz", [(-1, 0, -3), (-1, 0, 3), (1, 0, -3), (1, 0, 3)]),
        ("array: {count: 3, step: [2, 0, 0]}", [(0, 0, 0), (2, 0, 0), (4, 0, 0)]),
        ("array: {count: 3, step: [2, 0, 0], centred: true}", [(-2, 0, 0), (0, 0, 0), (2, 0, 0)]),
        ("array: [{count: 2, step: [1, 0, 0]}, {count: 2, step: [0, 1, 0]}]", [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]),
        ("ring: {count: 4, radius: 2}", [(-2, 0, 0), (0, 0, -2), (0, 0, 2), (2, 0, 0)]),
        ("ring: {count: 2, radius: 1, start: 90, arc: 90}", [(0, 0, -1), (1, 0, 0)]),
        ("repeat: {i: 3}, at: [i*i, 0, 0]", [(0, 0, 0), (1, 0, 0), (4, 0, 0)]),
        ("repeat: {i: 3, j: i}, at: [i, j, 0]", [(1, 0, 0), (2, 0, 0), (2, 1, 0)]),
        ("repeat: {i: 4}, at: [i, 0, 0], when: i % 2 == 1", [(1, 0, 0), (3, 0, 0)]),
        ("at: [two, 0, 0], let: {two: w + h}", [(2, 0, 0)]),
    ],
)
def test_modifiers(tmp_path: Path, modifier: str, places: list[tuple[float, ...]]) -> None:
    found = middles(built(tmp_path, f"    - {{box: [0.1, 0.2, 0.3], {modifier}}}\n"))
    assert np.allclose(found, sorted(places), atol=1e-4)


def test_transforms_apply_in_the_stated_order(tmp_path: Path) -> None:
    model = built(tmp_path, "    - {box: [1, 2, 4], scale: [1, 1, 2], turn: [0, 90, 0], at: [5, 0, 0], ring: {count: 2, radius: 10}}\n")
    first = next(part for part in model.parts if part.mesh.bounds.mean(axis=0)[2] > 0)
    assert np.allclose(first.mesh.bounds, [[1, -1, 9.5], [9, 1, 10.5]], atol=1e-4)  # 8 deep → 8 wide, at x = 5, z = 10


def test_euler_turns_are_about_fixed_axes(tmp_path: Path) -> None:
    model = built(tmp_path, "    - {box: [1, 2, 4], turn: [90, 90, 0], at: [0, 0, 0]}\n")
    assert np.allclose(np.ptp(model.parts[0].mesh.vertices, axis=0), [2, 4, 1], atol=1e-5)  # x first: (1, 4, 2), then y


def test_groups_move_as_one_and_pass_their_look_on(tmp_path: Path) -> None:
    parts = """    - group:
        - {box: [1, 1, 1], at: [1, 0, 0]}
        - {box: [1, 1, 1], at: [2, 0, 0], material: steel, shade: 0.5}
      turn: [0, 90, 0]
      name: pair
      tint: red
      shade: 0.5
"""
    model = built(tmp_path, parts)
    assert np.allclose(middles(model), [(0, 0, -2), (0, 0, -1)], atol=1e-5)
    assert [part.name for part in model.parts] == ["pair", "pair"]
    assert [part.material.name for part in model.parts] == ["oak", "steel"]
    assert np.allclose(np.array([part.tint for part in model.parts]) / COLOURS["red"], [[0.5] * 3, [0.25] * 3])


def test_own_axes_follow_the_part(tmp_path: Path) -> None:
    part = built(tmp_path, "    - {box: [1, 2, 4], turn: [20, 30, 40], at: [1, 2, 3], mirror: x}\n").parts
    for each in part:
        axes = each.model_from_part[:3, :3]
        assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)
        assert np.linalg.det(axes) == pytest.approx(1)
        local = (each.mesh.vertices - each.model_from_part[:3, 3]) @ axes
        assert np.allclose(np.ptp(local, axis=0), [1, 2, 4], atol=1e-5)
        assert each.mesh.volume_m3 == pytest.approx(8, rel=1e-5)


def test_colours_materials_and_styles(tmp_path: Path) -> None:
    text = f"""test thing:
{HEAD}  colour: blue
  styles: {{modern: {{materials: {{main: steel, brass: chrome}}, colour: white, parameters: {{high: 2}}}}}}
  parameters: {{high: 1}}
  parts:
    - {{box: [1, high, 1], tint: colour, name: body}}
    - {{box: [1, 1, 1], material: brass}}
    - {{box: [1, 1, 1], tint: green, paint: true}}
"""
    library = library_of(tmp_path, text)

    def looks(order: Order) -> list[tuple[str, object]]:
        return [(part.material.name, part.tint) for part in library.build("test thing", order).parts]

    blue, red, green, white = (COLOURS[name] for name in ("blue", "red", "green", "white"))
    assert looks(Order()) == [("oak", blue), ("brass", None), ("oak", green)]
    assert looks(Order(colour="red")) == [("oak", red), ("brass", None), ("oak", red)]
    assert looks(Order(material="velvet")) == [("velvet", None), ("brass", None), ("velvet", green)]
    assert looks(Order(material="velvet", colour="red"))[0] == ("velvet", red)
    assert looks(Order(style="modern")) == [("steel", white), ("chrome", None), ("steel", green)]
    assert library.build("test thing", Order(style="modern")).size_m[1] == pytest.approx(2)
    assert looks(Order(style="unheard of")) == looks(Order())


def test_a_colour_tints_the_main_material_where_nothing_is_declared_to_be_painted(tmp_path: Path) -> None:
    model = built(tmp_path, "    - {box: [1, 1, 1]}\n    - {box: [1, 1, 1], material: glass}\n", order=Order(colour="red"))
    assert [part.tint for part in model.parts] == [COLOURS["red"], None]


def test_sizes_scale_the_whole(tmp_path: Path) -> None:
    parts = "    - {box: [w, h, d], at: [0, h/2, 0]}\n"
    extra = "  spots: [{top: [w, d], at: [0, h, 0], clearance: 2}]\n  lamps: [{at: [0, h, 0], power: 2}]\n"
    plain = built(tmp_path, parts, extra)
    large = built(tmp_path, parts, extra, Order(size=Size.LARGE))
    high = built(tmp_path, parts, extra, Order(height_m=3))
    assert np.allclose(large.size_m, plain.size_m * 1.4)
    assert np.allclose(high.size_m, 3)
    assert high.spots[0].position == pytest.approx((0, 3, 0))
    assert high.spots[0].size_m == pytest.approx((3, 3))
    assert high.lamps[0].position == pytest.approx((0, 3, 0))
    assert high.body.mass_kg == pytest.approx(27 * plain.body.mass_kg, rel=1e-4)
    assert plain.body.mass_kg == pytest.approx(MATERIALS["oak"].density_kg_m3, rel=1e-4)


def test_mass_of_hollow_and_of_sheets(tmp_path: Path) -> None:
    assert built(tmp_path, "    - {box: [1, 1, 1], fill: 0.1}\n").body.mass_kg == pytest.approx(72, rel=1e-4)
    assert built(tmp_path, "    - {box: [1, 1, 1]}\n", "  mass_kg: 5\n", Order(height_m=2)).body.mass_kg == pytest.approx(40)


def test_a_kind_may_use_others(tmp_path: Path) -> None:
    text = f"""brick one:
{HEAD}  parts: [{{box: [1, 1, 1], tint: colour}}]
stack:
{HEAD}  parts:
    - {{use: brick one, at: [0, i, 0], scale: 0.5, repeat: {{i: 3}}, colour: colour}}
"""
    model = library_of(tmp_path, text).build("stack", Order(colour="red"))
    assert np.allclose(middles(model), [(0, 0, 0), (0, 1, 0), (0, 2, 0)])
    assert all(np.allclose(np.ptp(part.mesh.vertices, axis=0), 0.5) and part.tint == COLOURS["red"] for part in model.parts)


def test_a_list_of_tints_is_drawn_once_for_a_group(tmp_path: Path) -> None:
    parts = "    - {group: [{box: [1, 1, 1]}, {box: [1, 1, 1]}], tint: [red, green, blue], repeat: {i: 12}}\n"
    model = built(tmp_path, parts)
    pairs = [(model.parts[2 * i].tint, model.parts[2 * i + 1].tint) for i in range(12)]
    assert all(a == b for a, b in pairs)
    assert {a for a, _ in pairs} == {COLOURS[name] for name in ("red", "green", "blue")}


def test_scatter_stays_in_its_area_and_follows_the_seed(tmp_path: Path) -> None:
    parts = "    - {box: [0.01, 0.01, 0.01], scatter: {count: 40, area: [4, 2]}, at: [0, 1, 0]}\n"
    model = built(tmp_path, parts)
    places = np.array(middles(model))
    assert len(places) == 40
    assert np.all(np.abs(places[:, 0]) <= 2)
    assert np.all(np.abs(places[:, 2]) <= 1)
    assert np.allclose(places[:, 1], 1)
    assert len(np.unique(places[:, 0])) == 40
    assert not np.allclose(places, middles(built(tmp_path, parts, order=Order(seed=1))))


WRONG = {
    "unknown field": ("colr: red", "parts", "colr"),
    "unknown shape option": ("parts: [{sphere: 1, bevel: 0.1}]", None, "bevel"),
    "two shapes": ("parts: [{sphere: 1, box: [1, 1, 1]}]", None, "exactly one shape"),
    "no shape": ("parts: [{at: [0, 0, 0]}]", None, "exactly one shape"),
    "no height": ("parts: [{extrude: [[0, 0], [1, 0], [1, 1]]}]", None, "height"),
    "comma in expression": ("parts: [{box: [rand(1, 2), 1, 1]}]", None, "quotes"),
    "strange expression": ("parts: [{box: [\"__import__('os')\", 1, 1]}]", None, "does not exist"),
    "bool for number": ("parts: [{box: [true, 1, 1]}]", None, "parts.0.box"),
    "unknown name": ("parts: [{box: [legg, 1, 1]}]", None, "legg"),
    "negative size": ("parts: [{box: [0 - 1, 1, 1]}]", None, "larger than zero"),
    "unknown material": ("parts: [{box: [1, 1, 1], material: oaken}]", None, "oak"),
    "unknown colour": ("parts: [{box: [1, 1, 1], tint: redish}]", None, "colour"),
    "unknown spot": ("spots: [{lid: [1, 1]}]\n  parts: [{box: [1, 1, 1]}]", None, "a spot names"),
    "too many copies": ("parts: [{box: [1, 1, 1], array: {count: 9999, step: [1, 0, 0]}}]", None, "9,999"),
    "too many triangles": (
        "parts: [{group: [{sphere: 0.5, sides: 96, array: {count: 500, step: [0, 0, 0]}}], repeat: {i: 9}}]",
        None,
        "triangles",
    ),
    "endless loops": ("parts: [{box: [1, 1, 1], repeat: {i: 500, j: 500, k: 500}, when: 0}]", None, "turns"),
    "nested loops": ("parts: [{group: [{box: [1, 1, 1], repeat: {j: 500}, when: 0}], repeat: {i: 500}}]", None, "turns"),
    "arrays of arrays": (
        "parts: [{box: [1, 1, 1], array: [{count: 500, step: [1, 0, 0]}, {count: 500, step: [1, 0, 0]}, {count: 500, step: [0, 1, 0]}]}]",
        None,
        "at most 500",
    ),
    "too many blobs": ("parts: [{blob: [{ball: [0, 0, 0, 1]}], cells: 64, repeat: {i: 5000}}]", None, "0 to 500"),
    "uses itself": ("parts: [{use: test thing}]", None, "uses itself"),
    "uses nothing": ("parts: [{use: no such kind}]", None, "no such kind"),
    "grows nothing": ("grown: nosuchgrower", None, "nosuchgrower"),
    "wrong size": ("parts: [{box: [1.2, 1, 1], at: [0, 0.5, 0]}]", None, "width"),
    "floats": ("parts: [{box: [1, 1, 1], at: [0, 2, 0]}]", None, "floats"),
    "beside the origin": ("parts: [{box: [1, 1, 1], at: [3, 0.5, 0]}]", None, "centre it"),
    "crossing outline": ("parts: [{extrude: [[0, 0], [1, 1], [1, 0], [0, 1.1]], height: 1}]", None, "outline"),
    "invisible": ("parts: [{box: [1, 1, 1], when: 0}]", None, "no visible part"),
    "not a number": ("parts: [{box: [.nan, 1, 1]}]", None, "parts.0.box"),
    "reserved name": ("parameters: {sin: 2}\n  parts: [{box: [1, 1, 1]}]", None, "sin"),
    "parts and grown": ("grown: x\n  parts: [{box: [1, 1, 1]}]", None, "exactly one of"),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_mistake_gets_a_sentence_with_file_kind_and_cure(name: str, tmp_path: Path) -> None:
    body, add, expected = WRONG[name]
    more = "  parts: [{box: [1, 1, 1], at: [0, 0.5, 0]}]\n" if add == "parts" else ""
    file = tmp_path / "mine.yaml"
    file.write_text(f"test thing:\n{HEAD}  {body}\n{more}")
    problems = check(file)
    assert problems, name
    sentences = [str(problem) for problem in problems]
    assert any(expected in sentence for sentence in sentences), sentences
    assert all("mine.yaml" in sentence and "\n" not in sentence and ":" in sentence for sentence in sentences)


FILES = {
    "no yaml": ("a: [1", "no valid YAML"),
    "a list": ("[1, 2]", "mapping"),
    "a number as kind": ("3: {}", "name"),
    "a kind that is text": ("thing: hello", "mapping"),
    "no size": ("thing: {stands_on: floor, parts: [{sphere: 1}]}", "size"),
    "wrong ground": ("thing: {size: [1, 1, 1], stands_on: moon, parts: [{sphere: 1}]}", "stands_on"),
    "an alias": ("a: &x {size: [1, 1, 1]}\nb: *x", "alias"),
    "laughs": ("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]", "alias"),
    "depth": ("a: " + "[" * 50 + "]" * 50, "nested"),
    "double key": ("thing: {size: [1, 1, 1], size: [2, 2, 2]}", "twice"),
    "a tag that runs code": ("thing: !!python/object/apply:os.system ['true']", "no valid YAML"),
    "binary": ("\x00\x01", "no valid YAML"),
}


@pytest.mark.parametrize("name", FILES)
def test_broken_files_get_one_sentence(name: str, tmp_path: Path) -> None:
    text, expected = FILES[name]
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    problems = check(file)
    assert problems
    assert expected in str(problems[0])
    with pytest.raises(ThingError):
        Library.load([tmp_path]).build("thing")


def test_large_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("# " + "x" * 1_000_001)
    with pytest.raises(ThingError, match="bytes"):
        Library.load([tmp_path])


def test_missing_folder() -> None:
    with pytest.raises(ThingError, match="does not exist"):
        Library.load([Path("/no/such/folder")])


def test_replacing_a_kind_must_be_said(tmp_path: Path) -> None:
    parts = "  parts: [{box: [1, 1, 1], at: [0, 0.5, 0]}]\n"
    (tmp_path / "mine.yaml").write_text(f"chair:\n{HEAD}{parts}")
    with pytest.raises(ThingError, match="replace: true"):
        Library.load([tmp_path])
    (tmp_path / "mine.yaml").write_text(f"chair:\n{HEAD}  replace: true\n{parts}")
    mine = Library.load([tmp_path])
    assert np.allclose(mine.build("chair").size_m, 1)
    assert not np.allclose(Library.load().build("chair").size_m, 1)


def test_shared_words_must_be_declared(tmp_path: Path) -> None:
    parts = "  parts: [{box: [1, 1, 1], at: [0, 0.5, 0]}]\n"
    (tmp_path / "mine.yaml").write_text(f"pouffe throne:\n{HEAD}  words: [armchair]\n{parts}")
    with pytest.raises(ThingError, match="armchair"):
        Library.load([tmp_path])
