"""Videos that clients upload: sound ones are measured and kept as they are, bad ones are refused with a reason, and leave nothing."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.service import strange_files as files
from tests.service.running import Service
from tests.service.test_assets_pictures import _the_api_stays_as_it_was, completed, kept, stored

__all__ = ["_the_api_stays_as_it_was"]

SOUND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mp4": ({}, {"format": "mp4", "codec": "h264", "seconds": 0.5, "frames": 12, "frames_per_s": 24.0}),
    "with sound": ({"sound": True}, {"format": "mp4", "codec": "h264", "frames": 12, "frames_per_s": 24.0}),
    "mov": ({"format": "mov", "rate": Fraction(30_000, 1_001)}, {"format": "mov", "codec": "h264", "seconds": 0.4, "frames_per_s": 29.97}),
    "webm": ({"format": "webm", "codec": "libvpx-vp9"}, {"format": "webm", "codec": "vp9", "frames": 12}),
    "vp8": ({"format": "webm", "codec": "libvpx"}, {"format": "webm", "codec": "vp8", "frames": 12}),
    "hevc": ({"codec": "libx265"}, {"format": "mp4", "codec": "hevc", "frames": 12, "frames_per_s": 24.0}),
    "av1": ({"codec": "libsvtav1"}, {"format": "mp4", "codec": "av1", "frames": 12, "frames_per_s": 24.0}),
    "all key frames": ({"options": {"g": "1"}, "frames": 60}, {"format": "mp4", "seconds": 2.5, "frames": 60}),
    "a minute": ({"frames": 60, "rate": 1}, {"seconds": 60.0, "frames": 60, "frames_per_s": 1.0}),
    "one picture": ({"frames": 1}, {"frames": 1, "frames_per_s": 24.0}),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_videos_are_measured_and_kept(client: httpx.Client, service: Service, tmp_path: Path, name: str) -> None:
    how, expected = SOUND[name]
    data = files.video(tmp_path, **how)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    answer = completed(client, data, kind="video", name="film.mp4")
    assert answer.status_code == 200, answer.text
    asset = answer.json()
    facts = asset["facts"]
    for fact, value in expected.items():
        assert facts[fact] == (value if isinstance(value, str) else pytest.approx(value, rel=2e-2)), fact
    assert (facts["width_px"], facts["height_px"], facts["rotation_deg"]) == (64, 48, 0)
    assert (asset["bytes"], asset["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert kept(service, asset) == data


def test_a_turned_video_says_so(client: httpx.Client, tmp_path: Path) -> None:
    """The matrix in the track's header, by hand: phones turn their films by it."""
    data = files.video(tmp_path)
    at = data.index(b"tkhd") + 4 + 40
    quarter = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    facts = completed(client, data[:at] + quarter + data[at + 36 :], kind="video").json()["facts"]
    assert (facts["width_px"], facts["height_px"], abs(facts["rotation_deg"])) == (64, 48, 90)


@pytest.mark.parametrize("claimed_s", [0, 14_400])
def test_pictures_are_timed_whatever_the_header_says(client: httpx.Client, tmp_path: Path, claimed_s: int) -> None:
    data = files.video(tmp_path)
    for name in (b"mvhd", b"mdhd"):
        scale = struct.unpack_from(">I", data, data.index(name) + 4 + 12)[0]
        data = files.patched(data, name, 16, scale * claimed_s)
    facts = completed(client, data, kind="video").json()["facts"]
    assert (facts["seconds"], facts["frames"]) == (0.5, 12)


