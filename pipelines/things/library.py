"""The library: all kinds from the built-in data files and the user's folders, read quickly, checked and built when first needed."""

from __future__ import annotations

import difflib
import importlib
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import ValidationError

from pipelines.errors import ThingError
from pipelines.scene import Body, Floats, Model, Part, cross
from pipelines.things.assembly import Assembly, colour_of, is_closed, moved_shape, names_of
from pipelines.things.definition import SPOT_NAMES, STANDS_ON, KindDefinition, StyleDefinition
from pipelines.things.expressions import evaluate
from pipelines.things.files import Sheet, read_definitions, read_sheets
from pipelines.things.parts import dressed
from pipelines.things.shape import SIZE_FACTORS, Grow, GrownOrder, Kind, Order, Shape, Size3

BUILT_IN = Path(__file__).parent / "library"
MAX_USE_DEPTH = 4
SHEET_THICKNESS_M = 0.002  # of an open sheet, for its mass
LEAF_KG_M2 = 0.25


@dataclass
class _Entry:
    """One kind as it was read; `definition` is validated when it is first needed."""

    kind: Kind
    file: Path
    sheet: Sheet
    definition: KindDefinition | None = None


class Library:
    """Every kind of thing that can be built. `load` reads it; `kinds` and `words` describe it; `build` makes models."""

    def __init__(self, entries: Mapping[str, _Entry]) -> None:
        self._entries = dict(entries)
        self._models: dict[tuple[str, Order], Model] = {}
        self._shapes: dict[tuple[str, Order], Shape] = {}
        self._without_chance: set[str] = set()
        self.kinds: Mapping[str, Kind] = MappingProxyType({name: entry.kind for name, entry in sorted(entries.items())})
        words: dict[str, list[str]] = {}
        for name, kind in self.kinds.items():
            for word in kind.words:
                words.setdefault(word, []).append(name)
        self.words: Mapping[str, tuple[str, ...]] = MappingProxyType({word: tuple(names) for word, names in words.items()})

    @classmethod
    def load(cls, folders: Sequence[Path] = ()) -> Library:
        """The built-in kinds and those of the user's folders; raises ThingError with the first problem in a user's file."""
        if not folders:
            return _built_in()
        files = []
        for folder in folders:
            if not Path(folder).is_dir():
                raise ThingError(f"the things folder {folder} does not exist: give a folder that holds .yaml files")
            files += sorted(Path(folder).glob("*.yaml"))
        return cls.load_files(files)

    @classmethod
    def load_files(cls, files: Sequence[Path]) -> Library:
        """The built-in kinds and those of single files, with the same checks as `load`."""
        entries = dict(_built_in()._entries)
        for file in files:
            _add(entries, file, trusted=False)
        library = cls(entries)
        mine = [name for name, entry in entries.items() if entry.file.parent != BUILT_IN]
        for name in mine:
            library.definition(name)
        _check_words(library, mine)
        return library

    def file_of(self, kind: str) -> Path:
        """The file that declares a kind."""
        return self._entry(kind).file

    def definition(self, kind: str) -> KindDefinition:
        """The validated definition of a kind; raises ThingError that names file, kind and field."""
        entry = self._entry(kind)
        if entry.definition is None:
            try:
                entry.definition = KindDefinition.model_validate(entry.sheet.whole)
            except ValidationError as error:
                raise ThingError(sentences(error, entry.file, kind)[0]) from error
        return entry.definition

    def build(self, kind: str, order: Order | None = None) -> Model:
        """The model of a kind; the same order gives the same object. Raises ThingError when it cannot be built."""
        order = order or Order()
        if kind in self._without_chance:
            order = replace(order, seed=0)
        key = (kind, order)
        if key not in self._models:
            try:
                model = self._built(kind, order)
            except ThingError as error:
                text = str(error)
                raise ThingError(text if repr(kind) in text else f"the kind {kind!r} cannot be built: {text}") from error
            if kind in self._without_chance:
                key = (kind, replace(order, seed=0))
            model = self._models.setdefault(key, model)
        return self._models[key]

    def _entry(self, kind: str) -> _Entry:
        if kind not in self._entries:
            near = difflib.get_close_matches(kind, self._entries, n=3) or sorted(self._entries)[:3]
            raise ThingError(f"there is no kind {kind!r} in the library: use one of its kinds, such as {', '.join(near)}")
        return self._entries[kind]

    def _built(self, kind: str, order: Order) -> Model:
        definition = self.definition(kind)
        if definition.terrain:
            raise ThingError(f"the kind {kind!r} is a feature of the ground and has no model: let the layout shape it")
        factor = SIZE_FACTORS[order.size] if order.height_m is None else order.height_m / definition.size[1]
        if definition.grown:
            shape, scale = self._grown(kind, definition, order, factor), 1.0
        else:
            plain = replace(order, size=Order().size, height_m=None, parts=(), opened=False)
            shape, scale = moved_shape(self._shape(kind, plain, 0), np.diag([factor, factor, factor, 1.0])), factor
        shape = dressed(shape, order.parts)
        if order.opened:
            shape = replace(shape, parts=[part for part in shape.parts if part.name not in definition.yields] or shape.parts)
        return _model(self._entry(kind).kind, definition, shape, mass_scale=factor**3 if definition.mass_kg else scale)

    def _grown(self, kind: str, definition: KindDefinition, order: Order, factor: float) -> Shape:
        rng = _random(kind, order.seed)
        style = definition.styles.get(order.style or "", StyleDefinition())
        context = names_of(definition, style, rng)
        parameters: dict[str, float | str] = dict(definition.with_)
        parameters |= {name: evaluate(value, context) for name, value in style.parameters.items()}
        width, height, depth = definition.size
        grow = grower(str(definition.grown))
        return grow(
            GrownOrder(
                (width * factor, height * factor, depth * factor),
                rng,
                None if order.colour is None else colour_of(order.colour),
                order.material or style.materials.get("main") or definition.material,
                order.style,
                order.season,
                parameters,
            )
        )

    def _shape(self, kind: str, order: Order, depth: int) -> Shape:
        """A declared kind at its typical size, in its own frame; for `build`, and for kinds that use it."""
        if depth > MAX_USE_DEPTH:
            raise ThingError(f"the kind {kind!r} uses itself, or kinds use each other more than {MAX_USE_DEPTH} deep: break the chain")
        definition = self.definition(kind)
        if definition.grown:
            return self._grown(kind, definition, order, 1.0)
        if kind in self._without_chance:
            order = replace(order, seed=0)
        key = (kind, order)
        if key not in self._shapes:
            rng = _random(kind, order.seed)
            before = rng.bit_generator.state
            used: list[str] = []

            def use(name: str, inner: Order) -> Shape:
                used.append(name)
                inside = self._shape(name, inner, depth + 1)
                return Shape(inside.parts, inside.foliage, [], inside.lamps)

            style = definition.styles.get(order.style or "", StyleDefinition())
            self._shapes[key] = Assembly(kind, definition, order, use).build(names_of(definition, style, rng))
            if rng.bit_generator.state == before and not used:
                self._without_chance.add(kind)
        return self._shapes[key]


