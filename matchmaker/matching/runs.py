"""Keep what a measurement found, hide it, show it again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from embeddings.evaluation.dataset import Dataset
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.config import ROOT
from matchmaker.core.clock import now
from matchmaker.core.errors import Misconfigured
from matchmaker.core.text import clean_line
from matchmaker.db.uow import UnitOfWork
from matchmaker.matching import scoring
from matchmaker.matching.models import EvaluationRun
from matchmaker.matching.run_queries import find

# The task of a run that measured the market itself: who is shown to whom.
COVERAGE = "coverage"
MOST_NOTE = 500
# What decides a ranking; a change anywhere else in the code changes no figure.
DECIDING = ("embeddings", "matchmaker/matching")


@dataclass(frozen=True)
class Finding:
    """What a measurement has to say; `figures` as `run_figures.py` describes them."""

    task: str
    encoder: str
    figures: Mapping[str, Any]
    digest: str = ""
    scope: str = ""
    weights: str = ""
    seconds: float = 0.0
    queries: int = 0
    documents: int = 0
    note: str = ""


def keep(uow: UnitOfWork, found: Finding) -> EvaluationRun:
    """Write a run down; raises Misconfigured when its figures are no plain finite numbers."""
    try:
        figures = json.dumps(found.figures, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Misconfigured(f"these figures cannot be kept: {error}") from error
    run = EvaluationRun(
        task=found.task[:128],
        digest=found.digest,
        scope=found.scope[:64],
        encoder=found.encoder[:128],
        weights=(found.weights or weights_version())[:64],
        code=code_version(),
        seconds=round(found.seconds, 3),
        queries=found.queries,
        documents=found.documents,
        note=clean_line(found.note)[:MOST_NOTE],
        figures=figures,
    )
    uow.session.add(run)
    uow.session.flush()  # whoever keeps it says its number
    return run


def hide(uow: UnitOfWork, number: int, *, actor: Actor) -> EvaluationRun:
    """Take a run off the page; it stays in the table. Hiding it twice is hiding it once."""
    run = find(uow.session, number)
    if run.hidden_at is None:
        run.hidden_at = now()
        record(uow, actor.public_id, "evaluation_run.hide", ("evaluation_run", str(number)))
    return run


def show_again(uow: UnitOfWork, number: int, *, actor: Actor) -> EvaluationRun:
    """Bring a hidden run back."""
    run = find(uow.session, number)
    if run.hidden_at is not None:
        run.hidden_at = None
        record(uow, actor.public_id, "evaluation_run.show", ("evaluation_run", str(number)))
    return run


def digest_of(dataset: Dataset) -> str:
    """SHA-256 of all that the task says, however its files are packed."""
    return sha256(json.dumps(asdict(dataset) | {"name": ""}, sort_keys=True).encode()).hexdigest()


def weights_version() -> str:
    """The weights of the score's parts as a short name that changes with them."""
    said = json.dumps([(rule.name, rule.weight) for rule in scoring.RULES])
    return f"shipped-{sha256(said.encode()).hexdigest()[:8]}"


@cache
def code_version() -> str:
    """The code that decides a ranking as a short name that changes with it."""
    digest = sha256()
    for folder in DECIDING:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
