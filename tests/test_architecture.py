"""The architecture as tests: arrows, sizes, names, mirrors, the wheel, and that nothing happens at import."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "scheduler", "workers", "api", "fedrota")
FILE_LINES, MEDIAN_LINES, FUNCTION_LINES = 400, 100, 40
BRANCHES, NESTING, ARGUMENTS, POSITIONAL = 8, 4, 6, 4
BLIND_EXCEPTS, MIRROR, MIRRORED_FROM = 3, 0.90, 30
DIALECT_FILES = {"routes", "requests", "responses", "vocabulary", "errors"}
LATER = {"v2", "command", "listener"}
"""Beside them: `v2`, a second interface of the same system, laid out like the first and with its vocabulary; FLARE's
`command`, of which its table of commands is made, and `listener`, one of the doors to that table."""
WIDE = {
    "config/settings.py": "pydantic's own signature",
    "fedrota/cli/": "a command's flags are its arguments",
    "fedrota/up/commands.py": "the same",
    "fedrota/flare.py": "NVIDIA FLARE's signatures, which its users' scripts call",
    "fedrota/session/jobs.py": "the same",
    "fedrota/session/results.py": "the same",
    "fedrota/component.py": "the keywords of `@component` are how a component introduces itself",
}
NEVER = {"manager", "helper", "helpers", "util", "utils"}
NEVER_ALONE = {"common", "info", "data"}
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")
OUTSIDE = re.compile(r"\.\./shared|\.library|\bissue \d+\b|https?://\S+/simple\b|index-url", re.IGNORECASE)


@dataclass(frozen=True)
class Module:
    """A parsed source file of the product."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def list_sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def modules() -> list[Module]:
    return [
        Module(path, ast.parse(text), len(text.splitlines()))
        for path in list_sources()
        if (text := path.read_text(encoding="utf-8")) or True
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(module: Module) -> Iterator[Function]:
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def none_of(offenders: Iterable[str], rule: str) -> None:
    """Fail with a table of all offenders, not only the first."""
    found = sorted(offenders)
    assert not found, f"{rule}: {len(found)}\n" + "\n".join(f"  {line}" for line in found)


# --- Arrows ---------------------------------------------------------------------------------------


def test_the_arrows_point_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 kept, 0 broken" in done.stdout


def test_every_room_of_workers_has_its_place():
    """A room that the layers do not name could import any other; one that the page does not name explains itself to nobody."""
    rooms = {path.parent.name for path in (ROOT / "workers").glob("*/__init__.py")}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["workers"])
    assert {name for layer in layers for name in layer.split(" | ")} - {"site"} == rooms
    page = (ROOT / "docs/architecture.md").read_text()
    none_of(
        (room for room in rooms if f"| `{room}/`" not in page),
        "rooms of workers/ without a row in docs/architecture.md",
    )


def test_imports_are_absolute():
    relative = (
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    )
    none_of(relative, "relative imports")


# --- Sizes ----------------------------------------------------------------------------------------


def test_files_are_short():
    none_of((f"{module.name}: {module.lines}" for module in modules() if module.lines > FILE_LINES), "long files")
    assert median(module.lines for module in modules()) <= MEDIAN_LINES


def test_functions_are_short():
    lengths = ((module, node, length_of(node)) for module in modules() for node in functions_of(module))
    none_of((f"{place(m, n)}: {length} lines" for m, n, length in lengths if length > FUNCTION_LINES), "long functions")


def length_of(node: Function) -> int:
    """Lines of a function without its docstring."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        first = node.body[0]
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def place(module: Module, node: Function) -> str:
    return f"{module.name}:{node.lineno} {node.name}"


def test_functions_branch_little():
    tangled = (
        f"{place(module, node)}: {count}"
        for module in modules()
        for node in functions_of(module)
        if (count := count_paths(node)) > BRANCHES
    )
    none_of(tangled, f"McCabe over {BRANCHES}")


def count_paths(node: ast.AST) -> int:
    """McCabe's number as ruff counts it: branches, loops, handlers, cases; nested functions with their own."""
    total = 1
    for child in walk_statements(node):
        if isinstance(child, ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler):
            total += 1
        if isinstance(child, ast.For | ast.AsyncFor | ast.While | ast.Try) and child.orelse:
            total += 1
        if isinstance(child, ast.Match):
            total += len(child.cases)
    return total


