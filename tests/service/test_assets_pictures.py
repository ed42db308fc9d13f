"""Pictures that clients upload: sound ones keep their colours and nothing else, bad ones are refused with a reason, and leave nothing."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image

from app.assets import pictures
from tests.service import strange_files as files
from tests.service.running import Service
from tests.service.strange_files import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, chunk, png, saved, scene

HTML = b"<html><script>alert(1)</script></html>"
MOST_GROWTH_BYTES = 60 << 20


def completed(client: httpx.Client, data: bytes, *, kind: str = "image", name: str = "picture.png") -> httpx.Response:
    """Announce, send, complete."""
    asset = client.post("/v1/media-assets:prepare", json={"file_name": name, "kind": kind}).json()
    assert httpx.put(asset["upload"]["url"], content=data).status_code == 200
    return client.post(asset["links"]["complete"])


def kept(service: Service, asset: dict[str, Any]) -> bytes:
    return (service.data / "blobs" / "ten_local" / asset["sha256"][:2] / asset["sha256"]).read_bytes()


def stored(service: Service) -> set[Path]:
    """Every file of the store, and everything in the folder for work in progress."""
    return {path for folder in ("blobs", "uploads") for path in (service.data / folder).rglob("*") if path.is_file()}


def seen(data: bytes) -> files.Pixels:
    """(H, W, 3) uint8 as another decoder than the service's sees it: libav's."""
    import av

    with av.open(io.BytesIO(data)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name in ("rgb24", "yuvj444p", "gray", "yuv444p"), frame.format.name
        return frame.to_ndarray(format="rgb24")


@pytest.fixture(autouse=True)
def _the_api_stays_as_it_was(service: Service) -> Iterator[None]:
    import psutil

    process = psutil.Process(service.pids()["api"][0])
    before = process.memory_info().rss
    yield
    assert process.memory_info().rss - before < MOST_GROWTH_BYTES
    with service.client() as client:
        assert client.get("/readyz").status_code == 200


def _interlaced() -> bytes:
    """Adam7 by hand: seven passes of ever finer grids."""
    pixels = scene(16, 16)
    passes = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1))
    lines = b"".join(b"\0" + line.tobytes() for y, dy, x, dx in passes for line in pixels[y::dy, x::dx])
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, RGB, 0, 0, 1))
    return files.PNG + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def _over_white(pixels: files.Pixels) -> files.Pixels:
    alpha = pixels[..., -1:].astype(np.float64) / 255
    return np.rint(pixels[..., :-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)


_DEEP = (np.arange(32 * 48, dtype=np.uint32).reshape(32, 48) * 42 % 65_536).astype(np.uint16)
_PALETTE = scene(16, 16).reshape(256, 3)
_INDEX = (np.arange(32 * 48).reshape(32, 48) % 256).astype(np.uint8)
_CLEAR = np.where(np.arange(256) % 3 == 0, 0, 255).astype(np.uint8)
_TRIPLE = np.repeat(scene(channels=1), 3, axis=2)

LOSSLESS: dict[str, tuple[Callable[[], bytes], files.Pixels, int, list[str]]] = {
    "RGB": (lambda: png(scene(), RGB), scene(), 0, []),
    "interlaced": (_interlaced, scene(16, 16), 0, []),
    "grey": (lambda: png(scene(channels=1), GREY), _TRIPLE, 0, ["converted from L to RGB"]),
    "alpha": (lambda: png(scene(channels=4), RGBA), _over_white(scene(channels=4)), 1, ["laid on white where it was transparent"]),
    "grey and alpha": (
        lambda: png(scene(channels=2), GREY_ALPHA),
        np.repeat(_over_white(scene(channels=2)), 3, axis=2),
        1,
        ["laid on white where it was transparent"],
    ),
    "palette and alpha": (
        lambda: png(_INDEX, PALETTE, before=(chunk(b"PLTE", _PALETTE.tobytes()), chunk(b"tRNS", _CLEAR.tobytes()))),
        np.where(_CLEAR[_INDEX][..., None] == 0, 255, _PALETTE[_INDEX]).astype(np.uint8),
        0,
        ["laid on white where it was transparent"],
    ),
    "16 bits of grey": (
        lambda: png(_DEEP, GREY, depth=16),
        np.repeat(np.rint(_DEEP / 65_535 * 255).astype(np.uint8)[..., None], 3, axis=2),
        0,
        ["reduced from 16 to 8 bits", "converted from L to RGB"],
    ),
    "16 bits of colour": (lambda: png(scene().astype(np.uint16) * 257, RGB, depth=16), scene(), 0, []),
    "WebP without loss": (lambda: saved(scene(), "WEBP", lossless=True), scene(), 0, []),
    "8 px": (lambda: png(scene(8, 8), RGB), scene(8, 8), 0, []),
    "8 × 16,384": (lambda: png(np.zeros((8, 16_384), np.uint8), GREY), np.zeros((8, 16_384, 3), np.uint8), 0, ["converted from L to RGB"]),
    "profile": (
        lambda: png(np.tile(np.array([255, 0, 0], np.uint8), (8, 8, 1)), RGB, before=(_profile(files.swapped_profile()),)),
        np.tile(np.array([0, 0, 255], np.uint8), (8, 8, 1)),
        1,
        ["colours converted from its profile to sRGB"],
    ),
    "profile that does not fit": (
        lambda: png(scene(), RGB, before=(_profile(b"no profile at all, but long enough to be looked at" * 4),)),
        scene(),
        0,
        ["taken as sRGB, because its colour profile does not fit"],
    ),
}


def _profile(data: bytes) -> bytes:
    return chunk(b"iCCP", b"own\0\0" + zlib.compress(data))


@pytest.mark.parametrize("name", LOSSLESS)
def test_sound_pictures_keep_every_colour(client: httpx.Client, service: Service, name: str) -> None:
    make, expected, tolerance, changes = LOSSLESS[name]
    answer = completed(client, make())
    assert answer.status_code == 200, answer.text
    facts = answer.json()["facts"]
    assert (facts["kept_as"], facts["height_px"], facts["width_px"], facts["changes"]) == ("png", *expected.shape[:2], changes)
    assert facts["format"] == ("webp" if "WebP" in name else "png")
    difference = np.abs(seen(kept(service, answer.json())).astype(int) - expected)
    assert difference.max() <= tolerance


def _cmyk() -> bytes:
    """Inks that print as `scene`, with all the black taken out of the colours."""
    ink = 255 - scene().astype(int)
    black = ink.min(axis=2, keepdims=True)
    coloured = np.where(black < 255, (ink - black) * 255 // np.maximum(255 - black, 1), 0)
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(np.concatenate([coloured, black], axis=2).astype(np.uint8), mode="CMYK").save(target, format="JPEG", quality=98)
    return target.getvalue()


LOSSY: dict[str, tuple[Callable[[], bytes], files.Pixels, list[str]]] = {
    "JPEG": (lambda: saved(scene(), "JPEG", quality=95), scene(), []),
    "grey JPEG": (lambda: saved(scene(channels=1)[..., 0], "JPEG", quality=95), _TRIPLE, ["converted from L to RGB"]),
    "CMYK": (_cmyk, scene(), ["converted from CMYK to RGB"]),
    "WebP": (lambda: saved(scene(), "WEBP", quality=98), scene(), []),
    "turned": (
        lambda: files.with_exif(saved(scene(), "JPEG", quality=95), orientation=6, artist="Ada"),
        np.rot90(scene(), -1),
        ["turned upright"],
    ),
    "turned in a way that there is not": (
        lambda: files.with_exif(saved(scene(), "JPEG", quality=95), orientation=99, artist="Ada"),
        scene(),
        [],
    ),
    "mirrored": (
        lambda: files.with_exif(saved(scene(), "JPEG", quality=95), orientation=2, artist="Ada"),
        scene()[:, ::-1],
        ["turned upright"],
    ),
}


@pytest.mark.parametrize("name", LOSSY)
def test_photographs_look_the_same(client: httpx.Client, service: Service, name: str) -> None:
    make, expected, changes = LOSSY[name]
    answer = completed(client, make(), name="photograph.jpg")
    assert answer.status_code == 200, answer.text
    facts = answer.json()["facts"]
    assert (facts["kept_as"], facts["height_px"], facts["width_px"], facts["changes"]) == ("jpeg", *expected.shape[:2], changes)
    difference = np.abs(seen(kept(service, answer.json())).astype(int) - expected)
    assert difference.mean() < 4, difference.mean()
    assert difference.max() < 40


def test_nothing_but_colours_is_kept(client: httpx.Client, service: Service) -> None:
    hidden = (chunk(b"tEXt", b"Comment\0" + HTML), chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"), chunk(b"prVt", HTML))
    polyglot = png(scene(), RGB, before=hidden) + HTML
    photograph = (
        files.with_exif(saved(scene(), "JPEG", comment=HTML, icc_profile=files.swapped_profile()), orientation=1, artist="Ada L") + HTML
    )
    for data in (polyglot, photograph):
        assert HTML in data
        answer = completed(client, data, name="page.html")
        assert answer.status_code == 200, answer.text
        found = kept(service, answer.json())
        for trace in (b"html", b"script", b"Ada", b"Exif", b"iCCP", b"ICC_PROFILE", b"tEXt"):
            assert trace not in found
        assert data not in {path.read_bytes() for path in stored(service)}


def _jpeg_cut() -> bytes:
    whole = saved(scene(640, 480), "JPEG")
    return whole[: len(whole) // 2]


def _text_bomb() -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20)))


def _profile_bomb() -> bytes:
    return chunk(b"iCCP", b"own\0\0" + zlib.compress(bytes(64 << 20)))


def _wrong_sum() -> bytes:
    data = bytearray(png(scene(), RGB))
    data[29] ^= 0xFF
    return bytes(data)


def _webp_claim(width: int, height: int) -> bytes:
    """An extended WebP whose header claims a canvas."""
    data = saved(scene(channels=4), "WEBP", lossless=False, quality=50)
    at = data.index(b"VP8X") + 12
    return data[:at] + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + data[at + 6 :]


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "169 MP": (lambda: files.black_png(13_000, 13_000), "13,000 × 13,000 pixels: send one with at most 40 megapixels"),
    "81 MP": (lambda: files.black_png(9_000, 9_000), "at most 40 megapixels"),
    "30,000 × 30,000": (lambda: files.black_png(30_000, 30_000), "at most 16,384 on each side"),
    "4 × 10⁹ pixels": (lambda: files.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2, 8, RGB, 0, 0, 0)), ""),
    "WebP of 268 MP": (lambda: _webp_claim(16_383, 16_383), "at most 40 megapixels"),
    "1 × 1": (lambda: png(scene(8, 8)[:1, :1], RGB), "at least 8"),
    "1 × 16,000": (lambda: png(np.zeros((1, 16_000), np.uint8), GREY), "at least 8"),
    "7 × 7": (lambda: png(scene(7, 7), RGB), "at least 8"),
    "cut JPEG": (_jpeg_cut, "damaged"),
    "cut PNG": (lambda: png(scene(), RGB)[:-80], "damaged"),
    "PNG of a header": (lambda: png(scene(), RGB)[:33], "damaged"),
    "wrong checksum": (_wrong_sum, "damaged"),
    "text bomb": (lambda: png(scene(), RGB, before=(_text_bomb(),)), "damaged"),
    "profile bomb": (lambda: png(scene(), RGB, before=(_profile_bomb(),)), "damaged"),
    "GIF": (lambda: files.animated("GIF", frames=400), "GIF"),
    "APNG": (lambda: files.animated("PNG", frames=400), "400 frames"),
    "moving WebP": (lambda: files.animated("WEBP", frames=20), "animated"),
    "SVG": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "HTML": (lambda: HTML, "HTML"),
    "TIFF": (lambda: saved(scene(), "TIFF"), "TIFF"),
    "PSD": (lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 32, 32, 8, 3) + bytes(5_000), "Photoshop"),
    "EPS": (lambda: saved(scene(), "EPS"), "PostScript"),
    "AVIF": (lambda: saved(scene(), "AVIF"), "AVIF"),
    "BMP": (lambda: saved(scene(), "BMP"), "BMP"),
    "JPEG 2000": (lambda: saved(scene(), "JPEG2000"), "JPEG 2000"),
    "HDR": (lambda: b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n" + bytes(256), "Radiance"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), "zip"),
    "noise": (lambda: np.random.default_rng(1).bytes(5_000), "no picture"),
    "one byte": (lambda: b"\x89", "no picture"),
    "PNG in name only": (lambda: files.PNG, "damaged"),
    "JPEG in name only": (lambda: b"\xff\xd8\xff", "damaged"),
    "WebP in name only": (lambda: b"RIFF\xff\xff\xff\xffWEBP" + bytes(40), "damaged"),
    "a film": (lambda: struct.pack(">I", 24) + b"ftypisom" + bytes(12), "announced: prepare it with the kind video"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_with_a_reason(client: httpx.Client, service: Service, name: str) -> None:
    make, reason = BAD[name]
    data = make()
    assert len(data) < 1 << 20, "small files do the harm"
    before = stored(service)
    answer = completed(client, data)
    assert (answer.status_code, answer.json().get("code")) == (422, "media_rejected"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert reason in answer.json()["detail"]
    assert stored(service) == before, "nothing is left"


def test_pixels_beyond_the_header_are_left_out(client: httpx.Client, service: Service) -> None:
    """The header says 8 × 8, the pixels go on for 200 MB: those that were announced are taken, the others never unpacked."""
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(200)) + squeeze.flush()
    endless = files.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, RGB, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    asset = completed(client, endless).json()
    assert (asset["state"], asset["facts"]["width_px"]) == ("READY", 8)
    np.testing.assert_array_equal(seen(kept(service, asset)), np.zeros((8, 8, 3)))
    assert asset["bytes"] < 200


def test_a_preview_behind_a_photograph_is_left_out(client: httpx.Client, service: Service) -> None:
    """Phones write two pictures into one JPEG (MPO); the first one is the photograph."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(scene()).save(target, format="MPO", save_all=True, append_images=[Image.fromarray(255 - scene(32, 32))], quality=95)
    answer = completed(client, target.getvalue(), name="phone.jpg")
    assert answer.status_code == 200, answer.text
    assert np.abs(seen(kept(service, answer.json())).astype(int) - scene()).mean() < 4


