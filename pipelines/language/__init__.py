"""Language: prompts become scene specifications."""

from __future__ import annotations

from pipelines.language.checking import check_spec
from pipelines.language.llm import read
from pipelines.language.matching import embed
from pipelines.language.reader import Reading
from pipelines.language.stage import Read

__all__ = ["Read", "Reading", "check_spec", "embed", "read"]
