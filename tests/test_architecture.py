"""Who may know whom: the rules of the house, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TYPES = {"errors", "prompt", "spec", "scene", "camera", "gaussians", "world", "cores", "compiled", "rays", "exr"}
GROUND_FLOOR = TYPES | {"stage", "recipes"}
KNOWS = {
    "language": {"things", "places"},
    "layout": {"things", "places"},
    "things": set(),
    "places": set(),
    "models": set(),
    "vision": {"models"},
    "paint": {"models", "splat"},
    "splat": set(),
    "mesh": set(),
    "formats": {"splat", "mesh"},
    "quality": {"splat", "paint"},
    "flow": {"language", "models", "paint", "splat"},
    "training": {"flow", "formats", "language", "layout", "paint", "places", "splat", "things"},
}
"""Room → the rooms that it may import, each only through its `__init__`."""

HEAVY = {
    "torch",
    "numba",
    "transformers",
    "gsplat",
    "diffusers",
    "pycolmap",
    "embreex",
    "scipy",
    "skimage",
    "trimesh",
    "av",
    "OpenEXR",
    "PIL",
    "fast_simplification",
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc"}


@dataclass(frozen=True)
class Import:
    """`module` is imported by the file `where` on `line`."""

    where: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line} imports {self.module}"


@cache
def sources(folder: str) -> dict[Path, ast.Module]:
    """Every Python file below a folder of the repository, parsed; paths from the root."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} holds no Python files"
    return {file.relative_to(ROOT): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def imports(folder: str) -> Iterator[Import]:
    """Every import in a folder, those inside functions and for type checking included."""
    for where, tree in sources(folder).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (Import(where, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{where}:{node.lineno} uses a relative import: write the whole name"
                assert node.module is not None
                for alias in node.names:
                    yield Import(where, node.lineno, _module_of(node.module, alias.name))


def _module_of(module: str, name: str) -> str:
    """`from pipelines import spec` means the module pipelines.spec; a name that the package's `__init__` hands out means the package."""
    path = ROOT / Path(*module.split("."), name)
    is_module = path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
    return f"{module}.{name}" if is_module and name not in _handed_out(module) else module


@cache
def _handed_out(module: str) -> frozenset[str]:
    """The names in a package's `__all__`."""
    door = ROOT / Path(*module.split("."), "__init__.py")
    if not door.is_file():
        return frozenset()
    lists = [
        node.value
        for node in ast.parse(door.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and any(_name(target) == "__all__" for target in node.targets)
    ]
    return frozenset(name for value in lists for name in ast.literal_eval(value))


def room_of(where: Path) -> str | None:
    """The room that a file of `pipelines` lies in; None on the ground floor."""
    return where.parts[1] if len(where.parts) > 2 else None


def test_every_folder_of_pipelines_is_a_known_room() -> None:
    rooms = {where.parts[1] for where in sources("pipelines") if len(where.parts) > 2}
    assert rooms <= set(KNOWS), f"name what {sorted(rooms - set(KNOWS))} may know in KNOWS, and draw it in CONTRIBUTING.md"


def test_pipelines_knows_nothing_of_the_service() -> None:
    wrong = [found for found in imports("pipelines") if found.module.split(".")[0] in {"app", "tests", "bench", "docs", "fastapi", "typer"}]
    assert not wrong, "\n".join(map(str, wrong))


def test_ground_floor_knows_no_room() -> None:
    wrong = []
    for found in imports("pipelines"):
        if room_of(found.where) is None and found.module.startswith("pipelines."):
            allowed = TYPES if found.where.stem in TYPES else TYPES | {"stage"} if found.where.stem == "stage" else GROUND_FLOOR
            if found.module.split(".")[1] not in allowed or found.module.count(".") > 1:
                wrong.append(found)
    assert not wrong, "\n".join(map(str, wrong))


def test_rooms_know_only_whom_they_may_and_only_through_the_door() -> None:
    wrong = []
    for found in imports("pipelines"):
        room = room_of(found.where)
        if room is None or not found.module.startswith("pipelines."):
            continue
        target = found.module.split(".")[1]
        if target in GROUND_FLOOR or target == room:
            continue
        if target not in KNOWS[room] or found.module.count(".") > 1:
            wrong.append(found)
    assert not wrong, "\n".join(map(str, wrong))


def test_no_two_rooms_know_each_other() -> None:
    reachable = {room: _reach(room) for room in KNOWS}
    assert not [room for room, others in reachable.items() if room in others]


def _reach(room: str) -> set[str]:
    seen: set[str] = set()
    todo = list(KNOWS[room])
    while todo:
        if (other := todo.pop()) not in seen:
            seen.add(other)
            todo += KNOWS[other]
    return seen


def test_service_uses_pipelines_by_public_names() -> None:
    wrong = [found for found in imports("app") if found.module.startswith("pipelines.") and found.module.count(".") > 1]
    assert not wrong, "\n".join(map(str, wrong))
    private = [
        f"{where}:{node.lineno} takes {alias.name} from {node.module}"
        for where, tree in sources("app").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipelines")
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not private, "\n".join(private)


def test_service_never_imports_torch() -> None:
    wrong = [found for found in imports("app") if found.module.split(".")[0] in {"torch", "numba", "gsplat", "transformers"}]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    ("module", "sign", "unwanted"),
    [
        ("pipelines", "pipelines", HEAVY | {"numpy"}),
        ("pipelines.stage", "numpy", HEAVY),
        ("pipelines.recipes", "pipelines", HEAVY | {"numpy"}),
        ("app.cli", "app", HEAVY | {"numpy", "fastapi"}),
        ("app.commands", "typer", HEAVY | {"numpy", "fastapi"}),
        ("app.main", "fastapi", HEAVY | {"numpy", "alembic"}),
        ("app.working.worker", "dbos", HEAVY | {"numpy", "alembic", "fastapi"}),
    ],
)
def test_import_stays_light(module: str, sign: str, unwanted: set[str]) -> None:
    """What waits must not weigh: the service and its workers load numbers and models only in the child processes that need them."""
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())
    assert sign in loaded, "the probe itself looks broken"
    assert not unwanted & loaded


def test_only_the_engine_knows_dbos() -> None:
    wrong = [found for found in imports("app") if found.module.split(".")[0] == "dbos" and found.where != Path("app/engine.py")]
    assert not wrong, "\n".join(map(str, wrong))


def test_services_and_tables_know_nothing_of_routes() -> None:
    """Inwards only: routes know services, services know tables; the worker knows neither routes nor the web framework."""
    wrong = [
        found
        for found in imports("app")
        if found.where.name in {"service.py", "tables.py", "database.py", "store.py", "engine.py", "moves.py"}
        and found.module.startswith("app.")
        and found.module.endswith((".routes", ".main"))
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_only_formats_takes_logs_of_what_files_hold() -> None:
    """Scales and opacities are activated everywhere in memory: their logarithms belong to files, and to the optimiser while it runs."""
    wrong = []
    for where, tree in sources("pipelines").items():
        if room_of(where) == "formats" or where == Path("pipelines/splat/optimise.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in {"log", "log2", "log10", "log1p", "logit", "arctanh"}:
                argument = " ".join(ast.unparse(part) for part in node.args).lower()
                if "scales" in argument or ("opacit" in argument and "1 -" in argument):
                    wrong.append(f"{where}:{node.lineno} {ast.unparse(node)}")
            if _name(node) == "logit":
                wrong.append(f"{where}:{getattr(node, 'lineno', 0)} logit")
    assert not wrong, "\n".join(wrong)


def test_only_formats_flips_axes() -> None:
    """(1, −1, −1) turns y-up into y-down: a sign triple elsewhere is a second home for axes. `gpu.py` speaks to gsplat, in its frame."""
    wrong = []
    for where, tree in sources("pipelines").items():
        if room_of(where) == "formats" or where == Path("pipelines/splat/gpu.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple | ast.List) and _numbers(node) in ((1, -1, -1), (-1, -1, 1), (1, 1, -1, -1), (1, -1, -1, 1)):
                wrong.append(f"{where}:{node.lineno} {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def _numbers(node: ast.Tuple | ast.List) -> tuple[float, ...] | None:
    try:
        values = ast.literal_eval(node)
    except ValueError:
        return None
    return tuple(float(value) for value in values) if all(isinstance(value, int | float) for value in values) else None


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_no_module_is_named_after_nothing() -> None:
    wrong = [
        where for folder in ("app", "pipelines", "bench") for where in sources(folder) if FORBIDDEN_NAMES & set(where.with_suffix("").parts)
    ]
    assert not wrong


def test_library_does_not_print() -> None:
    wrong = [
        f"{where}:{node.lineno}"
        for where, tree in sources("pipelines").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) == "print"
    ]
    assert not wrong, "\n".join(wrong)


def test_every_random_draw_is_seeded() -> None:
    """No draw from global state, from hash() or from the clock: the same seed must give the same world."""
    wrong = []
    for where, tree in sources("pipelines").items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in {"hash", "uuid.uuid4", "time.time", "os.urandom"} or (
                    called.startswith(("np.random.", "random."))
                    and called not in {"np.random.default_rng", "np.random.PCG64", "np.random.Generator", "np.random.SeedSequence"}
                ):
                    wrong.append(f"{where}:{node.lineno} {called}")
                if called == "np.random.default_rng" and not node.args:
                    wrong.append(f"{where}:{node.lineno} default_rng without a seed")
    assert not wrong, "\n".join(wrong)


def test_nine_in_ten_functions_fit_a_screen() -> None:
    lengths, wide = [], []
    for folder in ("app", "pipelines", "bench"):
        for where, tree in sources(folder).items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lengths.append((node.end_lineno or node.lineno) - node.lineno + 1)
                    positional = len(node.args.posonlyargs) + len(node.args.args)
                    if positional > 7 and not node.decorator_list and not node.name.startswith("_"):
                        wide.append(f"{where}:{node.lineno} {node.name} takes {positional}")
    assert sorted(lengths)[int(0.9 * (len(lengths) - 1))] <= 35
    assert not wide, "\n".join(wide)
