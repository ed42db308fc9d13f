"""Results are named after the words, written whole or not at all, and never over something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.destination import MAX_SLUG_CHARACTERS, folder_for, require_new_file, require_new_world, whole_file
from pipelines.errors import InputError, OutputError


@pytest.mark.parametrize(
    ("prompt", "folder"),
    [
        ("a misty pine forest with a log cabin", "worlds/a-misty-pine-forest-with-a-log-cabin-7"),
        ("Ein Café — über /etc/passwd & ../../home", "worlds/ein-cafe-uber-etc-passwd-home-7"),
        ("森の小屋", "worlds/world-7"),
        ("the fisherman's hut", "worlds/the-fishermans-hut-7"),
        ("word " * 100, "worlds/word-word-word-word-word-word-word-word-word-7"),
        ("x" * 300, f"worlds/{'x' * MAX_SLUG_CHARACTERS}-7"),
    ],
)
def test_folder_is_named_after_the_words(prompt: str, folder: str) -> None:
    assert folder_for(prompt, 7) == Path(folder)


def test_existing_folder_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--force"):
        require_new_world(tmp_path)


def test_force_replaces_only_worlds(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="other things"):
        require_new_world(tmp_path, force=True)
    (tmp_path / "world.json").write_text("{}")
    require_new_world(tmp_path, force=True)
    with pytest.raises(OutputError, match="is a file"):
        require_new_world(tmp_path / "thesis.txt", force=True)


def test_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file"):
        require_new_world(tmp_path / "file" / "world")


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    picture = tmp_path / "deep" / "view.png"
    with pytest.raises(KeyboardInterrupt), whole_file(picture) as draft:
        draft.write_bytes(b"half")
        raise KeyboardInterrupt
    assert list(picture.parent.iterdir()) == []
    for content in (b"whole", b"newer"):
        with whole_file(picture) as draft:
            assert draft.suffix == ".png"
            draft.write_bytes(content)
        assert picture.read_bytes() == content
        assert [path.name for path in picture.parent.iterdir()] == ["view.png"]


def test_file_with_a_strange_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png or \.webp"):
        require_new_file(tmp_path / "view.gif", (".png", ".webp"))
