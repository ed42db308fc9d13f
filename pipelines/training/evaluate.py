"""Evaluate: what a trained network can do on worlds and places that it never saw, beside plain baselines, as figures for its card."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.camera import panorama
from pipelines.errors import InputError
from pipelines.flow import (
    SHAPES,
    Parameters,
    Shape,
    Weights,
    colour_of,
    completed,
    distance_of,
    encoded,
    load_weights,
    measured,
    ray_channels,
    resized,
    save_weights,
    surrounded,
)
from pipelines.formats import written_whole
from pipelines.paint import seam_error
from pipelines.scene import EYE_HEIGHT_M
from pipelines.training.fit import STATE, device_named, load_average
from pipelines.training.masks import footprints
from pipelines.training.measures import (
    DepthErrors,
    ElevationGuess,
    PlainReader,
    depth_errors,
    features,
    frechet,
    mirrored_and_blurred,
)
from pipelines.training.shards import load, shard_files
from pipelines.training.shots import Shot, learnt
from pipelines.training.worlds import Split

FIGURES = "figures.json"
EVERY = 1_000_000  # training panoramas: who reads pictures, or seeks the nearest, knows them all

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class EvaluationPlan:
    """What is measured: a training folder against the data it did not see; at most so many pictures.

    weights: where to export to.  mean_with: a folder of weights that are averaged with those of the training, for it began from them.
    """

    data: Path
    folder: Path
    most: int = 100
    device: str = "auto"
    weights: Path | None = None
    mean_with: Path | None = None


@dataclass(frozen=True)
class Example:
    """A shot at the network's size with what was said of it. up: (H, W) sine of elevation."""

    rgb: Pixels
    distance: Floats
    up: Floats
    pixel_rad: float
    meaning: Floats
    place: str
    time: str


