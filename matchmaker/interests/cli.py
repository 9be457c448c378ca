"""Management commands for the table of export control."""

import click
from flask.cli import AppGroup

from matchmaker.interests import rules
from matchmaker.web.context import unit_of_work

export_rules = AppGroup("export-rules", help="The table of export control.")


@export_rules.command("examples")
def examples() -> None:
    """Add the shipped examples, which are marked as such and no legal advice."""
    with unit_of_work() as uow:
        count = rules.load_examples(uow)
    click.echo(f"{count} example rule(s) added; they are examples and not legal advice")
