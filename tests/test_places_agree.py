"""The places that words can name are those that the layout can make."""

from __future__ import annotations

import yaml

from pipelines.language.lexicon import language_data
from pipelines.layout import places


def test_language_and_layout_name_the_same_places() -> None:
    offered = set(yaml.safe_load(places.FILE.read_text(encoding="utf-8"))["places"])
    named = set(language_data()["places"])
    assert named == offered
