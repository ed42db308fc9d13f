"""Files as clients may send them: sound ones written by hand where that is possible, and everything that is not what it seems."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PNG = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
Pixels = NDArray[Any]


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(rows: Pixels, colour: int, *, depth: int = 8, before: Iterable[bytes] = ()) -> bytes:
    """(H, W[, C]) numbers as a PNG without any library. before: chunks before the pixels."""
    height, width = rows.shape[:2]
    data = rows.astype(">u2" if depth == 16 else np.uint8).tobytes()
    stride = len(data) // height
    lines = b"".join(b"\0" + data[at : at + stride] for at in range(0, len(data), stride))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG + head + b"".join(before) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def black_png(width: int, height: int) -> bytes:
    """A sound PNG of one bit a pixel, however large: its zeros take nearly nothing."""
    squeeze = zlib.compressobj(1)
    line, parts = bytes(1 + (width + 7) // 8), []
    for at in range(0, height, 1_000):
        parts.append(squeeze.compress(line * min(1_000, height - at)))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, GREY, 0, 0, 0))
    return PNG + head + chunk(b"IDAT", b"".join(parts) + squeeze.flush()) + chunk(b"IEND", b"")


def scene(width: int = 48, height: int = 32, channels: int = 3) -> Pixels:
    """Smooth colours, another one in each corner: (H, W, C) uint8."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 255 // (width + height - 2), 255 - x * 200 // (width - 1)]
    return np.stack(planes[:channels], axis=-1).astype(np.uint8)


def saved(pixels: Pixels, format: str, *, mode: str | None = None, **options: Any) -> bytes:
    """A picture written by Pillow."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if mode is not None:
        image = image.convert(mode)
    target = io.BytesIO()
    image.save(target, format=format, **options)
    return target.getvalue()


def animated(format: str, *, frames: int, size: int = 8) -> bytes:
    """A picture that moves."""
    from PIL import Image

    pictures = [Image.fromarray(np.full((size, size, 3), k * 37 % 256, np.uint8)) for k in range(frames)]
    target = io.BytesIO()
    pictures[0].save(target, format=format, save_all=True, append_images=pictures[1:], duration=20)
    return target.getvalue()


def swapped_profile() -> bytes:
    """sRGB with red and blue exchanged: pure red in this profile is pure blue."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    for at in range(132, 132 + 12 * count, 12):
        name = bytes(profile[at : at + 4])
        if name in (b"rXYZ", b"bXYZ"):
            profile[at : at + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")).replace(b"sRGB", b"swap")


def with_exif(jpeg: bytes, *, orientation: int, artist: str) -> bytes:
    """A JPEG with a direction and a name in its EXIF data, written by hand."""
    name = artist.encode() + b"\0"
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(">HHII", 0x013B, 2, len(name), 8 + 2 + 24 + 4)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + entries + struct.pack(">I", 0) + name
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + jpeg[2:]


def exr(folder: Path, channels: dict[str, Pixels] | list[dict[str, Pixels]]) -> bytes:
    """An EXR by OpenEXR; a list makes several parts."""
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    path = folder / "made.exr"
    if isinstance(channels, list):
        parts = [OpenEXR.Part({**header, "name": f"part {number}"}, one) for number, one in enumerate(channels)]
        with OpenEXR.File(parts) as file:
            file.write(str(path))
    else:
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))
    return path.read_bytes()


def panorama_m(width: int = 64) -> Pixels:
    """Distances of a room, with sky above: (W/2, W) float32 metres."""
    y, x = np.mgrid[0 : width // 2, 0:width]
    distance_m = (1.5 + x / width + y / 7).astype(np.float32)
    distance_m[:4] = np.inf
    return distance_m


def video(
    folder: Path,
    *,
    format: str = "mp4",
    codec: str = "libx264",
    frames: int = 12,
    rate: int | Fraction = 24,
    size: tuple[int, int] = (64, 48),
    sound: bool = False,
    options: dict[str, str] | None = None,
) -> bytes:
    """A film by PyAV, of rising grey."""
    import av

    path = folder / f"made.{format}"
    with av.open(str(path), "w", format=format) as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        speaker = container.add_stream("aac", rate=44_100) if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 40 + number * 5 % 200, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
            if speaker is not None:
                tone = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), format="fltp", layout="mono")
                tone.sample_rate, tone.pts = 44_100, number * 1_024
                container.mux(speaker.encode(tone))
        container.mux(stream.encode(None))
        if speaker is not None:
            container.mux(speaker.encode(None))
    # SVT-AV1 makes whoever encodes as root a real-time thread, and all its children with it: they would starve everybody else.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path.read_bytes()


