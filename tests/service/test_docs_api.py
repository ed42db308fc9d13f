"""docs/api.md cannot lie: its examples run against a real service, and what it says of calls, problems and limits is compared."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.errors import STATUS
from app.settings import Settings
from pipelines.flow import weights
from tests.service.clients import tools
from tests.service.clients.page import ANSWERS, LANGUAGES, PAGE, Example, Section, says, sections, shown, table_rows
from tests.service.running import Service

ADDRESS = "http://127.0.0.1:8000"
MARK = "\x1e"
LIMIT_S = 600
INSTALLING = re.compile(r"^(?:pip|npm) install (.*)$", re.MULTILINE)
OF_EVERY_CALL = {400, 401, 403, 408, 413, 415, 422, 503}
"""Statuses that the chapter on problems explains for all calls; sections name a code where there is more to say."""


@dataclass(frozen=True)
class Place:
    """A service, and a folder to run the examples in."""

    service: Service
    folder: Path
    bins: tuple[Path, ...]
    receiver_port: int

    def here(self, text: str) -> str:
        """A text of the page with the addresses of this run."""
        return re.sub(r"\b9000\b", str(self.receiver_port), text.replace(ADDRESS, self.service.address))

    def run(self, *words: str, script: str = "") -> str:
        """What a command writes; fails with all that it wrote when it fails."""
        done = subprocess.run(
            words,
            input=script,
            cwd=self.folder,
            env=tools.environment(*self.bins, home=self.folder),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{words[0]} ended with {done.returncode}:\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as the page wants it: new, without keys and without the small model, and webhooks may go to this machine."""
    running = Service(tmp_path_factory.mktemp("api") / "data", {"WORLDLOOM_ALLOW_PRIVATE_WEBHOOKS": "true"}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def place(serving: Service, tmp_path: Path, pytestconfig: pytest.Config) -> Place:
    assert pytestconfig.cache is not None
    bins = (tools.node_tools(tmp_path / "bin"), tools.python_tools(pytestconfig.cache.mkdir("worldloom-clients")))
    folder = tmp_path / "reader"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Place(serving, folder, bins, port)


@pytest.mark.slow
def test_examples_do_what_the_page_says(place: Place) -> None:
    parts = sections()
    wrong = list(_shell(place, parts))
    wrong += _programs(place, parts, "python", 'print("{}")', "example.py", ("python", "example.py"))
    wrong += _programs(place, parts, "ts", 'console.log("{}");', "example.ts", ("npx", "tsc"), ("node", "example.js"))
    assert not wrong, "\n".join(wrong)


def _shell(place: Place, parts: Sequence[Section]) -> Iterator[str]:
    """Run all commands of the page as one reader would, and compare what they show with the block below them."""
    examples = [example for section in parts for example in section.of("sh")]
    script = "set -euo pipefail\n" + "".join(f"printf '{MARK}'\n{INSTALLING.sub(':', place.here(example.text))}" for example in examples)
    (place.folder / "example.sh").write_text(script, encoding="utf-8")
    outputs = dict(zip((example.line for example in examples), place.run("bash", "example.sh").split(MARK)[1:], strict=True))
    for section in parts:
        commands, answers = section.of("sh"), section.of(*ANSWERS)
        if commands and answers:
            assert len(answers) == 1, f"{section.title} shows several answers"
            answer = Example(answers[0].language, place.here(answers[0].text), answers[0].line)
            yield from (f"{PAGE.name}:{answer.line}: {fault}" for fault in shown(answer, outputs[commands[-1].line]))


def _programs(place: Place, parts: Sequence[Section], language: str, marking: str, file: str, *commands: tuple[str, ...]) -> Iterator[str]:
    """Run all examples of one language as one program, and compare what it prints with the comments behind its prints."""
    examples = [example for section in parts for example in section.of(language)]
    mark = marking.format(MARK.encode("unicode_escape").decode())
    text = "".join(f"{mark}\n{place.here(example.text)}" for example in examples)
    (place.folder / file).write_text(text, encoding="utf-8")
    outputs = [place.run(*words) for words in commands][-1].split(MARK)[1:]
    for example, output in zip(examples, outputs, strict=True):
        expected, printed = [place.here(line) for line in example.prints], output.strip().splitlines()
        if len(expected) != len(printed) or not all(map(says, expected, printed)):
            yield f"{PAGE.name}:{example.line}: it prints {printed} and the page says {expected}"


def test_every_call_has_a_section(serving: Service) -> None:
    described = set(_described(serving))
    shown_calls = [call for section in sections() for call in section.calls]
    assert len(shown_calls) == len(set(shown_calls))
    assert set(shown_calls) == described


def test_every_call_of_ours_is_shown_in_three_languages() -> None:
    for section in sections():
        for method, path in section.calls:
            wanted = ("sh",) if path.startswith("/marble/") else LANGUAGES
            for language in wanted:
                examples = section.of(language)
                assert examples, f"{method} {path} has no example in {language}"
                assert language == "sh" or all(example.prints for example in examples), f"{method} {path}: {language} shows nothing"
            assert section.of(*ANSWERS), f"{method} {path} shows no answer"


def test_problems_are_those_that_the_description_knows(serving: Service) -> None:
    described = _described(serving)
    for section in sections():
        named = {STATUS[code] for code in section.problems}
        ours = [call for call in section.calls if not call[1].startswith("/marble/")]
        known = {int(status) for call in ours for status in described[call]["responses"] if int(status) >= 400} - {421, 500}
        assert named <= known or not ours, f"{section.title} names problems with {named - known}, which its calls do not have"
        assert known - OF_EVERY_CALL <= named, f"{section.title} does not say when its calls answer {known - OF_EVERY_CALL - named}"


def test_every_problem_is_explained() -> None:
    rows = [row for row in table_rows("Problems") if row[0].isdigit()]
    assert {row[1].strip("`"): int(row[0]) for row in rows} == dict(STATUS)
    assert len(rows) == len(STATUS)


def test_limits_are_those_of_the_settings() -> None:
    rows = [row for row in table_rows("Limits") if row[2].startswith("`")]
    assert len(rows) >= 10
    for _, limit, setting, _ in rows:
        default: Any = Settings.model_fields[setting.strip("`").removeprefix("WORLDLOOM_").lower()].default
        assert float(limit.replace(",", "")) == float(default), f"{setting} is {default} and the page says {limit}"


def test_settings_on_the_page_exist() -> None:
    named = set(re.findall(r"WORLDLOOM_([A-Z_]+)", PAGE.read_text(encoding="utf-8")))
    small_model = weights.VARIABLE.removeprefix("WORLDLOOM_").lower()  # read by the stages, not by the service
    assert {name.lower() for name in named} <= {*Settings.model_fields, small_model}


def test_tools_are_those_that_are_tested() -> None:
    found = INSTALLING.findall(PAGE.read_text(encoding="utf-8"))
    wanted = dict(re.findall(r"(@?[^\s@=]+)(?:@|==)([^\s]+)", " ".join(found)))
    assert len(wanted) >= 4
    assert wanted.items() <= tools.installed().items()


def _described(service: Service) -> dict[tuple[str, str], Any]:
    """(method, path) → its description, of both APIs."""
    found = {}
    for address in ("/openapi.json", "/marble/openapi.json"):
        paths = httpx.get(f"{service.address}{address}").json()["paths"]
        found.update({(method.upper(), path): call for path, item in paths.items() for method, call in item.items()})
    return found
