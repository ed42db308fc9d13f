"""The jobs of a child process, by kind: each takes a request and leaves files in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.making import PAINTED, PREVIEW
from app.making.card import WAITING, turn_at_the_card
from pipelines.stage import Progress, Tell, TellStage

if TYPE_CHECKING:
    from pipelines.world import World


class Teller(Protocol):
    """What hears how a job goes: of its progress, and of the file of a preview once there is one."""

    def __call__(self, report: Progress) -> None: ...

    def preview(self, file: dict[str, Any]) -> None: ...


Outcome = dict[str, Any]
"""files: [{name, path, sha256, bytes, part}], facts: what a list shows of a world, result: what the operation gives."""

SAVING_SHARE = 0.15
CALLED: Mapping[str, str] = {
    "video": "the video",
    "panorama": "the panorama",
    "distance": "the panorama of distances",
    "layout": "the layout",
}
"""What a client calls the files that a world is made from, by the fields of its request; of pictures there may be several."""
GREY_LAYOUT = "layout.exr"
LEVELS = ("full_res", "500k", "150k", "100k")
"""The sizes that clients of the World API know, largest first."""


def generate(request: dict[str, Any], package: Path | None, folder: Path, tell: Teller) -> Outcome:
    """A world from a prompt: a preview, its package, and its splats as clients of the World API want them. package: its inputs."""
    from pipelines import Gaussians, Prompt, SceneSpec, recipe_for
    from pipelines import generate as make
    from pipelines.formats import save_package, write_spz

    spec = SceneSpec.model_validate(request["spec"]) if request.get("spec") else None
    given = given_in(request.get("inputs", {}), package, folder)
    prompt = Prompt(text=request["text"], seed=request["seed"], tier=request["tier"], **given)

    def told(report: Progress) -> None:
        if report.stage != "done":
            tell(replace(report, fraction=report.fraction * (1 - SAVING_SHARE)))

    def show(draft: Gaussians) -> None:
        target = folder / PREVIEW
        write_spz(draft, target)
        tell.preview(_file(target, part="preview"))

    recipe = recipe_for(request["tier"], kind=prompt.kind, splats=request["splats"], spec=spec)
    with turn_at_the_card([stage.name for stage in recipe.stages], lambda note: tell(Progress(WAITING, 0.0, note))):
        world = make(prompt, recipe, told, show=show)
    target = folder / "package"
    save_package(world, target, timings=True, tell=_part(tell, "save", 1 - SAVING_SHARE, 0.97))
    manifest = json.loads((target / "world.json").read_bytes())
    files = [_file(target / name, sha256=facts["sha256"]) for name, facts in manifest["files"].items()]
    files.append(_file(target / "world.json"))
    files += _painted(world, folder)
    files += _world_api_levels(target, manifest, _part(tell, "save", 0.97, 1.0))
    return {"files": files, "facts": {**facts_of(manifest), "made_from": prompt.kind.value}, "result": {}}


def given_in(inputs: Mapping[str, Any], brought: Path | None, folder: Path) -> dict[str, Any]:
    """The fields of a Prompt for the files that it is made of, which the worker has brought to a folder."""
    from pipelines import Picture

    if brought is None or not inputs:
        return {}
    single: dict[str, Any] = {name: brought / inputs[name] for name in ("video", "panorama", "distance", "layout") if name in inputs}
    if "grey_m" in inputs:
        single["layout"] = _layout_from_grey(single["layout"], folder / GREY_LAYOUT, inputs["grey_m"])
    if "eye_height_m" in inputs:
        single["eye_height_m"] = inputs["eye_height_m"]
    return {"pictures": tuple(Picture(brought / one["file"], one["azimuth_deg"]) for one in inputs["pictures"]), **single}


def in_clients_words(request: Mapping[str, Any], brought: Path | None, folder: Path) -> Callable[[str], str]:
    """What turns a sentence about files of this machine into one for clients: a folder and input-003.png → picture 4, …"""
    from pipelines.models import models_folder

    weights = f"{models_folder()}{os.sep}"
    inputs = request.get("inputs") or {}
    called = {one["file"]: f"picture {number}" for number, one in enumerate(inputs.get("pictures", ()), start=1)}
    called |= {inputs[field]: words for field, words in CALLED.items() if field in inputs}
    if "grey_m" in inputs:
        called[GREY_LAYOUT] = CALLED["layout"]
    folders = "|".join(re.escape(f"{place}{os.sep}") for place in (brought, folder) if place is not None)
    names = re.compile(f"(?:{folders})?({'|'.join(map(re.escape, called))})") if called else None
    return lambda sentence: (names.sub(lambda found: called[found[1]], sentence) if names else sentence).replace(weights, "")


def read(request: dict[str, Any], package: Path | None, folder: Path, tell: Tell) -> Outcome:
    """What a prompt means: no outcome of a world, but a reading."""
    from pipelines.language import read as understand
    from pipelines.places import places
    from pipelines.things import Library

    reading = understand(request["text"], Library.load(()))
    return {
        "spec": reading.spec.model_dump(mode="json"),
        "unmatched": list(reading.spec.unmatched),
        "notes": list(reading.notes),
        "places": list(places()),
    }


def facts_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a list of worlds says without opening world.json."""
    from pipelines.scene import EYE_HEIGHT_M

    spec = manifest.get("spec") or {}
    return {
        "splat_count": manifest["splat_count"],
        "spawn": manifest["spawn"],
        "eye_height_m": EYE_HEIGHT_M,
        "bounds_m": manifest["bounds_m"],
        "place": spec.get("place"),
        "time_of_day": spec.get("time_of_day"),
        "weather": spec.get("weather"),
        "season": spec.get("season"),
        "things": sum(1 for thing in manifest["things"] if thing["phrase"]),
        "unmatched": manifest["unmatched"],
        "relations": manifest["relations"],
        "seconds": manifest["seconds"],
    }


