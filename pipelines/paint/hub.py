"""Hub: what the stages that paint have in common: a model by id or folder, opened when needed and closed when done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from pipelines.models import model_for, open_model
from pipelines.paint.families import Task
from pipelines.paint.painter import Painter
from pipelines.stage import Stage


@dataclass
class HubStage(Stage):
    """A stage with diffusion weights. model: id or folder, None = the tier's own.  adapter: id or folder of a LoRA, or of a UNet.

    steps: how often the picture is cleaned of noise, None = as its family wants.
    """

    tier: str = "super"
    model: str | None = None
    revision: str | None = None
    licence: str | None = None
    adapter: str | None = None
    steps: int | None = None
    task: ClassVar[Task] = Task.TEXT
    _painter: Painter | None = field(default=None, init=False, repr=False, compare=False)
    _source: tuple[str, str | None] | None = field(
        default=None, init=False, repr=False, compare=False
    )  # what was asked for: model, adapter

    def load(self) -> None:
        """Open the weights; raises UnavailableError with the cure when they are not there."""
        if self._painter is None:
            self._painter = self._open(self.task)

    def unload(self) -> None:
        if self._painter is not None:
            self._painter.close()
        self._painter = None

    @contextmanager
    def painter(self) -> Iterator[Painter]:
        """The opened pipeline; it is closed when done, so that the next stage's weights find room."""
        self.load()
        assert self._painter is not None  # load saw to it
        try:
            yield self._painter
        finally:
            self.unload()

    def _open(self, task: Task, control: str | None = None) -> Painter:
        if self._source is None:
            card = model_for(self.name, self.tier) if self.model is None else None
            self._source = (self.model or "", self.adapter) if card is None else (card.id, self.adapter or card.adapter)
        wanted, adapter = self._source
        opened = open_model(wanted)
        added = None if adapter is None else open_model(adapter)
        network = None if control is None else open_model(control)
        self.model, self.revision, self.licence = opened.id, opened.revision, opened.licence
        for part in (added, network):
            if part is not None:
                self.licence = " + ".join(name for name in (self.licence, part.licence) if name) or None
        return Painter.open(
            opened.path,
            task,
            adapter=None if added is None else added.path,
            control=None if network is None else network.path,
            name=opened.id,
        )
