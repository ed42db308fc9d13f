"""`worldloom render` and `worldloom video`: pictures and films of a world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.terminal import bytes_in_words, plain, say

World = Annotated[Path, typer.Argument(help="A world package (folder or .zip), or a .ply, .spz or .sog file.", show_default=False)]
Size = Annotated[str, typer.Option(help="Width × height in pixels.")]
FieldOfView = Annotated[float, typer.Option(help="Horizontal field of view, degrees.")]


def render(
    world: World,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture to write: .png, .webp or .jpg.", show_default=False)],
    camera: Annotated[
        str, typer.Option(help="spawn, left, right, back, ahead, side, above, panorama, or x,y,z,yaw,pitch in metres and degrees.")
    ] = "spawn",
    layer: Annotated[str, typer.Option(help="What to show: colour, distance, normal, alpha or heat (what it costs).")] = "colour",
    size: Size = "1280x720",
    fov: FieldOfView = 75.0,
) -> None:
    """Render one picture of a world."""
    from app.commands.destination import require_new_file
    from app.viewpoint import LAYERS, camera_for, frame_of, picture_of
    from pipelines.errors import InputError

    if layer not in LAYERS:
        raise InputError(f"there is no layer {layer!r}: choose one of {', '.join(LAYERS)}")
    frame = frame_of(size, fov)
    require_new_file(output, (".png", ".webp", ".jpg"))

    from app.commands.pictures import write_picture
    from app.opening import open_world

    opened = open_world(world)
    eye = camera_for(camera, opened.spawn, frame)
    write_picture(picture_of(opened.gaussians, eye, layer), output)
    say(f"{plain(output)}  [dim]{eye.width_px} × {eye.height_px}, {bytes_in_words(output.stat().st_size)}[/]")


def video(
    world: World,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The film to write: .mp4.", show_default=False)],
    path: Annotated[str, typer.Option(help="orbit, walk, or a JSON file with keyframes of your own.")] = "orbit",
    seconds: Annotated[float | None, typer.Option(help="How long to orbit (12) or to walk (10).", show_default=False)] = None,
    fps: Annotated[int, typer.Option(help="Pictures a second.")] = 30,
    size: Size = "1280x720",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no closing line.")] = False,
) -> None:
    """Film a world along a path."""
    from app.commands.destination import require_new_file
    from app.commands.progress import ProgressLine
    from app.viewpoint import frame_of
    from pipelines.errors import InputError
    from pipelines.splat import orbit_path, read_path, walk_path, write_video

    frame = frame_of(size, 75)
    require_new_file(output, (".mp4",))
    makers = {"orbit": orbit_path, "walk": walk_path}
    keyframes = None if path in makers else read_path(Path(path))
    if keyframes is not None and seconds is not None:
        raise InputError("a film along keyframes of your own takes as long as they say: leave out --seconds, or change their times")

    from app.opening import open_world

    with ProgressLine(quiet=quiet) as line:
        line.show("video", 0.0, "opening the world")
        opened = open_world(world)
        length = {} if seconds is None else {"seconds": seconds}
        way = keyframes or makers[path](opened.gaussians, opened.spawn, **length)
        output.absolute().parent.mkdir(parents=True, exist_ok=True)
        tell = line.part("video", 0.0, 1.0)
        write_video(opened.gaussians, way, output, size_px=(frame.width_px, frame.height_px), frames_per_s=fps, tell=tell)
    if not quiet:
        say(f"{plain(output)}  [dim]{way.seconds:g} s, {bytes_in_words(output.stat().st_size)}[/]")