def _world_api_levels(package: Path, manifest: Mapping[str, Any], tell: TellStage) -> list[dict[str, Any]]:
    """SPZ 2, no harmonics, y down, origin at the eye of the panorama: four sizes, a small world's largest ones being the same file."""
    from pipelines.formats import RDF, read_ply, read_spz, write_spz
    from pipelines.scene import EYE_HEIGHT_M

    x, y, z = manifest["spawn"]["position"]
    eye = (-x, -(y + EYE_HEIGHT_M), -z)
    files: list[dict[str, Any]] = []
    for number, level in enumerate(LEVELS):
        tell(number / len(LEVELS), f"level {level}")
        source = package / ("splats.ply" if level == "full_res" else f"splats-{level}.spz")
        if not source.exists():
            files.append({**files[0], "name": f"level-{level}.spz"})
            continue
        gaussians = read_ply(source) if level == "full_res" else read_spz(source)
        target = package.parent / f"level-{level}.spz"
        write_spz(gaussians.moved(eye).with_degree(0), target, frame=RDF, version=2)
        files.append(_file(target, part="levels"))
    return files


def _painted(world: World, folder: Path) -> list[dict[str, Any]]:
    """Of a world from a layout: the panorama as it was painted, before it became splats. Clients of the World API ask for this one."""
    from pipelines.camera import Projection
    from pipelines.formats import png_bytes
    from pipelines.prompt import Kind

    around = [view for view in world.views if view.camera.projection is Projection.EQUIRECTANGULAR]
    if world.prompt.kind is not Kind.LAYOUT or len(around) != 1:
        return []
    target = folder / PAINTED
    target.write_bytes(png_bytes(around[0].rgb))
    return [_file(target, part="levels")]


def export(request: dict[str, Any], package: Path | None, folder: Path, tell: Tell) -> Outcome:
    """A world in another format, level, frame or unit."""
    from pipelines.formats import Axes, Frame, Unit, read_package, read_spz, splat_format
    from pipelines.formats import export as write

    assert package is not None
    name, axes, level = request["format"], request["axes"], request["level"]
    tell(Progress("export", 0.0, name))
    target = folder / request["name"]
    if name == "package":
        _zip(package, target)
    elif level != "full_res":
        kind = splat_format(name)
        frame = Frame(Axes(axes) if axes else kind.frame.axes, Unit(request["unit"]))
        kind.write(read_spz(package / f"splats-{level}.spz"), target, frame=frame)
    else:
        opened = read_package(package)
        write(opened, name, folder, axes=Axes(axes) if axes else None, unit=Unit(request["unit"]), overwrite=True).rename(target)
    return _single(target)


def render(request: dict[str, Any], package: Path | None, folder: Path, tell: Tell) -> Outcome:
    """A picture of a world."""
    from app.opening import open_world
    from app.viewpoint import Frame, camera_for, picture_of
    from pipelines.formats import png_bytes

    assert package is not None
    tell(Progress("render", 0.0, "opening the world"))
    opened = open_world(package)
    camera = camera_for(request["camera"], opened.spawn, Frame(request["width"], request["height"], request["fov"]))
    tell(Progress("render", 0.5, "drawing"))
    target = folder / request["name"]
    target.write_bytes(png_bytes(picture_of(opened.gaussians, camera, request["layer"])))
    return _single(target)


def film(request: dict[str, Any], package: Path | None, folder: Path, tell: Tell) -> Outcome:
    """A film along a camera path."""
    from app.opening import open_world
    from pipelines.splat import orbit_path, parse_path, walk_path, write_video

    assert package is not None
    tell(Progress("film", 0.0, "opening the world"))
    opened = open_world(package)
    path = request["path"]
    if isinstance(path, dict):
        way = parse_path(json.dumps(path))
    else:
        length = {} if request["seconds"] is None else {"seconds": request["seconds"]}
        way = {"orbit": orbit_path, "walk": walk_path}[path](opened.gaussians, opened.spawn, **length)
    target = folder / request["name"]
    size = (request["width"], request["height"])
    write_video(opened.gaussians, way, target, size_px=size, frames_per_s=request["fps"], tell=_part(tell, "film", 0.05, 1.0))
    return _single(target)


JOBS: Mapping[str, Callable[[dict[str, Any], Path | None, Path, Teller], Outcome]] = {
    "generate": generate,
    "export": export,
    "render": render,
    "film": film,
    "read": read,
}


def _zip(package: Path, target: Path) -> None:
    from pipelines.formats import read_package

    read_package(package).write_zip(target)


def _single(target: Path) -> Outcome:
    made = _file(target, part="derived")
    return {"files": [made], "facts": {}, "result": {"file": made["name"]}}


def _layout_from_grey(source: Path, target: Path, ends_m: Sequence[float]) -> Path:
    """Distances that came as a grey picture between `ends_m`, as clients of the World API draw them, as an EXR; the target."""
    from pipelines.formats import write_distance
    from pipelines.paint import read_depth

    near_m, far_m = ends_m
    write_distance(read_depth(source, z_min=near_m, z_max=far_m), target)
    return target


def _file(path: Path, *, sha256: str | None = None, part: str = "package") -> dict[str, Any]:
    if sha256 is None:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "path": str(path), "sha256": sha256, "bytes": path.stat().st_size, "part": part}


def _part(tell: Tell, stage: str, begin: float, end: float) -> TellStage:
    def tell_part(fraction: float, note: str) -> None:
        tell(Progress(stage, begin + (end - begin) * min(1.0, max(0.0, fraction)), note))

    return tell_part