def test_distances_keep_every_metre(client: httpx.Client, service: Service, tmp_path: Path) -> None:
    import OpenEXR

    distance_m = files.panorama_m()
    one = np.ones_like(distance_m)
    for channels in (
        {"Z": distance_m},
        {"Y": distance_m, "A": one},
        {"left.depth": distance_m},
        {"own": distance_m},
        dict.fromkeys("RGB", distance_m),
        {"R": one, "G": 2 * one, "B": one, "Z": distance_m},
        {"Depth.V": distance_m, "Normal.X": one, "Normal.Y": one, "Normal.Z": one},
    ):
        answer = completed(client, files.exr(tmp_path, channels), name="depth.exr")
        assert answer.status_code == 200, answer.text
        facts = answer.json()["facts"]
        assert (facts["format"], facts["width_px"], facts["height_px"]) == ("exr", 64, 32)
        assert (facts["nearest_m"], facts["sky"]) == (pytest.approx(min(distance_m[4:].ravel())), 4 / 32)
        (tmp_path / "kept.exr").write_bytes(kept(service, answer.json()))
        with OpenEXR.File(str(tmp_path / "kept.exr"), separate_channels=True) as file:
            (found,) = file.channels().values()
            np.testing.assert_array_equal(found.pixels, distance_m)
    half = completed(client, files.exr(tmp_path, {"Z": distance_m.astype(np.float16)}))
    assert half.json()["facts"]["nearest_m"] == float(distance_m.astype(np.float16).min())