def walk_statements(node: ast.AST) -> Iterator[ast.AST]:
    """The node's descendants, without the insides of functions and classes defined in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef):
            yield child
            yield from walk_statements(child)


def test_code_is_flat():
    deep = (
        f"{place(module, node)}: {depth}"
        for module in modules()
        for node in functions_of(module)
        if (depth := depth_of(node)) > NESTING
    )
    none_of(deep, f"nested deeper than {NESTING}")


BLOCKS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match


def depth_of(node: ast.AST) -> int:
    """How deep blocks stand in blocks; an elif stands beside its if."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        own = 1 if isinstance(child, BLOCKS) and not is_elif else 0
        deepest = max(deepest, own + depth_of(child))
    return deepest


def test_functions_take_few_arguments():
    none_of(
        (line for module in modules() for node in functions_of(module) for line in too_many(module, node)), "arguments"
    )


def too_many(module: Module, node: Function) -> Iterator[str]:
    positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    positional = positional[1:] if positional[:1] in (["self"], ["cls"]) else positional
    total = len(positional) + len(node.args.kwonlyargs)
    if total > ARGUMENTS and not any(module.name.startswith(known) for known in WIDE):
        yield f"{place(module, node)}: {total} arguments"
    if len(positional) > POSITIONAL and module.name not in WIDE:
        yield f"{place(module, node)}: {len(positional)} by position"


def test_every_return_is_annotated():
    bare = (place(module, node) for module in modules() for node in functions_of(module) if node.returns is None)
    none_of(bare, "without a return annotation")


# --- Habits ---------------------------------------------------------------------------------------


def test_every_module_says_what_it_is_for():
    none_of((module.name for module in modules() if not ast.get_docstring(module.tree)), "modules without a docstring")


@pytest.mark.parametrize("area", ["fedrota", "scheduler/service", "scheduler/store"])
def test_public_functions_say_what_types_cannot(area):
    silent = (
        place(module, node)
        for module in modules()
        if module.name.startswith(f"{area}/")
        for node in module.tree.body
        if isinstance(node, Function) and not node.name.startswith("_") and not ast.get_docstring(node)
    )
    none_of(silent, "public functions without a docstring")


def test_blind_excepts_stand_only_at_the_top_of_loops():
    blind = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    ]
    assert len(blind) <= BLIND_EXCEPTS, f"blind excepts: {len(blind)}\n" + "\n".join(blind)


def catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    wide = any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds
    )
    return wide and not always_raises(handler)


