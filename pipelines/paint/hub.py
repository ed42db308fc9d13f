"""Hub: what the stages that paint have in common: a model by id or folder, opened when needed, and off the card when done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from pipelines.models import ModelCard, OpenModel, card_of, free_vram_bytes, memory_told, model_for, open_model, warm, way_to_load
from pipelines.paint.families import Task
from pipelines.paint.painter import Painter
from pipelines.stage import Stage, TellStage, told_meanwhile


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
    _card: ModelCard | None = field(default=None, init=False, repr=False, compare=False)  # what was asked for

    @contextmanager
    def painter(self, tell: TellStage) -> Iterator[Painter]:
        """The opened pipeline. When done it leaves the card, so that the next stage's weights find room.

        Raises UnavailableError with the cure: weights that are not there or not whole, too little memory, a model of no known make.
        """
        card = self._card = self._card or self._chosen()
        with memory_told(card, self.name, self.tier):
            key, painter = self._opened(card, tell)
            try:
                yield painter
            except BaseException:
                painter.close()
                raise
            warm.give(key, painter)

    def _chosen(self) -> ModelCard:
        """The model with what is loaded on top of it."""
        if self.model is None:
            card = model_for(self.name, self.tier)
            return replace(card, adapter=self.adapter or card.adapter, control=self._way()[1])
        return replace(card_of(self.model) or ModelCard(self.model), adapter=self.adapter, control=self._way()[1], controls=None)

    def _way(self) -> tuple[Task, str | None]:
        """What the pipeline is asked to do, and the control network that it needs for that."""
        return self.task, None

    def _opened(self, card: ModelCard, tell: TellStage) -> tuple[object, Painter]:
        """The pipeline, opened anew or as it waits for us, and the key by which it waits."""
        parts = [None if name is None else open_model(name, _checking(tell)) for name in (card.id, card.adapter, card.control)]
        opened, adapter, network = parts
        assert opened is not None  # every card has an id
        self.model, self.revision = opened.id, opened.revision
        self.licence = " + ".join(part.licence for part in parts if part is not None and part.licence) or None
        free_bytes = free_vram_bytes()
        mode = way_to_load(card, self.name, self.tier, free_bytes)
        task, _ = self._way()
        key = (task, mode.storage if mode else None, *((part.path, part.revision) if part else None for part in parts))
        waiting = warm.take(key)
        if isinstance(waiting, Painter):
            waiting.place(mode)
            return key, waiting
        how = "" if mode is None or free_bytes is None else f" {mode.words}, to fit {free_bytes / 1e9:.0f} GB"
        painter = told_meanwhile(
            lambda: Painter.open(opened.path, task, adapter=_path(adapter), control=_path(network), name=opened.id, mode=mode),
            tell,
            f"opening {opened.id}{how}",
        )
        return key, painter


def _checking(tell: TellStage) -> TellStage:
    """Hears of files that are compared with their lock."""
    return lambda fraction, name: tell(0.0, f"checking {name}, {fraction:.0%}")


def _path(part: OpenModel | None) -> Path | None:
    return None if part is None else part.path
