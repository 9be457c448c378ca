"""`python -m matchmaker …`: the management commands; a known problem is one line and exit code 2."""

import sys

import click
from flask.cli import FlaskGroup
from sqlalchemy.exc import DatabaseError

from embeddings.encoders.base import EncoderUnavailable
from matchmaker.app import create_app
from matchmaker.core.errors import MatchmakerError


def main() -> None:
    """Run a command."""
    try:
        FlaskGroup(create_app=create_app, load_dotenv=False)()
    except MatchmakerError as error:
        sys.exit(_refuse(str(error)))
    except DatabaseError as error:
        # A disk that is full, a table that is missing: the reason in one line, not where in the program it was met.
        sys.exit(_refuse(f"the database cannot be used: {error.orig}; `db upgrade` prepares a new or an older one"))
    except (OSError, UnicodeError, EncoderUnavailable) as error:
        # A folder that cannot be written, a name that is no text: the operator's surroundings, not a fault of ours.
        sys.exit(_refuse(str(error)))


def _refuse(why: str) -> int:
    click.echo(f"error: {' '.join(why.split())}", err=True)
    return 2


if __name__ == "__main__":
    main()
