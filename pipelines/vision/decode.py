"""Decode: the child that opens a video: measures it, watches it for motion, and writes its key frames as PNG files.

`python -m pipelines.vision.decode FOLDER`: see `pipelines.vision.child` for the manners, `pipelines.vision.frames` for the parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.stage import TellStage
from pipelines.vision.child import Refused, serve
from pipelines.vision.motion import Travel, choose, sharpness

if TYPE_CHECKING:
    import av
    from av.video.stream import VideoStream

LONGEST_S = 600.0
MOST_FRAMES_PER_S = 240
MOST_FRAMES = int(LONGEST_S) * MOST_FRAMES_PER_S
FEWEST_FRAMES = 8
MOST_CANDIDATES = 600
MOST_PIXELS = 4_096 * 2_304
SHORTEST_SIDE_PX = 64
MOST_STREAMS = 16  # phones add sound, and several tracks of what their sensors felt
KEY_FRAMES_EVERY_S = 1.5  # a long film with key frames this close is watched by its key frames alone
LONG_S = 60.0
WHOLE = 0.9  # of what the header promises must be there
SMALL_PX = 192
LEAST_TRAVEL = 0.05  # of the width
BLACK = 24.0  # of 255: a film without a picture this bright shows nothing
LEAST_TEXTURE = 0.12  # of the patches

CONTAINER_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi",  # a playlist or a list of files would lead elsewhere
    "protocol_whitelist": "file",
    "max_streams": str(4 * MOST_STREAMS),
    "probesize": str(4 << 20),
}
DECODER_OPTIONS = {"max_pixels": str(MOST_PIXELS), "threads": "2"}


@dataclass(frozen=True)
class _Plan:
    """How a film is gone through. every: of the pictures that are decoded, each which-th is looked at."""

    frames: int
    seconds: float
    only_keys: bool
    every: int


def work(job: Mapping[str, Any], folder: Path, tell: TellStage) -> dict[str, Any]:
    """The child's work: FOLDER/0000.png … of the key frames; the report says at which second each was filmed."""
    import av

    source, name = str(job["source"]), str(job["name"])
    try:
        tell(0.0, "opening the video")
        plan = _planned(source, name)
        total, sharp = _watch(source, name, plan, tell)
        kept = choose(total, sharp, most=int(job["most"]))
        moments = _write(source, plan, set(kept.tolist()), folder, int(job["longest_px"]), tell)
    except (av.FFmpegError, EOFError, ValueError) as error:
        raise Refused(f"{name} is damaged, or no video that can be read here: export it anew as MP4 with H.264") from error
    share = float(total[kept[-1]] / total[-1])
    return {"moments_s": moments, "seconds": plan.seconds, "frames": plan.frames, "used": share}


def _opened(source: str) -> av.container.InputContainer:
    import av

    return av.open(f"file:{source}", options=CONTAINER_OPTIONS | DECODER_OPTIONS)


def _track(container: av.container.InputContainer, name: str) -> VideoStream:
    """The track with the pictures; raises Refused where there is none, or it is out of bounds."""
    if len(container.streams) > MOST_STREAMS:
        raise Refused(f"{name} has {len(container.streams):,} tracks: export it with at most {MOST_STREAMS}")
    stream = container.streams.best("video")
    if stream is None:
        raise Refused(f"{name} holds no pictures, only sound or nothing at all: give a video that was filmed with a camera")
    decoder = stream.codec_context
    if decoder is None:
        raise Refused(f"the pictures of {name} are packed in a way that is not known here: export it as H.264, HEVC, VP9 or AV1")
    size = f"{name} has {decoder.width:,} × {decoder.height:,} pixels"
    if decoder.width * decoder.height > MOST_PIXELS:
        raise Refused(f"{size}: export it with at most 4,096 × 2,304")
    if min(decoder.width, decoder.height) < SHORTEST_SIDE_PX:
        raise Refused(f"{size}: export it with at least {SHORTEST_SIDE_PX} on each side")
    decoder.options = DECODER_OPTIONS
    return stream