@cache
def _built_in() -> Library:
    entries: dict[str, _Entry] = {}
    for file in sorted(BUILT_IN.glob("*.yaml")):
        _add(entries, file, trusted=True)
    return Library(entries)


@cache
def grower(name: str) -> Grow:
    """The function of `grown/` that a definition names; raises ThingError where the table does not know it."""
    from pipelines.things.grown import GROWN

    if name not in GROWN:
        near = ", ".join(difflib.get_close_matches(name, GROWN, n=3) or sorted(GROWN)[:8])
        raise ThingError(f"nothing grows under the name {name!r}: use one of the table GROWN, such as {near}")
    module, function = GROWN[name].split(":")
    grow: Grow = getattr(importlib.import_module(module), function)
    return grow


def _random(kind: str, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(kind.encode())]))


def _add(entries: dict[str, _Entry], file: Path, *, trusted: bool) -> None:
    """Read one file; a kind that exists already may only be replaced from outside, and only by saying so."""
    sheets = read_sheets(file) if trusted else {name: Sheet(raw, "") for name, raw in read_definitions(file).items()}
    for name, sheet in sheets.items():
        raw, known = sheet.header, entries.get(name)
        if known is not None and (raw.get("replace") is not True or known.file.parent == file.parent):
            raise ThingError(
                f"{file.name}: the kind {name!r} exists already in {known.file.name}: "
                "give it another name, or say 'replace: true' to take its place"
            )
        entries[name] = _Entry(_kind(name, raw, file), file, sheet)


