"""Read: the stage that turns the prompt's words into a SceneSpec."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from pipelines.language.checking import check_spec
from pipelines.language.llm import FAILED, read
from pipelines.spec import SceneSpec
from pipelines.stage import Stage, TellStage
from pipelines.things import Library
from pipelines.world import World


@dataclass
class Read(Stage):
    """Reads the prompt, or takes a given spec after checking it. things: folders with a user's own kinds."""

    name: ClassVar[str] = "read"
    cost: ClassVar[float] = 0.02
    spec: SceneSpec | None = None
    things: tuple[Path, ...] = ()

    def run(self, world: World, tell: TellStage) -> World:
        """Fill in `world.spec`."""
        library = Library.load(self.things)
        if self.spec is not None:
            check_spec(self.spec, library)
            return replace(world, spec=self.spec)
        tell(0.0, "reading the words")
        reading = read(world.prompt.text, library)
        for note in reading.notes:
            if note.startswith(FAILED):
                tell(1.0, note)
        return replace(world, spec=reading.spec)