def evaluate(plan: EvaluationPlan, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure, draw a sheet of samples, write figures.json and, where asked, the weights with their card. Returns the figures."""
    parameters = _learnt_parameters(plan.folder, plan.mean_with)
    said = json.loads((plan.folder / STATE).read_text()) | {"mean": plan.mean_with is not None}
    shape = SHAPES[said["shape"]]
    device = device_named(plan.device)
    parameters = {name: value.to(device) for name, value in parameters.items()}
    held = examples(plan.data, Split.HELD_OUT, shape, plan.most)
    seen = examples(plan.data, Split.TRAIN, shape, EVERY if shape.sphere else plan.most)
    say(f"{said['shape']} after {said['samples']:,} samples in {said['seconds'] / 60:.1f} min: {len(held)} held-out pictures")
    figures: dict[str, Any] = {"training": said, "held_out": len(held), "depth": _depth(parameters, shape, held, seen, say)}
    if shape.sphere and said.get("only") is None:
        figures |= _painting(parameters, shape, held, seen, say)
    draw_samples(parameters, shape, held, plan.folder / "samples.png")
    with written_whole(plan.folder / FIGURES, overwrite=True) as workshop:
        (workshop / FIGURES).write_text(json.dumps(figures, indent=1) + "\n")
    if plan.weights is not None:
        export(plan.folder, plan.weights, say, mean_with=plan.mean_with)
    return figures


def _learnt_parameters(folder: Path, mean_with: Path | None) -> Parameters:
    """Those of a training; the mean with those it began from does what both can (Wortsman et al. 2022, model soups)."""
    learnt = load_average(folder)
    if mean_with is None:
        return learnt
    shape = SHAPES[json.loads((folder / STATE).read_text())["shape"]]
    before = load_weights(_network(shape), mean_with).parameters
    if {name: value.shape for name, value in before.items()} != {name: value.shape for name, value in learnt.items()}:
        raise InputError(f"the weights in {mean_with} are of another shape than the training in {folder}: name those it began from")
    return {name: (value.float() + before[name].float()) / 2 for name, value in learnt.items()}


def _network(shape: Shape) -> str:
    return "panorama" if shape.sphere else "depth"


def export(folder: Path, weights: Path, say: Callable[[str], None], *, mean_with: Path | None = None) -> None:
    """Write the weights of a training that has been measured, and the card of all that lie there."""
    figures = json.loads((folder / FIGURES).read_text())
    shape = SHAPES[figures["training"]["shape"]]
    paths = save_weights(weights, _network(shape), shape, _learnt_parameters(folder, mean_with), figures)
    say(f"{len(paths)} shards, {sum(path.stat().st_size for path in paths) / 1e6:.1f} MB in {weights}")
    networks = json.loads((weights / "model.json").read_text())["networks"]
    (weights / "CARD.md").write_text(card({name: entry["facts"] for name, entry in networks.items()}), encoding="utf-8")


def examples(folder: Path, split: str, shape: Shape, most: int) -> list[Example]:
    """Up to `most` shots of a split that fit the network, evenly over the worlds."""
    found = []
    files = shard_files(folder, split)
    each = max(1, -(-most // max(1, len(files))))
    for path in files:
        stored = load(path, sphere=shape.sphere)
        apart = max(1, len(stored.shots) // each)  # from as many positions as there are
        for number, shot in enumerate(stored.shots[::apart][:each]):
            found.append(example(shot, shape, stored.meanings[number % len(stored.meanings)], stored.place, stored.time))
    if not found:
        raise InputError(f"{folder / split} holds no shots for this network: run `python -m pipelines.training data` first")
    return found[:most]


def example(shot: Shot, shape: Shape, meaning: Floats, place: str, hour: str) -> Example:
    """A shot as a network of this shape sees it, and what was said of it."""
    camera = shot.camera
    up = resized(np.ascontiguousarray(camera.rays()[..., 1], np.float32), shape.height_px, shape.width_px, sphere=False)
    shot = learnt(shot, shape.height_px, shape.width_px)
    area = camera.width_px * camera.height_px / (shape.width_px * shape.height_px)
    pixel = 2 * np.pi / shape.width_px if shape.sphere else float(np.sqrt(area)) / camera.focal_px
    return Example(shot.rgb, shot.distance, up, pixel, meaning, place, hour)


def said_distance(parameters: Parameters, shape: Shape, example: Example) -> Floats:
    """What the network says at once of an example's distances."""
    colours = encoded(example.rgb, None, None, (shape.height_px, shape.width_px))
    return distance_of(measured(parameters, shape, colours, rays=ray_channels(example.up, example.pixel_rad)), example.up)


def _depth(
    parameters: Parameters, shape: Shape, held: Sequence[Example], seen: Sequence[Example], say: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """Errors of distances: in one answer, by sampling, and of the guess by elevation."""
    guess = ElevationGuess([one.distance for one in seen], [one.up for one in seen])
    ways: dict[str, Callable[[Example], Floats]] = {
        "at once": lambda one: said_distance(parameters, shape, one),
        "by elevation": lambda one: guess(one.up),
    }
    if shape.sphere:
        ways["sampled"] = lambda one: _sampled_distance(parameters, shape, one)
    true = [one.distance for one in held]
    areas = [np.sqrt(np.maximum(1 - one.up**2, 0)) if shape.sphere else np.ones_like(one.up) for one in held]
    found = {}
    for name, way in ways.items():
        errors: DepthErrors = depth_errors([way(one) for one in held], true, areas)
        found[name] = asdict(errors)
        words = f"AbsRel {errors.abs_rel:.3f} ({errors.scaled:.3f} scaled), {errors.within:.1%} within 1.25, sky {errors.sky:.1%}"
        say(f"distance {name}: {words}")
    return found


def _sampled_distance(parameters: Parameters, shape: Shape, one: Example) -> Floats:
    size = (shape.height_px, shape.width_px)
    mask = np.zeros((3, *size), np.float32)
    mask[0] = 1
    rays = ray_channels(one.up, one.pixel_rad)
    found = completed(parameters, shape, encoded(one.rgb, None, None, size), mask, rays=rays, meaning=None, seed=1)
    return distance_of(found, one.up)


def _painting(
    parameters: Parameters, shape: Shape, held: Sequence[Example], seen: Sequence[Example], say: Callable[[str], None]
) -> dict[str, Any]:
    """How true painted and outpainted pictures look, whether they show what was asked for, their seam, and how long they take."""
    true = np.stack([features(one.rgb) for one in held])
    known = np.stack([features(one.rgb) for one in seen])
    started = time.perf_counter()
    painted = [colour_of(_painted(parameters, shape, one, number, np.zeros(one.up.shape, np.bool_))) for number, one in enumerate(held)]
    seconds = (time.perf_counter() - started) / len(held)
    masks = [_photograph(shape, number) for number in range(len(held))]
    around = [colour_of(_painted(parameters, shape, one, number, masks[number])) for number, one in enumerate(held)]
    worlds = [_as_in_worlds(parameters, shape, one, mask, picture) for one, mask, picture in zip(held, masks, around, strict=True)]
    plain = [mirrored_and_blurred(np.where(mask[..., None], one.rgb, 0), mask) for one, mask in zip(held, masks, strict=True)]
    nearest = [_nearest(one, mask, seen) for one, mask in zip(held, masks, strict=True)]
    sets = {"painted": painted, "outpainted": around, "as worlds have it": worlds}
    sets |= {"mirrored and blurred": plain, "nearest neighbour": nearest}
    told = {name: frechet(np.stack([features(p) for p in pictures]), true) for name, pictures in sets.items()}
    places, hours = PlainReader(known, [one.place for one in seen]), PlainReader(known, [one.time for one in seen])
    drawn = np.stack([features(picture) for picture in painted])
    read = {
        "place": places.right(drawn, [one.place for one in held]),
        "place, true pictures": places.right(true, [one.place for one in held]),
        "time": hours.right(drawn, [one.time for one in held]),
        "time, true pictures": hours.right(true, [one.time for one in held]),
    }
    seams = {"painted": _mean_seam(painted), "true": _mean_seam([one.rgb for one in held])}
    say(f"unlikeness {told}, recognised {read}, seams {seams}, {seconds:.1f} s a panorama")
    return {"unlikeness": told, "recognised": read, "seam": seams, "seconds": seconds}


def _painted(parameters: Parameters, shape: Shape, one: Example, number: int, known: NDArray[np.bool_]) -> Floats:
    size = (shape.height_px, shape.width_px)
    mask = np.zeros((3, *size), np.float32)
    mask[0] = known
    rays = ray_channels(one.up, one.pixel_rad)
    return completed(parameters, shape, encoded(one.rgb, None, None, size), mask, rays=rays, meaning=one.meaning, seed=number)


def _as_in_worlds(parameters: Parameters, shape: Shape, one: Example, known: NDArray[np.bool_], painted: Pixels) -> Pixels:
    """What a world shows around a photograph: turned copies of it, chosen after what was painted."""
    seen = np.where(known, said_distance(parameters, shape, one), np.float32(np.nan))
    eye = panorama((0.0, EYE_HEIGHT_M, 0.0), width_px=shape.width_px)
    weights = Weights(shape, parameters, "", {})
    return surrounded(weights, np.where(known[..., None], one.rgb, 0).astype(np.uint8), known, seen, painted, eye)[1]


def _photograph(shape: Shape, number: int) -> NDArray[np.bool_]:
    """Where a random photograph lies on the sphere."""
    rays = torch.from_numpy(panorama((0.0, 0.0, 0.0), width_px=shape.width_px).rays())
    return np.asarray(footprints(1, rays, torch.Generator().manual_seed(number))[0].numpy() > 0)


def _nearest(one: Example, known: NDArray[np.bool_], seen: Sequence[Example]) -> Pixels:
    """The training picture that is likest where the photograph is, around the photograph."""
    differences = [np.abs(other.rgb[known].astype(np.float32) - one.rgb[known]).mean() for other in seen]
    return np.where(known[..., None], one.rgb, seen[int(np.argmin(differences))].rgb)


def _mean_seam(pictures: Sequence[Pixels]) -> float:
    return float(np.mean([seam_error(picture) for picture in pictures]))


def draw_samples(parameters: Parameters, shape: Shape, held: Sequence[Example], path: Path, *, rows: int = 8) -> None:
    """A sheet: each row a held-out picture, its true distance, what is said at once, and (panoramas) what is outpainted and painted."""
    from pipelines.formats import png_bytes

    lines = []
    for number, one in enumerate(held[:: max(1, len(held) // rows)][:rows]):
        tiles = [one.rgb, _grey(one.distance), _grey(said_distance(parameters, shape, one))]
        if shape.sphere:
            mask = _photograph(shape, number)
            outpainted = _painted(parameters, shape, one, number, mask)
            painted = _painted(parameters, shape, one, number, np.zeros_like(mask))
            tiles += [np.where(mask[..., None], one.rgb, 90), colour_of(outpainted), _grey(distance_of(outpainted)), colour_of(painted)]
        lines.append(np.concatenate([tile.astype(np.uint8) for tile in tiles], axis=1))
    with written_whole(path, overwrite=True) as workshop:
        (workshop / path.name).write_bytes(png_bytes(np.concatenate(lines)))


def _grey(distance: Floats) -> Pixels:
    from pipelines.flow import log_distance

    grey = (log_distance(distance) + 1) * 127.5
    return np.repeat(np.where(np.isinf(distance), 255, grey * 0.94).astype(np.uint8)[..., None], 3, axis=-1)


def card(networks: Mapping[str, Mapping[str, Any]]) -> str:
    """The model card of networks by their figures: what they are, from what they were made, and what they can do."""
    parts = [CARD_HEAD]
    for name, facts in networks.items():
        said = facts["training"]
        parts.append(f"## {name}\n\n{Path(said['shape']).name}: {_learnt(said)}.\n")
        parts.append(f"Measured on {facts['held_out']} pictures of worlds and places held out.\n")
        parts.append("| distance | AbsRel | AbsRel, one factor a picture | within 1.25 | sky told rightly |\n|---|---|---|---|---|")
        parts += [
            f"| {way} | {e['abs_rel']:.3f} | {e['scaled']:.3f} | {e['within']:.1%} | {e['sky']:.1%} |" for way, e in facts["depth"].items()
        ]
        for title in ("unlikeness", "recognised", "seam"):
            if title in facts:
                parts.append(f"\n{title}: " + "; ".join(f"{key} {value:.3f}" for key, value in facts[title].items()))
        parts.append("")
    return "\n".join(parts)


def _learnt(said: Mapping[str, Any]) -> str:
    """How a network was trained, and before that the weights that it began from."""
    words = (
        f"{said['samples']:,} samples in {said['seconds'] / 60:.0f} minutes on {said['device']} (batches of {said['batch']}, "
        f"{said['step']:,} steps), from {said['shots']:,} pictures of {said['worlds']:,} worlds"
    )
    words += "; the mean of the weights before and after" if said.get("mean") else ""
    return f"{_learnt(said['before'])}; then {words}" if said.get("before") else words


CARD_HEAD = """# worldloom-small

A flow-matching network over panoramas of colour, distance and kinds of surface, and a depth network for pinhole pictures, trained from
nothing on worlds that this program builds itself. Licence: Apache-2.0. No photograph and no other model's output was used.

Limits: it has seen built worlds only. Real photographs are foreign to it; what it paints is soft (few pixels, brought to size along edges).

How it was made, and how to make it better: docs/small-model.md.
"""
