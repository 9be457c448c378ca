"""`python -m matchmaker …`: the management commands; a known problem is one line and exit code 2."""

import sys

import click
from flask.cli import FlaskGroup

from matchmaker.app import create_app
from matchmaker.core.errors import MatchmakerError


def main() -> None:
    """Run a command."""
    try:
        FlaskGroup(create_app=create_app, load_dotenv=False)()
    except MatchmakerError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
