"""Reading: what the words of a prompt mean, before anything is made; done in a process of its own, for meanings are heavy to know."""

from __future__ import annotations

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field

from app.auth import Reader
from app.documentation import problems
from app.errors import FieldError, Refusal
from app.strict import StrictModel, StrictRoute
from app.working.children import Child, ChildDied
from pipelines.prompt import MAX_TEXT_CHARACTERS, Prompt
from pipelines.spec import SceneSpec

IDLE_S = 120.0  # after that the process leaves, and half a gigabyte with it when it had to guess at words
LONGEST_S = 60.0
MOST_WAITING = 64

log = structlog.get_logger("worldloom.reading")

router = APIRouter(prefix="/v1", tags=["worlds"], route_class=StrictRoute)


class ReadBody(StrictModel):
    """A prompt."""

    text: str = Field(max_length=MAX_TEXT_CHARACTERS, description="What a world might be like, in English.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "a red cottage beside a pond at dusk, and a loom"}]})


class ReadingBody(BaseModel):
    """What a prompt means. `spec` can be changed and given to `worlds:generate`."""

    spec: SceneSpec
    unmatched: list[str] = Field(description="Phrases that nothing was found for.")
    notes: list[str] = Field(description="Remarks for the person who wrote it: slips of the pen, and guesses.")
    places: list[str] = Field(description="Every place that a spec may name, so that one can choose another.")


class Readers:
    """One process that knows words, started when it is first needed; readings take turns."""

    def __init__(self) -> None:
        self._child = Child()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def read(self, text: str) -> ReadingBody:
        """The meaning of a text. Raises Refusal when nothing in it is understood, and when too many wait."""
        if self._waiting >= MOST_WAITING:
            raise Refusal("rate_limited", "too many prompts are being read just now: try again in a moment", retry_after_s=1)
        self._waiting += 1
        try:
            async with self._turn:
                outcome = await self._ask(text)
        finally:
            self._waiting -= 1
        if outcome.get("failed", {}).get("code") == "invalid_request":
            sentence = "nothing in this prompt is understood: describe a place and its things in English"
            raise Refusal("invalid_request", sentence, errors=[FieldError("/text", "nothing in it is understood")])
        if "failed" in outcome:
            raise Refusal("internal", "the prompt could not be read: the service's log tells why")
        return ReadingBody.model_validate(outcome["done"])

    async def _ask(self, text: str) -> dict[str, dict[str, object]]:
        job = {"kind": "read", "request": {"text": text}, "package": None, "folder": "."}
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._child.begin(job, warm="words")
                while True:
                    message = await self._child.hear(LONGEST_S)
                    if message is not None and ("done" in message or "failed" in message):
                        self._child.rest(IDLE_S)
                        return message
        except (ChildDied, TimeoutError) as error:
            log.warning("a prompt could not be read", error=type(error).__name__, tail=self._child.tail[-2_000:])
            self._child.kill()
            return {"failed": {"code": "internal"}}
        except BaseException:  # the client has left: what comes now would answer the next one
            self._child.kill()
            raise

    async def close(self) -> None:
        """Let the process go."""
        await self._child.close()


def add_readers(app: FastAPI) -> Readers:
    """Give `app` what reads prompts; close it at the end."""
    readers = app.state.readers = Readers()
    app.include_router(router)
    return readers


async def _readers(request: Request) -> Readers:
    found: Readers = request.app.state.readers
    return found


@router.post("/prompts:read", operation_id="read_prompt", summary="What a prompt means, before anything is made", responses=problems(429))
async def read_prompt(body: ReadBody, caller: Reader, readers: Annotated[Readers, Depends(_readers)]) -> ReadingBody:
    """Makes nothing and costs nothing. `worlds:generate` reads the same words the same way."""
    return await readers.read(Prompt(text=body.text).text)
