"""The world package: a folder, or the same as a zip, with everything that a world is.

`save_package` writes it whole or not at all; `read_package` opens one and hands out its files, whose sums `verify` compares.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, OutputError
from pipelines.formats.atomic import written_whole
from pipelines.formats.exports import FORMATS, splat_format
from pipelines.formats.manifest import MOST_BYTES, FileFacts, Manifest, manifest_bytes, manifest_of, parse_manifest
from pipelines.formats.thing_ids import read_thing_ids, thing_ids_name, write_thing_ids
from pipelines.formats.zips import ZIP_FAULTS, entry
from pipelines.gaussians import Gaussians
from pipelines.stage import TellStage
from pipelines.world import World

MANIFEST = "world.json"
LEVEL_NAMES = ("splats-500k.spz", "splats-150k.spz", "splats-100k.spz")
ALWAYS = ("ply", "spz")
WORKERS = 2
COPY_BYTES = 1 << 20
TELL_EVERY_S = 0.4

Task = Callable[[Path], None]


def save_package(
    world: World,
    target: Path,
    *,
    export: Iterable[str] = (),
    overwrite: bool = False,
    timings: bool = False,
    tell: TellStage | None = None,
) -> Path:
    """Write a finished world as a package; a target that ends in .zip becomes an archive. Returns the target.

    export: further splat formats to put in (see FORMATS).  timings: with the measured seconds of every stage in world.json; without them
    the same prompt, seed and version give the same bytes.  tell: hears the share of files written, at least once a second, and may
    raise Cancelled.  Raises OutputError with the cure; nothing is left behind then.
    """
    tasks = _tasks(world, tuple(export))
    with written_whole(target, overwrite=overwrite) as workshop:
        zipped = target.suffix.lower() == ".zip"
        folder = workshop / (".unzipped" if zipped else target.name)
        folder.mkdir()
        files = _all_written(folder, tasks, tell)
        (folder / MANIFEST).write_bytes(manifest_bytes(manifest_of(world, files, timings=timings)))
        if zipped:
            _zip(folder, workshop / target.name)
            shutil.rmtree(folder)
    return target


def _tasks(world: World, export: tuple[str, ...]) -> dict[str, Task]:
    """What writes each file, the slowest first, so that two workers end together."""
    gaussians = world.gaussians
    if gaussians is None or not len(gaussians):
        raise OutputError("the world has no splats yet, so there is nothing to save: run all stages of a recipe first")
    tasks: dict[str, Task] = {}
    for name in dict.fromkeys((*export, *reversed(ALWAYS))):
        kind = splat_format(name)
        tasks[f"splats{kind.extension}"] = lambda path, write=kind.write: write(gaussians, path)  # type: ignore[misc]
    tasks |= _scene_tasks(world)
    tasks[thing_ids_name("splats.spz")] = lambda path: write_thing_ids(gaussians, path)
    names = LEVEL_NAMES[-len(world.levels) :] if world.levels else ()
    for name, level in zip(names, world.levels, strict=True):  # a small world has the small levels only
        tasks[name] = lambda path, level=level: splat_format("spz").write(level, path)  # type: ignore[misc]
        tasks[thing_ids_name(name)] = lambda path, level=level: write_thing_ids(level, path)  # type: ignore[misc]
    return tasks | _picture_tasks(world)


def _scene_tasks(world: World) -> dict[str, Task]:
    scene = world.scene
    if scene is None:
        return {}
    from pipelines.formats.scene_glb import write_collider_glb, write_scene_glb
    from pipelines.mesh import build_collider

    return {
        "scene.glb": lambda path: write_scene_glb(scene, path),
        "collider.glb": lambda path: write_collider_glb(build_collider(scene), path),
    }


def _picture_tasks(world: World) -> dict[str, Task]:
    from pipelines.exr import write_distance
    from pipelines.formats.images import png_bytes, webp_bytes

    tasks: dict[str, Task] = {}
    panorama, thumbnail = world.panorama, world.thumbnail
    if panorama is not None:
        tasks["panorama.png"] = lambda path: _store(path, png_bytes(panorama.rgb))
        tasks["panorama-distance.exr"] = lambda path: write_distance(panorama.distance, path)
    if thumbnail is not None:
        tasks["thumbnail.webp"] = lambda path: _store(path, webp_bytes(thumbnail.rgb))
    return tasks


def _store(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _all_written(folder: Path, tasks: Mapping[str, Task], tell: TellStage | None) -> dict[str, FileFacts]:
    """Write all files on a few threads (compressors let go of Python's lock) and take their sums."""

    def one(name: str) -> FileFacts:
        path = folder / name
        tasks[name](path)
        with path.open("rb") as file:
            return FileFacts(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())

    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="package")
    try:
        running = {name: pool.submit(one, name) for name in tasks}
        waiting: set[Future[FileFacts]] = set(running.values())
        while waiting:
            done, waiting = wait(waiting, timeout=TELL_EVERY_S, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()  # the first fault ends all
            if tell is not None:
                tell(1 - len(waiting) / len(running), "writing files")
        return {name: future.result() for name, future in running.items()}
    finally:
        _ended(pool)


def _ended(pool: ThreadPoolExecutor) -> None:
    """Wait until nobody writes any more, for the folder may be cleared away next; a second Ctrl-C waits with us."""
    try:
        pool.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        pool.shutdown(wait=True, cancel_futures=True)
        raise


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            _add(archive, path.name, path)


def _add(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    with archive.open(entry(name), "w", force_zip64=True) as copy:
        if isinstance(content, bytes):
            copy.write(content)
            return
        with content.open("rb") as source:
            shutil.copyfileobj(source, copy, COPY_BYTES)


@dataclass(frozen=True)
class Package:
    """An opened world package. Files of a zip are unpacked when they are first asked for, into a folder that goes with this object."""

    path: Path
    manifest: Manifest
    _unpacked: Path | None = field(default=None, repr=False, compare=False)

    def file(self, name: str) -> Path:
        """Where a file of the package lies; raises FileFormatError when it is not there or has another size than promised."""
        facts = self.manifest.files.get(name)
        if facts is None:
            raise FileFormatError(f"{self.path} has no {name}: it holds {', '.join(self.manifest.files) or 'nothing'}")
        if self._unpacked is None:
            path = self.path / name
        else:
            path = self._unpacked / name
            if not path.exists():
                self._unpack(name, path, facts.bytes)
        size = path.stat().st_size if path.is_file() and not path.is_symlink() else -1
        if size != facts.bytes:
            found = f"it has {size:,}" if size >= 0 else "it is missing"
            raise FileFormatError(f"{self.path} is damaged: {name} should have {facts.bytes:,} bytes, {found}")
        return path

    def _unpack(self, name: str, path: Path, size: int) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as source:
                if archive.getinfo(name).file_size != size:
                    raise FileFormatError(f"{self.path} is damaged: {name} has another size than world.json says")
                with path.open("wb") as copy:
                    shutil.copyfileobj(source, copy, COPY_BYTES)
        except (*ZIP_FAULTS, KeyError) as error:
            path.unlink(missing_ok=True)
            raise FileFormatError(f"{self.path} is damaged: {name} cannot be unpacked from it") from error

    def verify(self) -> None:
        """Compare every file with its sum in world.json; raises FileFormatError at the first that differs."""
        for name, facts in self.manifest.files.items():
            with self.file(name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != facts.sha256:
                    raise FileFormatError(f"{self.path} is damaged: {name} is not the file that was written, its sha256 differs")

    def gaussians(self) -> Gaussians:
        """The splats, from the most exact file that is there."""
        for name in ("ply", "glb", "spz", "sog"):
            kind = FORMATS[name]
            if f"splats{kind.extension}" in self.manifest.files:
                return kind.read(self.file(f"splats{kind.extension}"))
        raise FileFormatError(f"{self.path} holds no splats that can be read")

    def thing_ids(self, name: str = "splats.spz") -> NDArray[np.int32] | None:
        """(N,) which thing each splat of an SPZ file of the package belongs to, 0 for none; None in older packages."""
        beside = thing_ids_name(name)
        if beside not in self.manifest.files:
            return None
        return read_thing_ids(self.file(beside), len(FORMATS["spz"].read(self.file(name))))

    def write_zip(self, target: Path) -> None:
        """All files of the package as one archive, which is a package again."""
        with written_whole(target) as workshop, zipfile.ZipFile(workshop / target.name, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, MANIFEST, manifest_bytes(self.manifest))
            for name in self.manifest.files:
                _add(archive, name, self.file(name))

    def panorama(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (H, W, 3) sRGB and distance (H, W) metres from the spawn point."""
        from pipelines.exr import read_distance
        from pipelines.formats.images import read_rgb

        return read_rgb(self.file("panorama.png")), read_distance(self.file("panorama-distance.exr"))


def read_package(path: Path, *, verify: bool = False) -> Package:
    """Open a package, folder or zip; raises FileFormatError when it is none. verify: compare all sums at once."""
    if path.is_dir():
        try:
            data = (path / MANIFEST).read_bytes() if (path / MANIFEST).stat().st_size <= MOST_BYTES else bytes(MOST_BYTES + 1)
        except OSError as error:
            raise FileFormatError(f"{path} is no world package: it has no {MANIFEST} that can be read") from error
        package = Package(path, parse_manifest(data, path))
    else:
        manifest = parse_manifest(_manifest_in_zip(path), path)
        unpacked = Path(tempfile.mkdtemp(prefix="worldloom-"))
        package = Package(path, manifest, unpacked)
        weakref.finalize(package, shutil.rmtree, unpacked, ignore_errors=True)
    if verify:
        package.verify()
    return package


def _manifest_in_zip(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST) as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise FileFormatError(f"{path} does not exist: name a world package, a folder or a zip") from error
    except KeyError as error:
        raise FileFormatError(f"{path} is no world package: it has no {MANIFEST}") from error
    except ZIP_FAULTS as error:
        raise FileFormatError(f"{path} is no world package: it is neither a folder nor a sound zip") from error
