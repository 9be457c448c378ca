"""What people are told of gates, introductions, agreements and messages.

Nothing quotes a word, and only a message to people who are introduced says which organisation it is from.
"""

from collections.abc import Collection, Mapping

from sqlmodel import Session

from matchmaker.accounts.schemas import Actor
from matchmaker.i18n import _, lazy
from matchmaker.interests import introduction_queries as queries
from matchmaker.notifications.kinds import Kind, declare, resolve

OPENED = "introduction.opened"
DECLARATION = "introduction.declaration"
WAITS_FOR_DECLARATION = "introduction.waits_for_declaration"
NO_ACCOUNT = "introduction.no_account"
PROHIBITED = "introduction.prohibited"
ENDED_BY_RULE = "introduction.ended_by_rule"
BROKER_RELEASED = "introduction.broker_released"
NDA_PROPOSED = "introduction.nda_proposed"
NDA_CONFIRMED = "introduction.nda_confirmed"
NDA_IN_FORCE = "introduction.nda_in_force"
MESSAGE = "message.received"
# Who sent a message when it was neither side.
BROKER = "broker"


def senders(session: Session, public_ids: Collection[str], actor: Actor, _lang: str) -> Mapping[str, str]:
    """Names of the organisations that the reader is introduced to; of nobody else."""
    return {BROKER: _("The broker"), **queries.names_of_introduced(session, public_ids, actor)}


resolve("sender", senders)

declare(
    Kind(
        OPENED,
        lazy("Introductions"),
        lazy("You are introduced to each other about “%(listing)s”. Names and contacts are open now."),
    ),
    Kind(
        DECLARATION,
        lazy("Export-control declarations that you are asked for"),
        lazy("The introduction about “%(listing)s” needs a declaration on export control from you by %(date)s."),
    ),
    Kind(
        WAITS_FOR_DECLARATION,
        lazy("Introductions that wait for an export-control declaration"),
        lazy("The introduction about “%(listing)s” waits until %(date)s for a declaration on export control."),
    ),
    Kind(
        NO_ACCOUNT,
        lazy("Introductions that wait for an account"),
        lazy("The introduction about “%(listing)s” waits: one side has no account here yet."),
    ),
    Kind(
        PROHIBITED,
        lazy("Introductions that an export-control rule holds back"),
        lazy("A rule of export control holds back the introduction about “%(listing)s”."),
    ),
    Kind(
        ENDED_BY_RULE,
        lazy("Matches that ended at an export-control rule"),
        lazy("The match about “%(listing)s” was closed: the rule of export control still stands in its way."),
    ),
    Kind(
        BROKER_RELEASED,
        lazy("Brokers who were released"),
        lazy("Both sides of the introduction about “%(listing)s” go on without the broker."),
    ),
    Kind(
        NDA_PROPOSED,
        lazy("Proposed non-disclosure agreements"),
        lazy("A non-disclosure agreement was proposed for “%(listing)s”. Please read it."),
    ),
    Kind(
        NDA_CONFIRMED,
        lazy("Non-disclosure agreements that the other side confirmed"),
        lazy("The other side confirmed the non-disclosure agreement for “%(listing)s”; yours is still missing."),
    ),
    Kind(
        NDA_IN_FORCE,
        lazy("Non-disclosure agreements that both sides confirmed"),
        lazy("The non-disclosure agreement for “%(listing)s” is confirmed by both sides."),
    ),
    Kind(
        MESSAGE,
        lazy("Messages"),
        lazy("%(sender)s wrote in the introduction about “%(listing)s”."),
    ),
)  # fmt: skip
