"""The size of what we write: small functions, short files, few parameters."""

import ast
import gc
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "vocabulary",
    "device_drivers",
    "clinical",
    "firmware_bridge",
    "gateway",
    "monitor_api",
    "alerts",
    "lumenward",
)
ROOMS = {*PACKAGES, "tests", "docs"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree. CPython 3.11 miscounts its depth when a finaliser runs meanwhile, so none may."""
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


@cache
def all_functions() -> list[tuple[str, Function]]:
    return list(chain.from_iterable(functions(path) for path in sources()))


def length(function: Function) -> int:
    """Lines from `def` to the end, less the docstring."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def parameters(function: Function) -> int:
    arguments = function.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def test_no_function_is_longer_than_60_lines():
    assert [name for name, function in all_functions() if length(function) > 60] == []


def test_19_of_20_functions_are_within_30_lines():
    lengths = sorted(length(function) for _, function in all_functions())
    assert lengths[int(len(lengths) * 0.95)] <= 30


def test_half_of_the_functions_are_within_8_lines():
    assert median(length(function) for _, function in all_functions()) <= 8


def test_no_function_takes_more_than_5_parameters():
    assert [name for name, function in all_functions() if parameters(function) > 5] == []


def test_no_file_is_longer_than_400_lines_tests_among_them():
    files = [*sources(), *sorted((ROOT / "tests").rglob("*.py"))]
    assert [str(path) for path in files if len(path.read_text().splitlines()) > 400] == []


def test_half_of_the_files_are_within_130_lines():
    assert median(len(path.read_text().splitlines()) for path in sources()) <= 130


def test_every_module_has_a_caption_of_one_line():
    captions = {path: ast.get_docstring(parsed(path)) for path in sources()}
    assert [str(path) for path, caption in captions.items() if not caption] == []
    assert [str(path) for path, caption in captions.items() if caption and "\n" in caption.split("\n\n")[0]] == []


def test_every_file_of_code_is_in_a_room():
    tracked = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/**/*.py") if ".venv" not in path.parts}
    assert tracked <= ROOMS
