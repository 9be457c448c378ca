"""How much each broker has in hand, and how fast they decide: their own for brokers, everybody's for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.review import broker_queries
from matchmaker.review.broker_queries import Colleague, Figures

SPAN_DAYS = 90


@dataclass(frozen=True)
class BrokerRow:
    """One broker with the figures of the last ninety days."""

    colleague: Colleague
    figures: Figures
    is_reader: bool

    @property
    def load(self) -> float:
        """The share of what they take on that is taken."""
        card = self.colleague.card
        return min(1.0, self.figures.to_decide / card.most_open) if card and card.most_open else 0.0

    @property
    def median_days(self) -> float | None:
        seconds = self.figures.median_seconds
        return None if seconds is None else seconds / 86_400


@dataclass(frozen=True)
class BrokersPage:
    """The rows, the fullest desk first, and whether they are everybody's."""

    rows: Sequence[BrokerRow]
    everything: bool
    days: int = SPAN_DAYS


def brokers_page(session: Session, actor: Actor) -> BrokersPage:
    """The overview that the actor may see."""
    everything = actor.role is Role.ADMINISTRATOR
    everybody = broker_queries.colleagues(session)
    shown = [one for id_, one in everybody.items() if everything or id_ == actor.person_id]
    figures = broker_queries.figures(session, [one.id for one in shown], now() - timedelta(days=SPAN_DAYS))
    rows = [BrokerRow(one, figures[one.id], one.id == actor.person_id) for one in shown]
    return BrokersPage(sorted(rows, key=lambda row: (-row.figures.to_decide, row.colleague.name)), everything)