def sound_alone(folder: Path) -> bytes:
    """An MP4 without pictures."""
    import av

    path = folder / "sound.mp4"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100)
        for number in range(8):
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), format="fltp", layout="mono")
            tone.sample_rate, tone.pts = 44_100, number * 1_024
            container.mux(stream.encode(tone))
        container.mux(stream.encode(None))
    return path.read_bytes()


def changing_size(folder: Path) -> bytes:
    """A WebM whose second half has larger pictures than the first."""
    import av

    path = folder / "changing.webm"
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=2)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuv420p"
        larger = av.CodecContext.create("libvpx", "w")
        larger.width, larger.height, larger.pix_fmt, larger.time_base = 128, 96, "yuv420p", Fraction(1, 2)
        for encoder, size, start in ((stream.codec_context, (64, 48), 0), (larger, (128, 96), 3)):
            packets = []
            for number in range(3):
                frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), format="rgb24")
                frame.pts, frame.time_base = start + number, Fraction(1, 2)
                packets += encoder.encode(frame)
            packets += encoder.encode(None)
            for packet in packets:
                packet.stream = stream
                container.mux(packet)
    return path.read_bytes()


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterable[tuple[bytes, int, int]]:
    """(name, begin, end) of the boxes of an MP4, one level."""
    at, end = begin, len(data) if end is None else end
    while at + 8 <= end:
        length = struct.unpack_from(">I", data, at)[0]
        yield data[at + 4 : at + 8], at, at + length
        at += length


def with_moov(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """An MP4 whose table of contents (which comes last) is changed. change: the boxes within → those to write."""
    name, begin, end = next(box for box in boxes(data) if box[0] == b"moov")
    assert end == len(data), "the table of contents comes last, so nothing else moves"
    inner = change(data[begin + 8 : end])
    return data[:begin] + struct.pack(">I", 8 + len(inner)) + name + inner


def many_tracks(data: bytes, count: int) -> bytes:
    """An MP4 whose only track is there `count` times."""

    def repeat(inner: bytes) -> bytes:
        return b"".join(inner[begin:end] * (count if name == b"trak" else 1) for name, begin, end in boxes(inner))

    return with_moov(data, repeat)


def patched(data: bytes, name: bytes, offset: int, value: int) -> bytes:
    """An MP4 with another 32-bit number `offset` bytes after the name of a box."""
    at = data.index(name) + 4 + offset
    return data[:at] + struct.pack(">I", value) + data[at + 4 :]


def endless_index(data: bytes) -> bytes:
    """An MP4 of a few hundred bytes that says it holds a billion pictures of 1 byte each: every entry would take memory."""
    data = patched(patched(data, b"stsz", 4, 1), b"stsz", 8, 1_000_000_000)
    at = data.index(b"stts") + 8
    return data[:at] + struct.pack(">III", 1, 1_000_000_000, 1) + data[at + 12 :]


def packed_moov(megabytes: int, *, claimed_bytes: int) -> bytes:
    """A film whose table of contents is compressed, and opens to zeros without end."""
    squeeze = zlib.compressobj(9)
    packed = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)) + squeeze.flush()

    def box(name: bytes, inner: bytes) -> bytes:
        return struct.pack(">I", 8 + len(inner)) + name + inner

    unpacked = box(b"cmvd", struct.pack(">I", claimed_bytes) + packed)
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"cmov", box(b"dcom", b"zlib") + unpacked))


def without_frames(data: bytes) -> bytes:
    """An MP4 whose tables are empty."""
    for name, offset in ((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4)):
        data = patched(data, name, offset, 0)
    return data
