"""Language: prompts become scene specifications."""

from __future__ import annotations

from pipelines.language.reader import Reading, read
from pipelines.language.stage import Read, check_spec

__all__ = ["Read", "Reading", "check_spec", "read"]
