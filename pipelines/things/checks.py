"""The checks that every source of kinds must pass: built-in files, a user's, a language model's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from pipelines.errors import ThingError
from pipelines.scene import Model
from pipelines.things.assembly import MAX_PARTS, MAX_TRIANGLES, is_closed
from pipelines.things.definition import POSTURES, KindDefinition
from pipelines.things.files import read_definitions
from pipelines.things.library import BUILT_IN, Library, sentences, shared_words
from pipelines.things.shape import Kind, Order

SIZE_TOLERANCE = 0.03
LEAST_TOLERANCE_M = 0.004


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a definition; `sentence` names file, kind, field and cure."""

    file: str
    kind: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def check(path: Path) -> list[Problem]:
    """Everything that is wrong with the definitions in a file or folder; an empty list is a clean bill."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    problems: list[Problem] = []
    for file in files:
        problems += _check_file(file)
    if problems:
        return problems
    try:
        library = _library_with(path, files)
    except ThingError as error:
        return [Problem(path.name, "", str(error))]
    mine = {name for file in files for name in read_definitions(file)}
    problems = [Problem(library.file_of(kind).name, kind, text) for kind, text in shared_words(library) if kind in mine]
    for name in sorted(mine):
        problems += check_kind(library, name)
    return problems


def _library_with(path: Path, files: list[Path]) -> Library:
    if path.resolve() in (BUILT_IN, *(BUILT_IN / file.name for file in files)):
        return Library.load()
    if path.is_dir():
        return Library.load([path])
    return Library.load_files([path])


def _check_file(file: Path) -> list[Problem]:
    """What can be seen without building anything."""
    try:
        definitions = read_definitions(file)
    except ThingError as error:
        return [Problem(file.name, "", str(error))]
    problems = []
    for name, raw in definitions.items():
        try:
            KindDefinition.model_validate(raw)
        except ValidationError as error:
            problems += [Problem(file.name, name, text) for text in sentences(error, file, name)]
    return problems


def check_kind(library: Library, name: str, seeds: Sequence[int] = (0, 1)) -> list[Problem]:
    """Build a kind in every style and with every seed, and measure it."""
    file = library.file_of(name).name
    kind = library.kinds[name]
    if library.definition(name).terrain:
        return []
    orders = [Order(seed=seed) for seed in seeds] + [Order(style=style) for style in kind.styles]
    found: dict[str, None] = {}
    for order in orders:
        try:
            model = library.build(name, order)
        except ThingError as error:
            found[str(error)] = None
            continue
        found |= dict.fromkeys(_faults(kind, model, measured=order.style not in POSTURES))
    return [Problem(file, name, f"{file}: the kind {name!r}: {text}") for text in found]


def _faults(kind: Kind, model: Model, *, measured: bool) -> list[str]:
    faults = [*(_measures(kind, model) if measured else ()), *_position(kind, model)]
    triangles = sum(len(part.mesh.faces) for part in model.parts)
    if len(model.parts) > MAX_PARTS or triangles > MAX_TRIANGLES:
        faults.append(
            f"it has {len(model.parts):,} parts and {triangles:,} triangles: "
            f"keep within {MAX_PARTS:,} parts and {MAX_TRIANGLES:,} triangles"
        )
    for index, part in enumerate(model.parts):
        label = f"part {index}" + (f" ({part.name})" if part.name else "")
        if not part.double_sided and not is_closed(part.mesh):
            faults.append(f"{label} is not closed: close it, or say 'double_sided: true' if it is a sheet")
        elif not part.double_sided and part.mesh.volume_m3 < 0:
            faults.append(f"{label} is inside out: turn its faces outwards")
    for spot in model.spots:
        reach = np.maximum(np.abs(model.bounds).max(axis=0), 0.05) * 1.5
        if np.any(np.abs(spot.position) > reach):
            faults.append(f"the spot {spot.name!r} at {tuple(round(v, 2) for v in spot.position)} is off the model: move it onto the model")
    return faults


def _measures(kind: Kind, model: Model) -> list[str]:
    low, high = model.bounds
    if kind.stands_on == "ground" or (kind.stands_on == "water" and _agree(float(high[1]), kind.size_m[1])):
        low = np.array([low[0], max(float(low[1]), 0.0), low[2]])  # roots and foundations do not count; of boats the draught may
    faults = []
    for axis, name in enumerate(("width", "height", "depth")):
        measured, stated = float(high[axis] - low[axis]), kind.size_m[axis]
        if not _agree(measured, stated):
            faults.append(f"its {name} is {measured:.3f} m but 'size' says {stated:g}: make them agree within 3 %")
    return faults


def _agree(measured_m: float, stated_m: float) -> bool:
    return abs(measured_m - stated_m) <= max(SIZE_TOLERANCE * stated_m, LEAST_TOLERANCE_M)


def _position(kind: Kind, model: Model) -> list[str]:
    """The origin is where the model stands, or touches what it hangs on."""
    low, high = model.bounds
    slack = max(0.02, 0.03 * float(max(kind.size_m)))
    faults = []
    if kind.stands_on in ("ground", "floor", "surface") and low[1] > slack:
        faults.append(f"it floats {low[1]:.3f} m above the ground: lower its parts so that it stands on y = 0")
    if kind.stands_on in ("floor", "surface") and low[1] < -slack:
        faults.append(f"it reaches {-low[1]:.3f} m below the floor: raise its parts so that it stands on y = 0")
    if kind.stands_on == "wall" and abs(low[2]) > slack:
        faults.append(f"its back is at z = {low[2]:.3f} m: things on walls touch the wall at z = 0")
    if kind.stands_on == "ceiling" and abs(high[1]) > slack:
        faults.append(f"its top is at y = {high[1]:.3f} m: things on ceilings hang from y = 0 downwards")
    for axis in (0, 2) if kind.stands_on != "wall" else (0,):
        middle, room = float(low[axis] + high[axis]) / 2, max(0.03, 0.12 * kind.size_m[axis])
        if abs(middle) > room and not kind.grown:
            faults.append(f"its middle is {middle:.3f} m off the origin along {'xyz'[axis]}: centre it")
    return faults
