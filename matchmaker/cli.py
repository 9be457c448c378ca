"""The management commands: the features' own, and those that start and maintain an installation."""

import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys

import click
import waitress
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from rich.console import Console

from matchmaker import latency
from matchmaker.accounts import demo as demo_accounts
from matchmaker.accounts.cli import accounts
from matchmaker.audit.cli import audit
from matchmaker.config import Settings
from matchmaker.core.errors import Misconfigured
from matchmaker.db.migrate import upgrade
from matchmaker.db.worker import Worker
from matchmaker.gold.cli import gold
from matchmaker.interests.cli import export_rules
from matchmaker.interests.demo import begin as begin_demo
from matchmaker.interests.rules import load_examples
from matchmaker.learning.cli import learning
from matchmaker.listings import demo as demo_listings
from matchmaker.listings.cli import listings
from matchmaker.matching.cli import bars, catch_up, embeddings, matching
from matchmaker.matching.cli import prepare as prepare_matching
from matchmaker.matching.runtime import matcher
from matchmaker.portal.queries import is_empty
from matchmaker.web.context import engine, fresh_reader, unit_of_work

database = AppGroup("db", help="The database.")
console = Console(stderr=True)


@database.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest migration."""
    click.echo(f"the database is at version {upgrade(engine())}")


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Prepare whatever is missing, then serve the portal."""
    settings: Settings = current_app.extensions["matchmaker.settings"]
    # Whoever stops a service sends SIGTERM; it ends as Ctrl+C does, so that the worker gives its lease back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with listen(settings) as door:
        upgrade(engine())
        if not matcher().is_prepared or demo_is_due(settings):
            prepare_apart()
        if not matcher().is_bundled:
            matcher().open()  # a name that does not exist is said now, not to everybody who searches
        matcher().start()
        worker().start()
        # Requests that wait for a thread are no news: a browser sends several at once.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        # A hundred browsers that never finish a request must not keep all others out.
        patience = {"threads": settings.threads, "connection_limit": 1000, "channel_timeout": 30}
        host, port = door.getsockname()[:2]
        if settings.port == 0 and settings.url.endswith(":0"):
            current_app.extensions["matchmaker.url"] = f"{settings.url[:-2]}:{port}"
        server = waitress.create_server(current_app._get_current_object(), sockets=[door], **patience)  # type: ignore[attr-defined]
        try:
            console.print(f"[bold]The portal is open at http://{host}:{port}[/bold]  (Ctrl+C ends it)")
            server.run()
        except KeyboardInterrupt:
            console.print("The portal was closed before it began.")
        finally:
            worker().close()
            matcher().close()


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Send letters and do what the clock says, in a process of its own; the server does the same in a thread.

    Any number of workers may run beside each other and the server; it loads no encoder.
    """
    upgrade(engine())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker().close())
    console.print("The worker is at work (Ctrl+C ends it)")
    worker().work()


def worker() -> Worker:
    """The process's worker."""
    found: Worker = current_app.extensions["matchmaker.worker"]
    return found


def prepare_apart() -> None:
    """Prepare in a process of its own: what building and embedding took of memory must not stay with the server."""
    done = subprocess.run([sys.executable, "-m", "matchmaker", "prepare"], check=False)
    if done.returncode:
        sys.exit(done.returncode)


@click.command("prepare")
@with_appcontext
def prepare_command() -> None:
    """Do everything that serving needs, without serving."""
    prepare()


def prepare() -> None:
    """Migrate, build the encoder, load the demo on the first run."""
    settings: Settings = current_app.extensions["matchmaker.settings"]
    upgrade(engine())
    prepare_matching()
    if demo_is_due(settings):
        console.print("Loading the demo …")
        demo_listings.load(engine())
        catch_up()
        with unit_of_work() as uow:
            made = demo_accounts.create(uow)
            load_examples(uow)
        with unit_of_work() as uow:
            begin_demo(uow)
        for account, password in made:
            # Printed once: only the hash is kept.
            console.print(f"  {account.label:14} {account.email:24} {password}", highlight=False)


@click.command("measure")
@click.option("--posts", default=40, show_default=True, help="How many listings to post.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@with_appcontext
def measure(posts: int, as_json: bool) -> None:
    """Time from posting a listing to its matches on the page, and a server's memory; on a copy of the database."""
    settings: Settings = current_app.extensions["matchmaker.settings"]
    with bars() as say:
        report = latency.measure(settings, matcher(), posts, say("posting"))
    found = report.as_dict()
    click.echo(json.dumps(found) if as_json else "\n".join(f"{name:16} {value:.4g}" for name, value in found.items()))


def demo_is_due(settings: Settings) -> bool:
    """Whether this is the first start, or one that was cut off."""
    with fresh_reader() as session:
        return settings.demo and (is_empty(session) or demo_accounts.is_unfinished(session))


def listen(settings: Settings) -> contextlib.closing[socket.socket]:
    """The listening socket, taken before any long work, so that a second server fails at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
        door.listen(128)
    except OSError as error:
        door.close()
        raise Misconfigured(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); set MATCHMAKER_PORT to another port"
        ) from None
    return contextlib.closing(door)


def init_app(app: Flask) -> None:
    for group in (database, accounts, audit, listings, matching, embeddings, gold, export_rules, learning):
        app.cli.add_command(group)
    for command in (serve, worker_command, prepare_command, measure):
        app.cli.add_command(command)