def _kind(name: str, raw: Mapping[str, Any], file: Path) -> Kind:
    """What can be told without validating the whole definition, so that hundreds of kinds load at once."""
    size, stands_on = raw.get("size"), raw.get("stands_on")
    if not (isinstance(size, list) and len(size) == 3 and all(isinstance(v, int | float) and 0.001 < v <= 500 for v in size)):
        raise ThingError(f"{file.name}: the kind {name!r} has the size {size!r}: give [width, height, depth] in metres")
    if stands_on not in STANDS_ON:
        raise ThingError(f"{file.name}: the kind {name!r} stands on {stands_on!r}: use one of {', '.join(STANDS_ON)}")
    words = list(dict.fromkeys([name.lower(), *(str(word).lower().strip() for word in raw.get("words") or ())]))
    spots = [key for spot in raw.get("spots") or () if isinstance(spot, dict) for key in spot if key in SPOT_NAMES]
    indoors = bool(raw.get("indoors", stands_on in ("floor", "wall", "ceiling", "surface")))
    return Kind(
        name=name,
        words=tuple(words),
        family=file.stem,
        size_m=(float(size[0]), float(size[1]), float(size[2])),
        stands_on=str(stands_on),
        tags=tuple(str(tag) for tag in raw.get("tags") or ()),
        spots=tuple(dict.fromkeys(spots)),
        styles=tuple(raw.get("styles") or ()),
        indoors=indoors,
        outdoors=bool(raw.get("outdoors", stands_on in ("ground", "water", "air", "surface"))),
        dynamic=raw.get("dynamic") is True,
        grown="grown" in raw,
        varies="varied" in raw.get("tags", ()) or any("pick(" in str(value) for value in dict(raw.get("parameters") or {}).values()),
        ambiguous=tuple(str(word).lower() for word in raw.get("ambiguous") or ()),
    )


_UNION_STEPS = ("constrained", "function-", "float", "str", "tuple", "list[")  # pydantic's names for the members of a union


def sentences(error: ValidationError, file: Path, kind: str) -> list[str]:
    """What pydantic found, as sentences that name file, kind, field and cure; unions give one sentence for all their members."""
    found: dict[str, str] = {}
    for entry in error.errors(include_url=False):
        steps = [str(step) for step in entry["loc"] if not str(step).startswith(_UNION_STEPS)]
        where = ".".join(steps) or "the definition"
        message = entry["msg"].removeprefix("Value error, ")
        if entry["type"] == "extra_forbidden":
            message = "the modelling language has no such field: remove it or correct its spelling"
        elif entry["type"] == "too_long" and any("(" in str(item) or ")" in str(item) for item in entry["input"]):
            message = "a comma inside an expression has cut it in two: put quotes around expressions such as 'min(a, b)'"
        elif entry["type"] == "missing":
            message = "it is missing: add it"
        elif "input" in entry and not isinstance(entry["input"], dict | list):
            message = f"{message} (it is {str(entry['input'])[:60]!r})"
        if where not in found or entry["type"] == "value_error":  # what our own validators say is the plainest
            found[where] = f"{file.name}: the kind {kind!r} is wrong at {where}: {message}"
    return list(found.values())


def _check_words(library: Library, kinds: Collection[str]) -> None:
    """A user's kinds may not take words from others unnoticed."""
    problem = next((text for kind, text in shared_words(library) if kind in kinds), None)
    if problem is not None:
        raise ThingError(problem)


