"""Check the record of deeds from the command line."""

import sys

import click
from flask.cli import AppGroup

from matchmaker.audit import queries
from matchmaker.audit.service import first_break
from matchmaker.web.context import fresh_reader

audit = AppGroup("audit", help="The record of who did what.")


@audit.command("verify")
def verify() -> None:
    """Check that no event was changed, removed or put in between; says where the chain breaks, and exits 1 then."""
    with fresh_reader() as session:
        broken = first_break(queries.stream(session))
    if broken is None:
        click.echo("the chain holds from the first event to the last")
        return
    click.echo(f"the chain breaks at event {broken.id} of {broken.at.isoformat()}")
    sys.exit(1)
