"""The studio and the service move cameras along the same curves: the numbers its tests compare with are today's."""

from tests.studio.camera_paths import FILE, text


def test_the_studio_is_tested_with_todays_curves() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "renew the file: python -m tests.studio.camera_paths"