def _claim(data: bytes, width: int, height: int) -> bytes:
    """An EXR whose header says another size of its data."""
    at = data.index(b"dataWindow\0box2i\0") + 21
    return data[:at] + struct.pack("<iiii", 0, 0, width - 1, height - 1) + data[at + 16 :]


BAD_DISTANCES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "square": (lambda folder: files.exr(folder, {"Z": np.ones((32, 32), np.float32)}), "twice as wide"),
    "no numbers": (lambda folder: files.exr(folder, {"Z": np.full((16, 32), np.nan, np.float32)}), "no numbers"),
    "negative": (lambda folder: files.exr(folder, {"Z": np.full((16, 32), -1, np.float32)}), "negative"),
    "minus infinity": (lambda folder: files.exr(folder, {"Z": np.full((16, 32), -np.inf, np.float32)}), "negative"),
    "sky alone": (lambda folder: files.exr(folder, {"Z": np.full((16, 32), np.inf, np.float32)}), "infinite"),
    "whole numbers": (lambda folder: files.exr(folder, {"Z": np.ones((16, 32), np.uint32)}), "whole numbers"),
    "two parts": (lambda folder: files.exr(folder, [{"Z": np.ones((16, 32), np.float32)}] * 2), "2 parts"),
    "nine channels": (lambda folder: files.exr(folder, {f"c{k}": np.ones((16, 32), np.float32) for k in range(9)}), "9 channels"),
    "two names": (
        lambda folder: files.exr(folder, {f"c{k}": np.ones((16, 32), np.float32) for k in range(2)}),
        "(c0, c1) holds distances: ",
    ),
    "colours": (
        lambda folder: files.exr(folder, {name: np.full((16, 32), k + 1, np.float32) for k, name in enumerate("RGB")}),
        "(B, G, R)",
    ),
    "positions": (lambda folder: files.exr(folder, {name: np.ones((16, 32), np.float32) for name in "XYZ"}), "(X, Y, Z)"),
    "zeros alone": (lambda folder: files.exr(folder, {"Z": np.zeros((16, 32), np.float32)}), "zero or infinite"),
    "one that is none": (
        lambda folder: files.exr(folder, {"Z": np.where(np.arange(512).reshape(16, 32) == 35, np.nan, 1).astype(np.float32)}),
        "1 of 512 distances are negative or no numbers, the first (nan) in row 2, column 4",
    ),
    "cut": (lambda folder: files.exr(folder, {"Z": files.panorama_m(512)})[:-2_000], "damaged"),
    "claims 5 GP": (lambda folder: _claim(files.exr(folder, {"Z": files.panorama_m()}), 100_000, 50_000), "at most"),
    "claims 2³¹": (lambda folder: _claim(files.exr(folder, {"Z": files.panorama_m()}), 2**31 - 2, 2**30 - 1), ""),
    "claims 33 MP": (lambda folder: _claim(files.exr(folder, {"Z": files.panorama_m()}), 8_192, 4_096), ""),
    "claims nothing": (lambda folder: _claim(files.exr(folder, {"Z": files.panorama_m()}), -5, -5), ""),
    "EXR in name only": (lambda folder: b"\x76\x2f\x31\x01" + bytes(3_000), "damaged"),
}


