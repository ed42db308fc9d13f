"""Writes the OpenAPI description of the service, from which the studio takes its types: python docs/describe_api.py FILE."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from app.main import create_app
from app.settings import Settings


def main(target: Path) -> None:
    """A file that says the same already stays untouched."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"data": folder, "require_keys": True})
        text = json.dumps(create_app(settings).openapi(), indent=1, ensure_ascii=False) + "\n"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
