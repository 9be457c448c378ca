"""The desk's page as data: what was asked for, the pairs with their reasons, and what is left to choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default

from sqlmodel import Session

from matchmaker.accounts.queries import person_names
from matchmaker.core.paging import Page
from matchmaker.listings import queries as listings
from matchmaker.listings.confidence import Reader
from matchmaker.matching.ranking import Ranking
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Match
from matchmaker.review import queries
from matchmaker.review.models import DeclineReason, State
from matchmaker.review.queries import DeskFilters, DeskItem
from matchmaker.review.reasons import explain

SIZE = 20
# Far beyond any desk; a larger number in an address is a slip, and databases have an end to their integers.
LAST_PAGE = 10_000


@dataclass(frozen=True)
class DeskCard:
    """A pair with the calculation of its score (None while texts wait for the encoder) and who decided."""

    item: DeskItem
    match: Match | None
    decided_by: str = ""

    @property
    def score(self) -> float:
        """The sum of the parts that are shown; the stored score only orders the desk."""
        return self.match.score if self.match else self.item.suggestion.score


@dataclass(frozen=True)
class Refused:
    """A decline that could not be taken as it was: what was typed, and what is wrong with it."""

    public_id: str
    reason: str
    note: str
    problems: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    filters: DeskFilters
    number: int = 1

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read the address; what cannot be understood asks for nothing."""
        state = args.get("state", "")
        filters = DeskFilters(
            state=State(state) if state in set(State) else State.SUGGESTED,
            need_country=args.get("need_country", "")[:2],
            result_country=args.get("result_country", "")[:2],
            need_lang=args.get("need_lang", "")[:8],
            result_lang=args.get("result_lang", "")[:8],
            least=_whole(args.get("least", ""), low=0, high=100) / 100,
        )
        return cls(filters, _whole(args.get("page", ""), low=1, high=LAST_PAGE))


@dataclass(frozen=True)
class DeskPage:
    """The page; `choices` are the values that each filter can take."""

    filters: DeskFilters
    page: Page[DeskItem]
    cards: Sequence[DeskCard]
    counts: Mapping[State, int]
    choices: Mapping[str, Sequence[str]]
    reasons: Sequence[DeclineReason] = tuple(DeclineReason)
    refused: Refused | None = default(default=None)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the state was chosen."""
        return self.filters != DeskFilters(state=self.filters.state)


def desk_page(session: Session, asked: Asked, lang: str, *, refused: Refused | None = None) -> DeskPage:
    """The page that was asked for; beyond the end, the last one, since deciding makes the list shorter."""
    page = queries.desk(session, asked.filters, (asked.number, SIZE), lang)
    if not page.rows and page.total:
        page = queries.desk(session, asked.filters, (page.pages, SIZE), lang)
    return DeskPage(
        filters=asked.filters,
        page=page,
        cards=_explained(session, page.rows, lang),
        counts=queries.state_counts(session),
        choices=queries.choices(session, asked.filters.state),
        refused=refused,
    )


def _explained(session: Session, items: Sequence[DeskItem], lang: str) -> list[DeskCard]:
    ids = {card.id for item in items for card in (item.need, item.result)}
    full = listings.fulls_by_id(session, ids)
    names = person_names(session, [item.suggestion.decided_by for item in items])
    # Explanations are kept for every broker, so they are made for nobody in particular.
    ranking = Ranking(matcher(), session, Reader(lang), desk=True)
    return [
        DeskCard(
            item=item,
            match=explain(ranking, full[item.need.id], full[item.result.id]),
            decided_by=names.get(item.suggestion.decided_by or 0, ""),
        )
        for item in items
    ]


def _whole(text: str, *, low: int, high: int) -> int:
    """A whole number of an address within its limits; anything else is the lower one."""
    return min(max(int(text), low), high) if text.isascii() and text.isdecimal() and len(text) < 10 else low