def shared_words(library: Library) -> list[tuple[str, str]]:
    """(kind, sentence) for every word that kinds share without all of them declaring it ambiguous."""
    found = []
    for word, names in library.words.items():
        silent = [name for name in names if word not in library.kinds[name].ambiguous]
        if len(names) > 1 and silent:
            owners = " and ".join(repr(name) for name in names)
            cure = "take it from one of them, or list it under 'ambiguous' in both"
            found += [(name, f"{library.file_of(name).name}: the word {word!r} belongs to {owners}: {cure}") for name in names]
    return found


def _model(kind: Kind, definition: KindDefinition, shape: Shape, *, mass_scale: float) -> Model:
    if not shape.parts and not shape.foliage:
        raise ThingError(f"the kind {kind.name!r} has no visible part: check its 'when' conditions")
    bounds = _bounds(shape)
    return Model(
        kind=kind.name,
        parts=tuple(shape.parts),
        foliage=tuple(shape.foliage),
        spots=tuple(shape.spots),
        lamps=tuple(shape.lamps),
        body=_body(definition, shape, mass_scale),
        bounds=bounds,
        footprint=_footprint(kind, shape, bounds),
    )


def _points(shape: Shape) -> Floats:
    """(N, 3) every vertex, and both ends of every leaf."""
    points: list[Floats] = [part.mesh.vertices for part in shape.parts]
    for leaves in shape.foliage:
        reach = leaves.directions * (leaves.lengths_m / 2)[:, None]
        points += [(leaves.centres - reach).astype(np.float32), (leaves.centres + reach).astype(np.float32)]
    return np.concatenate(points)


def _bounds(shape: Shape) -> Floats:
    points = _points(shape)
    bounds: Floats = np.stack([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
    if not np.isfinite(bounds).all():
        raise ThingError("some of its vertices are not finite numbers: check its expressions")
    return bounds


def _footprint(kind: Kind, shape: Shape, bounds: Floats) -> Floats:
    """What touches or nears the ground: solid vertices within the lowest eighth, at least 30 cm; of hung things, everything."""
    if kind.stands_on in ("wall", "ceiling", "air"):
        return bounds[:, [0, 2]]
    points = np.concatenate([part.mesh.vertices for part in shape.parts]) if shape.parts else _points(shape)
    low = float(points[:, 1].min())
    near = points[points[:, 1] <= max(low, 0.0) + max(0.3, 0.12 * float(bounds[1, 1] - low))][:, [0, 2]]
    footprint: Floats = np.stack([near.min(axis=0), near.max(axis=0)]).astype(np.float32)
    return footprint


def _part_mass(part: Part) -> float:
    mesh = part.mesh
    if is_closed(mesh):
        return abs(mesh.volume_m3) * part.material.density_kg_m3
    a, b, c = np.moveaxis(mesh.corners.astype(np.float64), 1, 0)
    area = float(np.linalg.norm(cross(b - a, c - a), axis=1).sum()) / 2
    return area * SHEET_THICKNESS_M * part.material.density_kg_m3


def _body(definition: KindDefinition, shape: Shape, mass_scale: float) -> Body:
    masses = np.array([_part_mass(part) for part in shape.parts])
    leaves = sum(float((foliage.lengths_m * foliage.widths_m).sum()) for foliage in shape.foliage) * LEAF_KG_M2
    total = float(masses.sum()) + leaves
    weights = masses / max(masses.sum(), 1e-12)
    friction = float(sum(w * part.material.friction for w, part in zip(weights, shape.parts, strict=True))) or 0.6
    restitution = float(sum(w * part.material.restitution for w, part in zip(weights, shape.parts, strict=True)))
    return Body(
        mass_kg=max(definition.mass_kg * mass_scale if definition.mass_kg else total, 1e-4),
        friction=friction if definition.friction is None else definition.friction,
        restitution=restitution if definition.restitution is None else definition.restitution,
        dynamic=definition.dynamic,
    )


__all__ = ["BUILT_IN", "Library", "Size3", "grower", "sentences", "shared_words"]
