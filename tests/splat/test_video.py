"""Films: what is written can be decoded and shows the frames; it is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from pipelines.errors import Cancelled, InputError, OutputError
from pipelines.splat import parse_path, render, write_video
from tests.splat.scenes import psnr_db, scatter

SPLATS = scatter(300, seed=2)
PATH = parse_path(
    '{"keyframes": [{"time": 0, "position": [0, 0, 6], "yaw": 0}, {"time": 0.5, "position": [1, 0, 6], "look_at": [0, 0, 0]}]}'
)


def test_a_film_shows_what_the_camera_saw(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    told: list[float] = []
    write_video(SPLATS, PATH, target, size_px=(128, 72), frames_per_s=10, crf=10, tell=lambda share, note: told.append(share))
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p" and stream.average_rate == 10
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 6 == PATH.frame_count(10)
    for frame, camera in zip(frames, PATH.frames(10, width_px=128, height_px=72), strict=True):
        assert psnr_db(frame / 255, render(SPLATS, camera).rgb) > 25
    assert told == sorted(told) and told[-1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_the_same_film_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_video(SPLATS, PATH, tmp_path / name, size_px=(64, 36), frames_per_s=10)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_cancelled_film_leaves_nothing(tmp_path: Path) -> None:
    def stop(share: float, note: str) -> None:
        if share > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_video(SPLATS, PATH, tmp_path / "film.mp4", size_px=(64, 36), frames_per_s=10, tell=stop)
    assert list(tmp_path.iterdir()) == []


def test_impossible_films_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="63 × 36"):
        write_video(SPLATS, PATH, tmp_path / "film.mp4", size_px=(63, 36))
    with pytest.raises(InputError, match="0 frames"):
        write_video(SPLATS, PATH, tmp_path / "film.mp4", frames_per_s=0)
    with pytest.raises(InputError, match="99"):
        write_video(SPLATS, PATH, tmp_path / "film.mp4", crf=99)
    with pytest.raises(OutputError, match="cannot be written"):
        write_video(SPLATS, PATH, tmp_path / "no folder" / "film.mp4", size_px=(64, 36))
    assert list(tmp_path.iterdir()) == []
