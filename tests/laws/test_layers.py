"""Law 2: imports point down, and none hides inside a function."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "matchmaker").rglob("*.py")) + sorted((ROOT / "embeddings").rglob("*.py"))
# What a linter is told, and why the import is where it is.
REASON = re.compile(r"# noqa: PLC0415\s+\(\w.{5,}\)$")


def hidden_imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    """The imports inside functions."""
    functions = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [n for function in functions for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]


def reason(lines: list[str], number: int) -> bool:
    """Whether the import in line `number` (from 1) gives its reason beside it, or over the block that it is in."""
    if REASON.search(lines[number - 1]):
        return True
    above = number - 2
    while "# noqa: PLC0415" in lines[above]:
        above -= 1
    return lines[above].strip().startswith("# ")


def test_every_contract_of_pyproject_is_kept():
    cache = ROOT / "var" / "cache" / "importlinter"
    command = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    arguments = ["--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache)]
    done = subprocess.run(
        [sys.executable, "-c", command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_import_inside_a_function_says_why_and_never_hides_a_room(path: Path):
    source = path.read_text(encoding="utf-8")
    for node in hidden_imports(source):
        assert reason(source.splitlines(), node.lineno), f"line {node.lineno} gives no reason"
        assert "matchmaker" not in ast.unparse(node)


def test_a_hidden_import_would_be_found():
    found = hidden_imports("def f():\n    if f:\n        from matchmaker.db import uow\n    import json\n")
    assert sorted(ast.unparse(node) for node in found) == ["from matchmaker.db import uow", "import json"]
