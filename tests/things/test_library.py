"""The built-in library: plausible masses, spots that carry, chance that follows the seed, words that lead to kinds."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipelines.errors import ThingError
from pipelines.scene import Model
from pipelines.things import Library, Order
from pipelines.things.definition import STANDS_ON
from pipelines.things.files import BULKY, read_definitions, read_sheets
from pipelines.things.library import BUILT_IN, shared_words

LIBRARY = Library.load()
FURNISHED = [name for name, kind in LIBRARY.kinds.items() if kind.family in ("furniture", "kitchen", "decor", "tools", "household")]
MASSES_KG = {
    "chair": (3, 12),
    "table": (15, 60),
    "sofa": (40, 150),
    "bed": (60, 220),
    "wardrobe": (80, 260),
    "bookshelf": (60, 260),
    "mug": (0.2, 0.7),
    "plate": (0.3, 1.2),
    "kettle": (0.7, 4),
    "hammer": (0.4, 1.5),
    "crate": (4, 20),
    "floor lamp": (3, 20),
    "door": (20, 70),
    "apple": (0.1, 0.4),
    "candle": (0.2, 3),
    "curtains": (2, 20),
}


OUTDOORS = [name for name, kind in LIBRARY.kinds.items() if kind.family in ("animals", "leisure")]


def fingerprint(model: Model) -> bytes:
    meshes = b"".join(part.mesh.vertices.tobytes() + part.mesh.faces.tobytes() for part in model.parts)
    return meshes + repr([(part.material.name, part.tint) for part in model.parts]).encode()


def test_words_are_unique_or_declared_ambiguous() -> None:
    assert [sentence for _, sentence in shared_words(LIBRARY)] == []


def test_there_are_kinds_for_rooms() -> None:
    assert len(FURNISHED) >= 100
    for kind in (LIBRARY.kinds[name] for name in FURNISHED):
        assert kind.stands_on in STANDS_ON
        assert kind.indoors
        assert kind.words[0] == kind.name


@pytest.mark.parametrize("name", FURNISHED + OUTDOORS)
def test_triangles_are_spent_with_care(name: str) -> None:
    composed = name == "laid table"
    assert sum(len(part.mesh.faces) for part in LIBRARY.build(name).parts) <= (46_000 if composed else 26_000 if name == "cow" else 17_000)


@pytest.mark.parametrize("name", MASSES_KG)
def test_masses_are_plausible(name: str) -> None:
    low, high = MASSES_KG[name]
    assert low <= LIBRARY.build(name).body.mass_kg <= high


@pytest.mark.parametrize("name", FURNISHED + OUTDOORS)
def test_density_is_that_of_a_thing_one_could_make(name: str) -> None:
    model = LIBRARY.build(name)
    density = model.body.mass_kg / float(np.prod(np.maximum(model.size_m, 0.01)))
    assert 0.5 < density < 4_000


@pytest.mark.parametrize("name", [name for name in FURNISHED if LIBRARY.kinds[name].spots])
def test_spots_lie_on_or_in_the_model(name: str) -> None:
    model = LIBRARY.build(name)
    assert {spot.name for spot in model.spots} <= set(LIBRARY.kinds[name].spots)
    for spot in model.spots:
        assert spot.position[1] <= model.bounds[1, 1] + 0.02
        if spot.name == "top":
            assert _is_carried(model, spot.position), spot


def _is_carried(model: Model, position: tuple[float, float, float]) -> bool:
    """Some solid vertex or face lies right under the spot, within 3 cm: a vertical line through it meets a triangle there."""
    x, y, z = position
    for part in model.parts:
        a, b, c = np.moveaxis(part.mesh.corners.astype(np.float64), 1, 0)
        u, v, p = (b - a)[:, [0, 2]], (c - a)[:, [0, 2]], np.array([x + 1e-4, z + 2e-4]) - a[:, [0, 2]]
        area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            s = (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]) / area
            t = (u[:, 0] * p[:, 1] - u[:, 1] * p[:, 0]) / area
            height = a[:, 1] + s * (b - a)[:, 1] + t * (c - a)[:, 1]
            under = (s >= 0) & (t >= 0) & (s + t <= 1) & (np.abs(height - y) < 0.03)
        if under.any():
            return True
    return False


@pytest.mark.parametrize("name", ["bookshelf", "vase", "sofa", "potted plant"])
def test_same_seed_same_bytes_and_other_seed_other_look(name: str) -> None:
    again = Library(LIBRARY._entries)
    assert fingerprint(again.build(name)) == fingerprint(LIBRARY.build(name))
    assert fingerprint(again.build(name, Order(seed=1))) != fingerprint(again.build(name))


def test_same_in_another_process() -> None:
    code = (
        "import zlib\nfrom pipelines.things import Library\nm = Library.load().build('bookshelf')\n"
        "print(zlib.crc32(b''.join(p.mesh.vertices.tobytes() for p in m.parts)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_same_order_gives_the_same_object() -> None:
    assert LIBRARY.build("chair") is LIBRARY.build("chair", Order())
    assert LIBRARY.build("chair", Order(seed=4)) is LIBRARY.build("chair", Order(seed=9)), "a chair knows no chance"
    assert LIBRARY.build("chair", Order(colour="red")) is not LIBRARY.build("chair")
    assert Library.load() is Library.load()


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(ThingError, match="chair"):
        LIBRARY.build("chiar")
    with pytest.raises(ThingError, match="velvet"):
        LIBRARY.build("chair", Order(material="velvett"))
    with pytest.raises(ThingError, match="red"):
        LIBRARY.build("chair", Order(colour="redd"))


def test_words_lead_back_to_kinds() -> None:
    assert LIBRARY.words["couch"] == ("sofa",)
    assert LIBRARY.words["refrigerator"] == ("fridge",)
    assert all(name in LIBRARY.kinds for names in LIBRARY.words.values() for name in names)


def test_quick_reading_finds_what_a_full_parse_finds() -> None:
    for file in sorted(BUILT_IN.glob("*.yaml")):
        whole, sheets = read_definitions(file), read_sheets(file)
        assert list(whole) == list(sheets)
        for name, raw in whole.items():
            assert sheets[name].whole == raw
            assert sheets[name].header == {key: value for key, value in raw.items() if key not in BULKY}
