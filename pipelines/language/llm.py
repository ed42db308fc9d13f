"""A language model as reader, where one is set: an endpoint or a checkpoint here. Its answers are checked; the grammar stands behind it."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import ModelError, SpecError
from pipelines.language.checking import check_spec
from pipelines.language.lexicon import Kinds
from pipelines.language.local_model import local_answer, scene_schema
from pipelines.language.reader import Reading
from pipelines.language.reader import read as read_by_grammar
from pipelines.places import places
from pipelines.spec import SceneSpec, ThingSpec
from pipelines.things import COLOURS, MATERIALS

REPAIR_TURNS = 2
TIMEOUT_S = 45.0  # for all turns together
MAX_ANSWER_BYTES = 1 << 20
FAILED = "the language model"  # how a note begins that says why the grammar read instead
Messages = list[dict[str, str]]


@dataclass(frozen=True)
class ModelSettings:
    """Where the model is: WORLDLOOM_LLM_URL, _MODEL, _KEY and _TIMEOUT_S. The key is kept out of every text.

    url: of an endpoint; empty for a checkpoint on this machine.  model: its name there, or the checkpoint's folder or repository.
    """

    url: str
    model: str = "default"
    key: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ModelSettings | None:
        """The settings; None when neither a URL nor a model is set. An unreadable number of seconds counts as none."""
        url, model = (environment.get(f"WORLDLOOM_LLM_{name}", "").strip() for name in ("URL", "MODEL"))
        if not url and not model:
            return None
        try:
            timeout_s = float(environment.get("WORLDLOOM_LLM_TIMEOUT_S") or TIMEOUT_S)
        except ValueError:
            timeout_s = TIMEOUT_S
        key = environment.get("WORLDLOOM_LLM_KEY", "")
        return cls(url, model or "default", key.strip(), min(max(timeout_s, 0.1), 600.0))

    @property
    def endpoint(self) -> str:
        """The address of chat completions."""
        base = self.url.rstrip("/")
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


def read(text: str, library: Kinds) -> Reading:
    """What a prompt means: by the language model where one is set, by the grammar otherwise and whenever the model fails."""
    settings = ModelSettings.from_environment()
    if settings is None:
        return read_by_grammar(text, library)
    try:
        spec = ask(text, library, settings)
    except ModelError as error:
        reading = read_by_grammar(text, library)
        return Reading(reading.spec, (f"{FAILED} {error}: the grammar read the words", *reading.notes), reading.ledger)
    return Reading(spec, (f"read by the language model {settings.model!r}",), ())


def ask(text: str, library: Kinds, settings: ModelSettings) -> SceneSpec:
    """The model's spec after at most two repairs; raises ModelError when it gives none that can be built in time."""
    until = time.monotonic() + settings.timeout_s
    schema = None if settings.url else scene_schema(library)
    messages: Messages = [
        {"role": "system", "content": instructions(library, with_schema=schema is None)},
        {"role": "user", "content": text},
    ]
    problem = ""
    for _ in range(1 + REPAIR_TURNS):
        answer = _answer(messages, settings, until) if schema is None else local_answer(messages, settings.model, schema, until)
        try:
            return checked(answer, library)
        except SpecError as error:
            problem = str(error)
        messages += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": f"This cannot be used: {problem}. Answer with the whole corrected JSON object and nothing else."},
        ]
    raise ModelError(f"gave no usable specification ({_short(problem)})")


def checked(answer: str, library: Kinds) -> SceneSpec:
    """A model's answer as a spec of which every place, kind, colour and material is known; raises SpecError with one sentence."""
    begin, end = answer.find("{"), answer.rfind("}")
    if begin < 0 or end < begin:
        raise SpecError("the answer holds no JSON object")
    spec = SceneSpec.from_json(answer[begin : end + 1])
    check_spec(spec, library)
    for thing in spec.things:
        looks: Sequence[Any] = (thing, *thing.parts)
        _check_looks(looks)
    _check_looks(spec.parts)
    things = tuple(thing if thing.phrase else _with_phrase(thing) for thing in spec.things)  # an empty one would mean: the place's own
    return spec.model_copy(update={"things": things})