def always_raises(handler: ast.ExceptHandler) -> bool:
    """Clean up and raise again is no blind except."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_name_says_nothing():
    none_of((line for module in modules() for line in empty_names(module)), "names that say nothing")


def empty_names(module: Module) -> Iterator[str]:
    parts = module.path.relative_to(ROOT).with_suffix("").parts
    yield from (f"{module.name}: the name {part!r}" for part in parts if says_nothing(part))
    for node in ast.walk(module.tree):
        if isinstance(node, Function | ast.ClassDef) and says_nothing(node.name):
            yield f"{module.name}:{node.lineno} {node.name}"


def says_nothing(name: str) -> bool:
    """`base` alone is the architecture's own name for the executors' protocol."""
    words = re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", name).lower())
    return bool(NEVER & set(words)) or name in NEVER_ALONE or name.startswith("base_") or name.endswith("_obj")


def test_no_reexports():
    full = (
        path
        for path in list_sources()
        if path.name == "__init__.py" and path != ROOT / "fedrota/__init__.py"
        if any(isinstance(node, ast.ImportFrom) for node in ast.parse(path.read_text()).body)
    )
    none_of((str(path.relative_to(ROOT)) for path in full), "packages that hand on other modules' names")


def test_nothing_in_the_tree_points_at_one_machine():
    none_of(
        (line for path in list_texts() for line in foreign_lines(path)), "lines about one machine or its surroundings"
    )


def list_texts() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if (
            path.is_file()
            and path != Path(__file__)
            and path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".ini", ""}
        ):
            yield path


def foreign_lines(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if MACHINE_PATHS.search(line) or OUTSIDE.search(line):
            yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"


# --- Places ---------------------------------------------------------------------------------------


def test_tests_mirror_modules():
    due = [
        module
        for module in modules()
        if module.lines >= MIRRORED_FROM and module.path.stem not in {"__init__", "__main__"}
    ]
    missing = [module.name for module in due if not mirrors(module.path)]
    share = 1 - len(missing) / len(due)
    assert share >= MIRROR, f"{share:.0%} of modules have a test of the same name; missing:\n" + "\n".join(missing)


def mirrors(path: Path) -> bool:
    folder = ROOT / "tests" / path.relative_to(ROOT).parent
    return (folder / f"test_{path.stem}.py").exists()


def test_dialects_have_the_same_five_files():
    folders = sorted(path for path in (ROOT / "api/dialects").iterdir() if path.is_dir() and path.name != "__pycache__")
    for folder in folders:
        parts = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()} - {
            "__init__",
            "__pycache__",
        }
        assert parts - LATER == DIALECT_FILES, f"{folder.name} has {sorted(parts)}"


def test_test_folders_are_no_packages():
    none_of((str(path) for path in (ROOT / "tests").rglob("__init__.py")), "packages among the tests")


# --- Import and wheel -----------------------------------------------------------------------------

QUIET_IMPORT = """
import builtins, importlib, os, sys
real_open = builtins.open
watched = []

def audit(event, args):
    if not watched:
        return
    if event.startswith("socket.") and event not in {"socket.__new__", "socket.gethostname"}:
        raise RuntimeError(f"{watched[0]} touches the network while it is imported: {event}")
    if event in {"subprocess.Popen", "os.system", "os.fork", "os.posix_spawn"}:
        raise RuntimeError(f"{watched[0]} starts a process while it is imported: {event}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise RuntimeError(f"{watched[0]} writes {args[0]} while it is imported")

class Blocked(dict):
    def refuse(self, key):
        if str(key).startswith("FEDROTA"):
            raise RuntimeError(f"reads {key} while it is imported")
    def __getitem__(self, key):
        self.refuse(key)
        return super().__getitem__(key)
    def get(self, key, default=None):
        self.refuse(key)
        return super().get(key, default)
    def __contains__(self, key):
        self.refuse(key)
        return super().__contains__(key)

sys.dont_write_bytecode = True
os.environ = Blocked(os.environ)
os.getenv = os.environ.get
sys.addaudithook(audit)
failed = []
for name in sys.argv[1:]:
    watched[:] = [name]
    try:
        importlib.import_module(name)
    except (RuntimeError, ImportError) as error:
        failed.append(f"{name}: {error}")
    watched.clear()
print("\\n".join(failed))
"""


def test_nothing_happens_at_import():
    """Each module imports with the network, child processes, writing and our settings blocked.

    `celery.py` of the scheduler and of the workers holds its process's one global app, `__main__` runs.
    """
    names = [
        ".".join(module.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for module in modules()
        if module.path.stem not in {"__main__", "celery"}
    ]
    done = subprocess.run(
        [sys.executable, "-c", QUIET_IMPORT, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    none_of(done.stdout.split("\n")[:-1] if done.stdout.strip() else (), "modules that act while they are imported")


def test_the_wheel_holds_fedrota_only(tmp_path):
    """An install of ours must not overwrite somebody's `config` or `api`."""
    from hatchling.builders.wheel import WheelBuilder

    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fedrota"}
