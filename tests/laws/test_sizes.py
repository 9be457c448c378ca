"""Law 4: modules, functions, views and templates stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE, FUNCTION, VIEW, TEMPLATE, PARAMETERS = 400, 60, 15, 120, 5

Function = ast.FunctionDef | ast.AsyncFunctionDef

SOURCES = sorted(
    path
    for folder in ("matchmaker", "embeddings")
    for path in (ROOT / folder).rglob("*.py")
    # A migration is a record of the past, written by Alembic.
    if "versions" not in path.parts
)
VIEWS = sorted((ROOT / "matchmaker").glob("*/views.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from `def` to the last one, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(function.body) > 1
    return lines - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def parameters(function: Function) -> list[str]:
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return [arg.arg for arg in every if arg.arg not in {"self", "cls"}]


def is_a_command(function: Function) -> bool:
    """A command's parameters are its options, each declared by a decorator."""
    return any("option" in ast.unparse(decorator) for decorator in function.decorator_list)


def positional_booleans(function: Function) -> list[str]:
    return [arg.arg for arg in function.args.args if arg.annotation and ast.unparse(arg.annotation) == "bool"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_measure():
    assert len(SOURCES) > 60
    assert len(VIEWS) >= 5
    assert len(TEMPLATES) > 30


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_and_its_functions_are_small(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE
    assert {f.name: length(f) for f in functions(path) if length(f) > FUNCTION} == {}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_functions_take_few_parameters_and_name_their_switches(path: Path):
    assert {f.name: parameters(f) for f in functions(path) if len(parameters(f)) > PARAMETERS} == {}
    assert {
        f.name: positional_booleans(f) for f in functions(path) if positional_booleans(f) and not is_a_command(f)
    } == {}


@pytest.mark.parametrize("path", VIEWS, ids=named)
def test_a_view_parses_calls_and_renders(path: Path):
    views = [f for f in functions(path) if f.decorator_list]
    assert views
    assert {f.name: length(f) for f in views if length(f) > VIEW} == {}


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_is_small(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= TEMPLATE


def test_most_functions_are_short():
    lengths = sorted(length(f) for path in SOURCES for f in functions(path))
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_no_module_is_named_after_nothing():
    assert {path.stem for path in SOURCES} & {"utils", "util", "helpers", "common", "manager", "misc"} == set()
