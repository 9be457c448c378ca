"""Every deed that the record can hold has a title for its readers, and so has whatever it is done to."""

import ast
from collections.abc import Iterator
from pathlib import Path

from matchmaker.accounts.models import MembershipRole, Role, Verification
from matchmaker.admin import deeds
from matchmaker.admin.deeds import DEEDS, OBJECTS
from matchmaker.config import ROOT
from matchmaker.listings.models import Status
from matchmaker.review.models import State

# Deeds whose names end with what something became.
BECAME = {
    "person.role.": Role,
    "membership.": MembershipRole,
    "organisation.": Verification,
    "listing.": Status,
    "suggestion.": State,
}


def noted() -> Iterator[tuple[ast.expr, ast.expr]]:
    """The action and the subject of every call that writes into the record."""
    for path in sorted((ROOT / "matchmaker").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                yield call.args[2], call.args[3]


def words(expression: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(expression) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_every_deed_has_a_title():
    assert len(list(noted())) > 50
    spelled = {action for found, _subject in noted() for action in words(found)}
    endings = {word for word in spelled if word.endswith(".")}
    became = {f"{beginning}{value}" for beginning, values in BECAME.items() for value in values}
    assert endings == set(BECAME)
    assert (spelled - endings) | became <= set(DEEDS)


def test_whatever_a_deed_is_done_to_has_a_title():
    kinds = {
        subject.elts[0].value
        for _action, subject in noted()
        if isinstance(subject, ast.Tuple) and isinstance(subject.elts[0], ast.Constant)
    }
    assert kinds == set(OBJECTS)


def test_no_title_is_of_a_deed_that_nobody_does():
    """A name that the sources hold nowhere, whole or as a beginning with an ending, is nobody's."""
    places = (path for path in (ROOT / "matchmaker").rglob("*.py") if path != Path(deeds.__file__))
    source = "".join(path.read_text(encoding="utf-8") for path in places)
    became = {f"{beginning}{value}" for beginning, values in BECAME.items() for value in values}
    assert {name for name in DEEDS if f'"{name}"' not in source} - became == set()