@pytest.mark.parametrize("name", BAD_DISTANCES)
def test_bad_distances_are_refused_with_a_reason(client: httpx.Client, service: Service, tmp_path: Path, name: str) -> None:
    make, reason = BAD_DISTANCES[name]
    before = stored(service)
    answer = completed(client, make(tmp_path), name="depth.exr")
    assert (answer.status_code, answer.json().get("code")) == (422, "media_rejected"), answer.text
    assert reason in answer.json()["detail"]
    assert stored(service) == before


def _noted(**tags: object) -> bytes:
    """A JPEG of 48 × 32 with EXIF tags by their numbers, and where it was taken."""
    notes = Image.Exif()
    notes[0x013B] = "Ada"
    notes.get_ifd(0x8825)[1] = "N"
    for name, value in tags.items():
        (notes if name == "x0112" else notes.get_ifd(0x8769))[int(name[1:], 16)] = value
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, "JPEG", exif=notes)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "lens_mm"),
    [
        (lambda: _noted(xA405=24), 24),
        (lambda: _noted(xA405=24, x0112=6), 24),
        # a sensor of 24 × 16 mm with 2 pixels a mm: the diagonal of film is 1.5 times its
        (lambda: _noted(x920A=20.0, xA20E=2.0, xA210=4), 30),
        (lambda: _noted(x920A=20.0, xA20E=200.0, xA210=3, xA002=480, x0112=8), 30),
        (lambda: _noted(x920A=20.0), None),
        (lambda: _noted(xA405=60_000), None),
        (lambda: saved(scene(), "JPEG"), None),
    ],
    ids=["said", "said, and turned", "by its sensor", "by its sensor, made smaller and turned", "half of it", "nonsense", "nothing"],
)
def test_the_lens_is_all_that_is_kept_of_what_a_camera_wrote_down(tmp_path: Path, data: Callable[[], bytes], lens_mm: int | None) -> None:
    (tmp_path / "upload").write_bytes(data())
    facts = pictures.rewrite(tmp_path / "upload", tmp_path / "rewritten", "jpeg")
    assert facts.get("lens_mm") == lens_mm
    with Image.open(tmp_path / "rewritten") as kept:
        assert (dict(kept.getexif()).keys() <= {0x8769}, dict(kept.getexif().get_ifd(0x8769)).get(0xA405)) == (True, lens_mm)
    assert b"Ada" not in (tmp_path / "rewritten").read_bytes()
