"""Mapping: the child that finds out with COLMAP where pictures were taken: features, matches, cameras and points.

`python -m pipelines.vision.mapping FOLDER`: FOLDER/pictures/*.png → FOLDER/mapped.npz; see `pipelines.vision.child` for the manners.
COLMAP's frame: camera x right, y down, z forward; pixel centres at +0.5, as ours. Schönberger and Frahm, Structure-from-Motion
Revisited, 2016; features: Lowe, 2004.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.stage import TellStage
from pipelines.vision.child import Refused, serve

MOST_FEATURES = 2_048
FEWEST_FEATURES = 60
PICTURES_A_STEP = 4
PAIRS_A_STEP = 48
NEIGHBOURS = 6  # of a film's picture: each is matched with so many before it …
FAR_NEIGHBOURS = (9, 14, 21, 32)  # … with some farther ones …
LOOP_EVERY = 4  # … and every fourth picture with all other fourth ones, so that a way that comes back is closed
ALL_PAIRS_UP_TO = 60  # pictures without an order are all matched with each other
ALIKE = 16  # beyond that, each with those that look most like it
FEWEST_PLACED = 3
ENOUGH_PLACED = 0.7  # of the pictures; with fewer another way is tried
SHORTEST_FOCAL, LONGEST_FOCAL = 0.4, 3.0  # of the longer side
FARTHEST_PX = 1.5  # from where a camera sees a detail to where its point falls
MOST_CHANGE = 1.2  # of a focal length, by the last adjustment
MOST_BEND = 0.3  # share of its distance from the middle by which a corner may be moved
SEED = 1


def work(job: Mapping[str, Any], folder: Path, tell: TellStage) -> dict[str, Any]:
    """The child's work. job: cameras [[width, height, focal, whether measured]], camera_of (one number a picture), is_film."""
    import pycolmap

    pycolmap.logging.minloglevel = 3
    pycolmap.set_random_seed(SEED)
    names = [f"{k:04d}.png" for k in range(len(job["camera_of"]))]
    database = folder / "colmap.db"
    _register(database, names, job["cameras"], job["camera_of"])
    _extract(database, folder / "pictures", names, tell)
    pairs = film_pairs(len(names)) if job["is_film"] else _picture_pairs(database, len(names))
    _match(database, folder, [(names[a], names[b]) for a, b in pairs], tell)
    _calibrate(database, job["cameras"])
    model = _map(database, folder, len(names), tell)
    _save(model, folder / "mapped.npz")
    return {"placed": model.num_reg_images()}


def threads() -> int:
    """All processors, but not so many that the memory of a large machine's threads counts."""
    return min(16, os.cpu_count() or 1)


def _register(database: Path, names: Sequence[str], cameras: Sequence[Sequence[float]], camera_of: Sequence[int]) -> None:
    """Write cameras and pictures into a new database, so that it is known which pictures share a lens."""
    import pycolmap

    with pycolmap.Database.open(database) as opened:
        for number, (width, height, focal, measured) in enumerate(cameras, start=1):
            camera = pycolmap.Camera.create_from_model_name(number, "SIMPLE_RADIAL", focal, int(width), int(height))
            camera.has_prior_focal_length = bool(measured)
            opened.write_camera(camera, use_camera_id=True)
            rig = pycolmap.Rig(rig_id=number)
            rig.add_ref_sensor(camera.sensor_id)
            opened.write_rig(rig, use_rig_id=True)
        for number, (name, which) in enumerate(zip(names, camera_of, strict=True), start=1):
            image = pycolmap.Image(name=name, camera_id=which + 1, image_id=number)
            frame = pycolmap.Frame(frame_id=number, rig_id=which + 1)
            frame.add_data_id(image.data_id)
            opened.write_image(image, use_image_id=True)
            opened.write_frame(frame, use_frame_id=True)


def _extract(database: Path, pictures: Path, names: Sequence[str], tell: TellStage) -> None:
    """Features of all pictures, in steps for the sake of progress; raises Refused where most show too little."""
    import pycolmap

    options = pycolmap.FeatureExtractionOptions()
    options.sift.max_num_features = MOST_FEATURES
    options.num_threads = threads()
    step = PICTURES_A_STEP * threads()
    for begin in range(0, len(names), step):
        tell(0.25 * begin / len(names), f"looking for details in picture {begin + 1} of {len(names)}")
        some = list(names[begin : begin + step])
        pycolmap.extract_features(database, pictures, image_names=some, extraction_options=options, device=pycolmap.Device.cpu)
    with pycolmap.Database.open(database) as opened:
        counts = [opened.num_keypoints_for_image(number) for number in range(1, len(names) + 1)]
    if sum(count >= FEWEST_FEATURES for count in counts) < FEWEST_PLACED:
        raise Refused(
            "the pictures show too little detail to find out where they were taken: take them of a place with things in it, in good light"
        )


