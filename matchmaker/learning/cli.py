"""Management commands for learning from verdicts."""

import json
import sys
from collections.abc import Mapping

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from matchmaker.learning import service
from matchmaker.learning.training import MEASURES, Proposal, Why
from matchmaker.matching.weights import active
from matchmaker.web.context import fresh_reader, unit_of_work

learning = AppGroup("learning", help="Weights from verdicts.")

# What the record calls whoever works at the command line.
SOMEBODY = "command line"
SAID = {
    Why.NONE: "there is no verdict to learn from",
    Why.ALL_YES: "every verdict was a yes: the weights stay as they are",
    Why.ALL_NO: "every verdict was a no: the weights stay as they are",
    Why.TOO_FEW: "too few verdicts came later to judge the weights by",
}


@learning.command("train")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--dry-run", is_flag=True, help="Keep nothing.")
def train(as_json: bool, dry_run: bool) -> None:
    """Learn weights from all verdicts and keep them as a proposal; an administrator puts them to use."""
    with fresh_reader() as session:
        proposal, current = service.train(session), active(session)
    version = None
    if not dry_run:
        with unit_of_work() as uow:
            row = service.keep(uow, proposal, by=SOMEBODY)
            version = row.id if row else None
    if as_json:
        found = {"version": version, "weights": dict(proposal.weights), **proposal.figures()}
        json.dump(found, sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    click.echo(f"{proposal.verdicts} verdicts of brokers ({proposal.endorsed} endorse), {proposal.sides} of the sides")
    if proposal.why:
        click.echo(SAID[proposal.why])
    _print(proposal, current.shares)
    if version:
        click.echo(f"kept as version {version}; it counts once an administrator puts it to use")


def _print(proposal: Proposal, current: Mapping[str, float]) -> None:
    out = Console()
    table = Table("part", "now", "proposed")
    for name, share in proposal.weights.items():
        table.add_row(name, f"{current[name]:.3f}", f"{share:.3f}")
    out.print(table)
    held_out = proposal.held_out
    if held_out is None:
        return
    title = f"learned from the earlier {held_out.earlier} verdicts, measured on {held_out.later} later ones of brokers"
    table = Table("measure", "now", "proposed", "difference", title=title)
    for name in MEASURES:
        figures = (held_out.current[name], held_out.proposed[name], held_out.difference[name])
        table.add_row(name, *(f"{f.value:.3f} [{f.low:.3f}, {f.high:.3f}]" for f in figures))
    out.print(table)