def _with_phrase(thing: ThingSpec) -> ThingSpec:
    return thing.model_copy(update={"phrase": thing.name})


def _check_looks(looks: Sequence[Any]) -> None:
    for one in looks:
        if one.colour is not None and one.colour not in COLOURS:
            raise SpecError(f"there is no colour {one.colour!r}: use one of the colours that were listed")
        if one.material is not None and one.material not in MATERIALS:
            raise SpecError(f"there is no material {one.material!r}: use one of the materials that were listed")


def instructions(library: Kinds, *, with_schema: bool = True) -> str:
    """What the model is told: its task, the schema, and every name that it may use. Positions are not its business.

    A model that is held to the schema by its decoder needs to be told only the names.
    """
    schema = json.dumps(SceneSpec.model_json_schema(), separators=(",", ":"))
    return "\n".join(
        (
            "You read descriptions of scenes, in any language. Answer with one JSON object that describes the scene, and nothing",
            "else. Say what is in the scene and how things stand to each other; never give coordinates. Use only the places, kinds,",
            "colours and materials listed here. A thing that no kind stands for goes into `unmatched`, in the words of the prompt. Do not",
            "add things that the words do not ask for. `phrase` holds the words of the prompt that asked for the thing. Names are unique.",
            f"Places: {', '.join(places())}.",
            f"Kinds: {', '.join(library.kinds)}.",
            f"Colours: {', '.join(COLOURS)}.",
            f"Materials: {', '.join(MATERIALS)}.",
            *([f"Schema: {schema}"] if with_schema else []),
        )
    )


def _answer(messages: Messages, settings: ModelSettings, until: float) -> str:
    """The content of the first choice. An endpoint that knows no JSON schemas is asked again without one."""
    body: dict[str, Any] = {"model": settings.model, "messages": messages, "temperature": 0, "seed": 0}
    schema = {"name": "scene", "schema": SceneSpec.model_json_schema(), "strict": False}
    try:
        found = _post({**body, "response_format": {"type": "json_schema", "json_schema": schema}}, settings, until)
    except _RefusedError:
        found = _post(body, settings, until)
    try:
        content = found["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ModelError("answered in another form than chat completions have") from None
    if not isinstance(content, str):
        raise ModelError("answered without any text")
    return content


class _RefusedError(ModelError):
    """HTTP 400 or 422: the request has something that this endpoint does not know."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to the address that was set, and to no other."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _post(body: Mapping[str, Any], settings: ModelSettings, until: float) -> Any:
    """One request, answered whole before `until`; raises ModelError."""
    if not settings.endpoint.startswith(("http://", "https://")):
        raise ModelError("cannot be asked, since WORLDLOOM_LLM_URL does not begin with http:// or https://")
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key}"
    try:
        request = urllib.request.Request(settings.endpoint, json.dumps(body).encode(), headers)
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_left(until)) as response:
            return json.loads(_whole(response, until))
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
        if status in (400, 422):
            raise _RefusedError(f"refused the request with HTTP {status}") from None
        raise ModelError(f"answered with HTTP {status}") from None
    except TimeoutError:
        raise ModelError("did not answer in time") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        late = isinstance(getattr(error, "reason", None), TimeoutError)
        raise ModelError("did not answer in time" if late else "cannot be reached") from None
    except ValueError:  # also what a malformed address raises, and Unicode that is none
        raise ModelError("answered with something that is no JSON") from None


def _whole(response: Any, until: float) -> bytes:
    """The body, read in pieces, so that neither a slow nor an endless one holds things up."""
    pieces, size = [], 0
    while piece := response.read1(65_536):
        _left(until)
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise ModelError("answered with more than a megabyte")
        pieces.append(piece)
    return b"".join(pieces)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _short(text: str) -> str:
    return text if len(text) <= 160 else text[:159] + "…"