def film_pairs(count: int) -> list[tuple[int, int]]:
    """Which pictures of a film are matched: (earlier, later) numbers, sorted."""
    near = {(a, a + step) for step in (*range(1, NEIGHBOURS + 1), *FAR_NEIGHBOURS) for a in range(count - step)}
    loops = {(a, b) for a in range(0, count, LOOP_EVERY) for b in range(a + LOOP_EVERY, count, LOOP_EVERY)}
    return sorted(near | loops)


def _picture_pairs(database: Path, count: int) -> list[tuple[int, int]]:
    """Which of several pictures without an order are matched: all, or the most alike ones of many."""
    import pycolmap

    if count <= ALL_PAIRS_UP_TO:
        return [(a, b) for a in range(count) for b in range(a + 1, count)]
    with pycolmap.Database.open(database) as opened:
        return alike_pairs([opened.read_descriptors(number).data for number in range(1, count + 1)])


def alike_pairs(descriptors: Sequence[NDArray[np.uint8]], *, words: int = 256) -> list[tuple[int, int]]:
    """Pairs of pictures with similar shares of visual words (Sivic and Zisserman, 2003). descriptors: (n, 128) of each picture."""
    from scipy.cluster.vq import kmeans, vq

    rng = np.random.default_rng(SEED)
    rich = [each.reshape(-1, 128).astype(np.float64) for each in descriptors]  # one of nothing may have another shape
    some = np.concatenate([each[rng.permutation(len(each))[:100]] for each in rich])
    guess = some[rng.permutation(len(some))[:words]]
    vocabulary, _ = kmeans(some, guess, thresh=0.5)  # words that nothing is near to are dropped
    which = [vq(each, vocabulary)[0] if len(each) else np.zeros(0, np.int64) for each in rich]
    counts = np.stack([np.bincount(words_of, minlength=len(vocabulary)) for words_of in which])
    rarity = np.log(len(counts) / np.maximum(1, (counts > 0).sum(axis=0)))
    weights = counts / np.maximum(1, counts.sum(axis=1, keepdims=True)) * rarity
    weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-12)
    likeness = weights @ weights.T
    np.fill_diagonal(likeness, -1)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :ALIKE]
    return sorted({(min(a, int(b)), max(a, int(b))) for a in range(len(counts)) for b in nearest[a]})


def _match(database: Path, folder: Path, pairs: Sequence[tuple[str, str]], tell: TellStage) -> None:
    """Match and verify pairs of pictures, in steps for the sake of progress."""
    import pycolmap

    matching, verification = pycolmap.FeatureMatchingOptions(), pycolmap.TwoViewGeometryOptions()
    matching.num_threads = threads()
    verification.ransac.random_seed = SEED
    pairing = pycolmap.ImportedPairingOptions()
    pairing.match_list_path = folder / "pairs.txt"
    for begin in range(0, len(pairs), PAIRS_A_STEP):
        tell(0.25 + 0.4 * begin / len(pairs), f"comparing pictures, {begin} of {len(pairs)} pairs done")
        lines = [f"{a} {b}" for a, b in pairs[begin : begin + PAIRS_A_STEP]]
        (folder / "pairs.txt").write_text("\n".join(lines), encoding="ascii")
        pycolmap.match_image_pairs(database, matching, pairing, verification, device=pycolmap.Device.cpu)


def _calibrate(database: Path, cameras: Sequence[Sequence[float]]) -> None:
    """Find the focal lengths that nobody measured from how pairs of pictures fit together (Sweeney and others, 2015)."""
    import pycolmap

    if all(measured for *_, measured in cameras):
        return
    options = pycolmap.ViewGraphCalibrationOptions()
    options.random_seed = SEED
    pycolmap.calibrate_view_graph(database, options)
    with pycolmap.Database.open(database) as opened:
        for number, (width, height, focal, _) in enumerate(cameras, start=1):
            camera = opened.read_camera(number)
            if not SHORTEST_FOCAL < camera.focal_length / max(width, height) < LONGEST_FOCAL:
                camera.focal_length = focal
                opened.update_camera(camera)