def _playlist(kind: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        target = folder / "secret.mp4"
        target.write_bytes(files.video(folder))
        return {
            "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
            "concat": f"ffconcat version 1.0\nfile '{target}'\n",
            "dash": f'<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>',
        }[kind].encode()

    return make


def _disguised(make: Callable[[Path], bytes]) -> Callable[[Path], bytes]:
    return lambda folder: struct.pack(">I", 20) + b"ftypisom\0\0\0\0isom" + make(folder)


BAD: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "HLS": (_playlist("hls"), "playlist"),
    "ffconcat": (_playlist("concat"), "playlist"),
    "DASH": (_playlist("dash"), "text"),
    "HLS disguised": (_disguised(_playlist("hls")), "damaged"),
    "ffconcat disguised": (_disguised(_playlist("concat")), "damaged"),
    "no pictures": (lambda folder: files.without_frames(files.video(folder)), ""),
    "sound alone": (files.sound_alone, "no pictures"),
    "a million a second": (lambda folder: files.video(folder, rate=1_000_000), "1,000,000 pictures a second"),
    "8k": (
        lambda folder: files.video(folder, size=(7_680, 4_320), frames=1, options={"preset": "ultrafast"}),
        "7,680 × 4,320 pixels: export it with at most 4,096 × 2,304",
    ),
    "4 × 4": (lambda folder: files.video(folder, codec="mpeg4", size=(4, 4)), "at least 8"),
    "four hours": (lambda folder: files.video(folder, frames=24, rate=Fraction(1, 600)), "lasts 14,400 s: cut it to at most 60 s"),
    "growing": (files.changing_size, "from 64 × 48 to 128 × 96"),
    "growing to 268 MP": (lambda folder: _grown(files.changing_size(folder)), "damaged"),
    "17 tracks": (lambda folder: files.many_tracks(files.video(folder), 17), "17 tracks: export it with at most 16"),
    "1,000 tracks": (lambda folder: files.many_tracks(files.video(folder), 1_000), "more than 64 tracks"),
    "a billion entries": (lambda folder: files.endless_index(files.video(folder)), ""),
    "packed contents": (lambda folder: files.packed_moov(128, claimed_bytes=128 << 20), "no pictures"),
    "packed contents of 2 GB": (lambda folder: files.packed_moov(1, claimed_bytes=2**31 - 100), "too large"),
    "contents cut off": (lambda folder: files.video(folder)[:-200], ""),
    "contents alone": (lambda folder: b"".join(files.video(folder).partition(b"moov")[1:]), ""),
    "pictures overwritten": (lambda folder: _scratched(files.video(folder)), ""),
    "Matroska": (lambda folder: files.video(folder, format="matroska"), "Matroska"),
    "AVI": (lambda folder: files.video(folder, format="avi", codec="mpeg4"), "no picture or video"),
    "MPEG-TS": (lambda folder: files.video(folder, format="mpegts"), "no picture or video"),
    "flv inside mp4": (lambda folder: struct.pack(">I", 20) + b"ftypisom\0\0\0\0isom" + files.video(folder, format="flv"), "damaged"),
    "a picture": (lambda folder: files.png(files.scene(), files.RGB), "prepare it with the kind image"),
    "MP4 in name only": (lambda folder: struct.pack(">I", 24) + b"ftypisom" + bytes(12), ""),
    "WebM in name only": (lambda folder: b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(500), "damaged"),
    "rare codec": (lambda folder: files.video(folder, format="mov", codec="mpeg2video"), "not known here"),
}


def _grown(data: bytes) -> bytes:
    """The last key frame of a VP8 says that it has 16,383 × 16,383 pixels."""
    at = data.rindex(b"\x9d\x01\x2a") + 3
    return data[:at] + struct.pack("<HH", 16_383, 16_383) + data[at + 4 :]


def _scratched(data: bytes) -> bytes:
    """Everything that the pictures are made of is overwritten."""
    begin = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    return data[:begin] + bytes([0xA5]) * (end - begin) + data[end:]


@pytest.mark.parametrize("name", BAD)
def test_bad_videos_are_refused_with_a_reason(client: httpx.Client, service: Service, tmp_path: Path, name: str) -> None:
    make, reason = BAD[name]
    data = make(tmp_path)
    assert len(data) < 1 << 20
    before = stored(service)
    answer = completed(client, data, kind="video", name="film.mp4")
    assert (answer.status_code, answer.json().get("code")) == (422, "media_rejected"), answer.text
    assert reason in answer.json()["detail"]
    assert str(tmp_path) not in answer.text
    assert stored(service) == before