def _planned(source: str, name: str) -> _Plan:
    """Read all packets without decoding one: what the film's own times say, whatever its header claims."""
    with _opened(source) as container:
        stream = _track(container, name)
        claimed, claimed_s = stream.frames, (container.duration or 0) / 1_000_000
        _require_length(name, claimed_s)
        if stream.duration and stream.time_base is not None:  # sound may go on for longer
            claimed_s = float(stream.duration * stream.time_base)
        frames = keys = 0
        first_s, last_s = float("inf"), 0.0
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            frames += 1
            keys += packet.is_keyframe
            if frames > MOST_FRAMES:
                raise Refused(f"{name} has more than {MOST_FRAMES:,} pictures: cut it, or export it with fewer a second")
            if packet.pts is not None and stream.time_base is not None:
                moment_s = float(packet.pts * stream.time_base)
                first_s, last_s = min(first_s, moment_s), max(last_s, moment_s + float((packet.duration or 0) * stream.time_base))
                _require_length(name, last_s - first_s)
    seconds = max(last_s - first_s, 0.0)
    if frames < WHOLE * claimed or seconds < WHOLE * claimed_s:
        raise Refused(f"{name} breaks off after {seconds:.1f} seconds: it is cut short or damaged, export it anew")
    if frames < FEWEST_FRAMES:
        raise Refused(
            f"{name} has only {frames} picture{'s' if frames > 1 else ''}: film for at least some seconds while you walk around the place"
        )
    only_keys = seconds > LONG_S and keys * KEY_FRAMES_EVERY_S >= seconds
    return _Plan(frames, seconds, only_keys, max(1, -(-(keys if only_keys else frames) // MOST_CANDIDATES)))


def _require_length(name: str, seconds: float) -> None:
    if seconds > LONGEST_S:
        lasts = f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.1f} minutes"
        raise Refused(f"{name} lasts {lasts}: cut it to at most {LONGEST_S / 60:g} minutes; one or two are enough")


def _candidates(source: str, plan: _Plan) -> Iterator[av.VideoFrame]:
    """The pictures that are looked at; the same in every pass. Raises Refused when they change their size."""
    with _opened(source) as container:
        stream = _track(container, Path(source).name)
        if plan.only_keys:
            stream.codec_context.skip_frame = "NONKEY"
        size = None
        for count, frame in enumerate(container.decode(stream)):
            size = size or (frame.width, frame.height)
            if (frame.width, frame.height) != size:
                raise Refused(
                    f"the pictures of {Path(source).name} change from {size[0]} × {size[1]} to {frame.width} × {frame.height} pixels: "
                    "export it anew"
                )
            if count % plan.every == 0:
                yield frame


def _watch(source: str, name: str, plan: _Plan, tell: TellStage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(way travelled, sharpness) at every candidate; raises Refused for a film that no place can be made from."""
    travel, sharp, brightest = Travel(), [], 0.0
    expected = max(1, plan.frames // plan.every)
    for frame in _candidates(source, plan):
        scale = 2 * SMALL_PX / max(frame.width, frame.height)
        width, height = (max(2, 2 * round(side * scale / 2)) for side in (frame.width, frame.height))
        grey = frame.reformat(width, height, "gray", interpolation="AREA").to_ndarray().astype(np.float32)
        sharp.append(sharpness(grey))
        brightest = max(brightest, float(np.percentile(grey, 95)))
        travel.add(grey.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))
        tell(0.6 * min(1.0, len(sharp) / expected), f"watching the video, picture {len(sharp)}")
    if len(sharp) < min(FEWEST_FRAMES, expected):
        raise Refused(f"{name} breaks off after {len(sharp)} of {plan.frames} pictures: it is cut short or damaged, export it anew")
    if brightest < BLACK:
        raise Refused(f"{name} is all black: film again with more light")
    if np.median(travel.textured) < LEAST_TEXTURE:
        raise Refused(f"{name} shows a surface without details, such as a plain wall: film a place with things in it, in good light")
    if travel.total[-1] < LEAST_TRAVEL:
        raise Refused(f"nothing moves in {name}: walk while you film, so that the place is seen from different points")
    return np.maximum.accumulate(travel.total), np.array(sharp)


def _write(source: str, plan: _Plan, kept: set[int], folder: Path, longest_px: int, tell: TellStage) -> list[float]:
    from PIL import Image

    moments: list[float] = []
    for index, frame in enumerate(_candidates(source, plan)):
        if index in kept:
            scale = min(1.0, longest_px / max(frame.width, frame.height))
            width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
            rgb = frame.reformat(width, height, "rgb24", interpolation="AREA" if scale < 1 else "BICUBIC").to_ndarray()
            upright = np.rot90(rgb, round(frame.rotation / 90))
            Image.fromarray(np.ascontiguousarray(upright)).save(folder / f"{len(moments):04d}.png", compress_level=1)
            moments.append(float(frame.time or 0.0))
        tell(0.6 + 0.4 * len(moments) / len(kept), f"keeping picture {len(moments)} of {len(kept)}")
        if len(moments) == len(kept):
            break
    return moments


if __name__ == "__main__":
    serve(work)
