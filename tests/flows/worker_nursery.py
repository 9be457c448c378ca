"""Starts workers quickly: everything is imported once, then each line of the input forks one, whose number is printed.

The child is a process like any other, with connections of its own; only its imports were made by its parent.
"""

import os
import sys

from matchmaker.app import create_app
from matchmaker.db.worker import POLL_SECONDS


def work() -> None:
    """What `flask worker` does, until somebody kills it."""
    app = create_app()
    with app.app_context():
        worker = app.extensions["matchmaker.worker"]
        while True:
            if not worker.round():
                worker._wake.wait(POLL_SECONDS / 50)


def main() -> None:
    for _line in sys.stdin:
        number = os.fork()
        if number == 0:
            work()
        print(number, flush=True)


if __name__ == "__main__":
    main()