def _map(database: Path, folder: Path, count: int, tell: TellStage) -> Any:
    """The largest model that the pictures allow; raises Refused where fewer than three of them belong together.

    Lenses are held while pictures are added, because a walk straight ahead tells little of them, and then adjusted with all the rest.
    Where this places too few, they are left free.
    """
    model = _attempt(database, folder / "held", count, tell, free=False)
    if model is None or model.num_reg_images() < ENOUGH_PLACED * count:
        other = _attempt(database, folder / "free", count, tell, free=True)
        if other is not None and (model is None or other.num_reg_images() > model.num_reg_images()):
            return other
    if model is None:
        raise Refused(
            f"it cannot be found out where the {count} pictures were taken, because they have too little in common or were all taken from "
            "one point: take more of them, each step to the side, so that neighbours share at least half of what they show"
        )
    return _adjusted(model)


def _attempt(database: Path, folder: Path, count: int, tell: TellStage, *, free: bool) -> Any:
    """The largest model of at least three pictures, or None. free: lenses are found out while pictures are added."""
    import pycolmap

    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = SEED
    options.num_threads = 1  # several add points in whatever order they come to
    options.ba_min_num_residuals_for_cpu_multi_threading = 1 << 30  # sums by several threads come out different every time
    options.image_path = folder.parent / "pictures"
    options.min_model_size = FEWEST_PLACED
    options.max_num_models = 3
    options.min_focal_length_ratio, options.max_focal_length_ratio = SHORTEST_FOCAL, LONGEST_FOCAL
    options.ba_global_frames_ratio = options.ba_global_points_ratio = 1.25
    options.ba_global_max_refinements = 2
    options.mapper.ba_local_num_images = 5
    options.ba_refine_focal_length = options.ba_refine_extra_params = free
    options.mapper.abs_pose_refine_focal_length = options.mapper.abs_pose_refine_extra_params = free
    # grass and leaves match almost, and by the thousand: COLMAP's own 4 and 12 pixels let a walk straight ahead bend by a third of a metre
    options.mapper.filter_max_reproj_error = FARTHEST_PX * (2 if free else 1)
    options.mapper.init_max_error, options.mapper.abs_pose_max_error = 2.0, 4.0
    if not free:
        options.mapper.init_min_tri_angle = 8.0
    placed = 2

    def another() -> None:
        nonlocal placed
        placed += 1
        tell(0.65 + 0.33 * min(1.0, placed / count), f"finding out where pictures were taken, {min(placed, count)} of {count}")

    folder.mkdir()
    tell(0.65, "finding out where pictures were taken")
    models = pycolmap.incremental_mapping(database, folder.parent / "pictures", folder, options, next_image_callback=another)
    model = max(models.values(), key=lambda each: (each.num_reg_images(), each.num_points3D()), default=None)
    return model if model is not None and model.num_reg_images() >= FEWEST_PLACED else None


def _adjusted(model: Any) -> Any:
    """Lenses, cameras and points adjusted together; as it was, where a lens then comes out as none that exists."""
    import pycolmap

    adjusted = pycolmap.Reconstruction(model)
    options = pycolmap.BundleAdjustmentOptions()
    options.ceres.solver_options.num_threads = 1
    pycolmap.bundle_adjustment(adjusted, options)
    for number, camera in adjusted.cameras.items():
        change = camera.params[0] / model.cameras[number].params[0]
        corner = (camera.width**2 + camera.height**2) / (2 * camera.params[0]) ** 2
        if not 1 / MOST_CHANGE < change < MOST_CHANGE or abs(camera.params[3]) * corner > MOST_BEND:
            return model
    return adjusted


def _save(model: Any, target: Path) -> None:
    """Everything as plain arrays, pictures and points in order of their numbers."""
    images = sorted((model.image(number) for number in model.reg_image_ids()), key=lambda image: image.image_id)
    numbers = sorted(model.point3D_ids())
    row_of = {number: row for row, number in enumerate(numbers)}
    poses = [image.cam_from_world().matrix() for image in images]
    seen = [
        (row, row_of[point.point3D_id], *point.xy) for row, image in enumerate(images) for point in image.points2D if point.has_point3D()
    ]
    np.savez(
        target,
        picture=np.array([image.image_id - 1 for image in images]),
        camera_from_model=np.array(poses),
        lens=np.array([(image.camera.params[0], image.camera.params[3]) for image in images]),
        points=np.array([model.point3D(number).xyz for number in numbers]).reshape(-1, 3),
        colours=np.array([model.point3D(number).color for number in numbers], np.uint8).reshape(-1, 3),
        seen=np.array(seen, np.float64).reshape(-1, 4),
    )


if __name__ == "__main__":
    serve(work)
