"""Films: a video's container is read from the file alone, its packets are timed, its key frames decoded; it is kept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assets.signatures import Rejected

if TYPE_CHECKING:
    import av
    from av.video.stream import VideoStream

LONGEST_S = 60.0
MOST_FRAMES_PER_S = 240
MOST_FRAMES = int(LONGEST_S * MOST_FRAMES_PER_S)
MOST_PIXELS = 4_096 * 2_304
SHORTEST_SIDE_PX = 8
MOST_STREAMS = 16  # phones add sound, and several tracks of what their sensors felt
LOOK_EVERY_S = 0.5

CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores")
DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska"}
CONTAINER_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm",  # a playlist or a list of files would lead elsewhere
    "protocol_whitelist": "file",
    "max_streams": str(4 * MOST_STREAMS),
    "probesize": str(4 << 20),
}
DECODER_OPTIONS = {"max_pixels": str(MOST_PIXELS), "threads": "1"}


@dataclass
class _Timing:
    """What the packets say. first, last: in units of the stream's time base; last is the end of the last picture."""

    frames: int = 0
    first: int | None = None
    last: int = 0

    def add(self, packet: av.Packet) -> None:
        self.frames += 1
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = max(self.last, moment + (packet.duration or 0))

    def seconds(self, time_base: Fraction | None) -> float:
        return float((self.last - (self.first or 0)) * (time_base or Fraction(0)))


def measure(source: Path, format: str) -> dict[str, Any]:
    """The facts of a video: every packet is counted, and a key frame every half second is decoded.

    width_px, height_px: as stored, to be turned by rotation_deg. Raises Rejected, or whatever PyAV raises on damaged files.
    """
    import av

    try:
        container = av.open(f"file:{source}", format=DEMUXERS[format], options=CONTAINER_OPTIONS | DECODER_OPTIONS)
    except MemoryError:
        raise Rejected(
            f"the video has a table of contents that is too large, or more than {4 * MOST_STREAMS} tracks: export it anew"
        ) from None
    with container:
        stream = _picture_track(container)
        claimed_s = (container.duration or 0) / av.time_base
        _require_length(claimed_s)
        timing, rotation_deg = _watched(container, stream)
        if timing.frames == 0:
            raise Rejected("the video holds no pictures: export it anew")
        rate = float(stream.average_rate or 0)
        seconds = timing.seconds(stream.time_base) or (timing.frames / rate if rate else claimed_s)
        _require_length(seconds)
        frames_per_s = timing.frames / seconds if seconds else rate
        if not 0 < frames_per_s <= MOST_FRAMES_PER_S:
            raise Rejected(f"the video has {frames_per_s:,.0f} pictures a second: export it with at most {MOST_FRAMES_PER_S}")
        return {
            "format": format,
            "kept_as": format,
            "codec": stream.codec_context.codec.canonical_name,
            "width_px": stream.codec_context.width,
            "height_px": stream.codec_context.height,
            "rotation_deg": rotation_deg,
            "seconds": round(seconds, 3),
            "frames": timing.frames,
            "frames_per_s": round(frames_per_s, 3),
        }


def _require_length(seconds: float) -> None:
    if seconds > LONGEST_S:
        raise Rejected(f"the video lasts {seconds:,.0f} s: cut it to at most {LONGEST_S:g} s")


def _picture_track(container: av.container.InputContainer) -> VideoStream:
    """The track with the pictures; raises Rejected where there is none, or it is out of bounds."""
    if len(container.streams) > MOST_STREAMS:
        raise Rejected(f"the video has {len(container.streams):,} tracks: export it with at most {MOST_STREAMS}")
    stream = container.streams.best("video")
    if stream is None:
        raise Rejected("the file has sound, or nothing at all, but no pictures: export the video anew")
    decoder = stream.codec_context
    if decoder is None or decoder.codec.canonical_name not in CODECS:
        raise Rejected("the pictures are packed in a way that is not known here: export the video as H.264, HEVC, VP9 or AV1")
    _require_size(decoder.width, decoder.height)
    decoder.options = DECODER_OPTIONS
    decoder.thread_count = 1
    decoder.skip_frame = "NONKEY"
    return stream


def _require_size(width_px: int, height_px: int) -> None:
    size = f"the video has {width_px:,} × {height_px:,} pixels"
    if width_px * height_px > MOST_PIXELS:
        raise Rejected(f"{size}: export it with at most 4,096 × 2,304")
    if min(width_px, height_px) < SHORTEST_SIDE_PX:
        raise Rejected(f"{size}: export it with at least {SHORTEST_SIDE_PX} on each side")


def _watched(container: av.container.InputContainer, stream: VideoStream) -> tuple[_Timing, int]:
    """(the timing of all packets, how far the pictures are to be turned); decodes key frames, which must all be alike."""
    timing, looked_s, rotation_deg, seen = _Timing(), -LOOK_EVERY_S, 0, 0
    size = (stream.codec_context.width, stream.codec_context.height)
    for packet in container.demux(stream):
        is_end = packet.size == 0
        if not is_end:
            timing.add(packet)
            if timing.frames > MOST_FRAMES:
                raise Rejected(f"the video has more than {MOST_FRAMES:,} pictures: cut it, or export it with fewer a second")
        moment_s = float((packet.pts or 0) * (stream.time_base or 0))
        if not is_end and not (packet.is_keyframe and moment_s - looked_s >= LOOK_EVERY_S):
            continue
        looked_s = moment_s
        for frame in stream.codec_context.decode(None if is_end else packet):
            seen += 1
            if (frame.width, frame.height) != size:
                raise Rejected(
                    f"the pictures change their size from {size[0]} × {size[1]} to {frame.width} × {frame.height}: export the video anew"
                )
            if frame.is_corrupt:
                raise Rejected("a picture of the video is damaged: export it anew")
            rotation_deg = round(frame.rotation)
    if timing.frames and not seen:
        raise Rejected("no picture of the video can be decoded: export it anew")
    return timing, rotation_deg
