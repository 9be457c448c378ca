"""The desk's page as data: what was asked for, whose desk it is, the matches of a tab, and what is left to choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from datetime import date, timedelta

from sqlmodel import Session

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.core.clock import now
from matchmaker.core.paging import Page
from matchmaker.i18n import ngettext
from matchmaker.listings.confidence import Reader
from matchmaker.listings.kin import NO_KIN, Kin, with_kin
from matchmaker.review import broker_queries, queries, taste, taste_queries, waiting_queries
from matchmaker.review.broker_queries import Colleague, Scopes
from matchmaker.review.models import DeclineReason, KeptOut, Origin, Suggestion
from matchmaker.review.queries import Asked, DeskFilters, DeskItem, Tab, Viewer
from matchmaker.review.queue import TO_DECIDE
from matchmaker.review.taste import Aversion
from matchmaker.review.titles import FIELDS

SIZE = 20
# Far beyond any desk; a larger number in an address is a slip, and databases have an end to their integers.
LAST_PAGE = 10_000
SCORES, DUE_DAYS = (30, 40, 50, 60, 70, 80), (3, 7, 14, 30)
SOON_DAYS = 60
# Where a broker begins: with what is theirs, else with what is anybody's.
FIRST = (Tab.MINE, Tab.OPINION, Tab.UNASSIGNED)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; without a tab the first one that holds anything."""

    filters: DeskFilters = default(default_factory=DeskFilters)
    tab: Tab | None = None
    number: int = 1
    # Public id of the broker whose desk an administrator looks at.
    broker: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Wanted":
        """Read the address; what cannot be understood asks for nothing."""
        tab, origin, field = args.get("tab", ""), args.get("origin", ""), args.get("field", "")
        filters = DeskFilters(
            need_country=args.get("need_country", "")[:2],
            result_country=args.get("result_country", "")[:2],
            need_lang=args.get("need_lang", "")[:8],
            result_lang=args.get("result_lang", "")[:8],
            field=field if field in FIELDS else "",
            least=_whole(args.get("least", ""), low=0, high=100) / 100,
            due=_whole(args.get("due", ""), low=0, high=366),
            origin=Origin(origin) if origin in set(Origin) else None,
        )
        number = _whole(args.get("page", ""), low=1, high=LAST_PAGE)
        return cls(filters, Tab(tab) if tab in set(Tab) else None, number, args.get("broker", "")[:16])


@dataclass(frozen=True)
class DeskRow:
    """One match of the list: who looks after it, and what was asked about it."""

    item: DeskItem
    broker: str = ""
    asked: Asked = default(default_factory=Asked)
    # What else stands for its two sides.
    need_kin: Kin = NO_KIN
    result_kin: Kin = NO_KIN
    # Why it stands lower than its score says.
    averse: Sequence[Aversion] = ()

    @property
    def picked(self) -> str:
        """The match as it is now, as forms send it."""
        return f"{self.item.suggestion.public_id}:{self.item.suggestion.revision}"


@dataclass(frozen=True)
class DeskPage:
    """The page; `choices` are the values that each filter can take."""

    filters: DeskFilters
    page: Page[DeskItem]
    rows: Sequence[DeskRow]
    counts: Mapping[Tab, int]
    choices: Mapping[str, Sequence[str]]
    colleagues: Sequence[Colleague]
    everything: bool = False
    # How many pairs wait for a place on the desk, by what keeps them out.
    waiting: Mapping[KeptOut, int] = default(default_factory=dict)
    # How many matches the reader has to decide, of so many that they take on.
    mine: int = 0
    most_open: int | None = None
    reasons: Sequence[DeclineReason] = tuple(DeclineReason)
    # Kinds of matches that the reader has had enough of, whether or not one stands here.
    averse: Sequence[Aversion] = ()

    @property
    def soon(self) -> date:
        """Until when the day that a need names is worth telling in a list."""
        return now().date() + timedelta(days=SOON_DAYS)

    @property
    def tabs(self) -> Sequence[Tab]:
        """Second opinions only where one is asked for."""
        return [tab for tab in Tab if tab is not Tab.OPINION or self.counts[tab] or self.filters.tab is tab]

    @property
    def score_choices(self) -> Sequence[tuple[int, int]]:
        """Usual least scores, and the one that was chosen."""
        chosen = round(100 * self.filters.least)
        return [(points, points) for points in sorted({*SCORES, chosen} - {0})]

    @property
    def due_choices(self) -> Sequence[tuple[int, str]]:
        """In how many days something may be due, with its words."""
        days = sorted({*DUE_DAYS, self.filters.due} - {0})
        return [(number, ngettext("%(num)s day", "%(num)s days", number)) for number in days]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab was chosen."""
        return self.filters != DeskFilters(self.filters.tab)


def viewer_of(actor: Actor, colleagues: Mapping[int, Colleague]) -> Viewer:
    """Whose desk the actor sees."""
    me = colleagues.get(actor.person_id)
    return Viewer(
        person_id=actor.person_id,
        everything=actor.role is Role.ADMINISTRATOR,
        organisations=tuple(actor.memberships),
        scopes=me.scopes if me else Scopes(),
        actor=actor,
    )


def desk_page(session: Session, wanted: Wanted, reader: Reader) -> DeskPage:
    """The page that was asked for; beyond the end, the last one, since deciding makes the list shorter."""
    actor: Actor | None = reader.actor
    assert actor is not None  # the desk is closed to strangers
    colleagues = broker_queries.colleagues(session)
    averse = tuple(taste_queries.of_people(session, [actor.person_id], now()).get(actor.person_id, ()))
    viewer = replace(viewer_of(actor, colleagues), averse=averse)
    counts = queries.counts(session, viewer)
    filters = _filters(wanted, counts, colleagues)
    # Where nothing is filtered the end is known.
    last = -(-counts[filters.tab] // SIZE) if filters == DeskFilters(filters.tab) else LAST_PAGE
    page = queries.desk(session, viewer, filters, (max(1, min(wanted.number, last)), SIZE), reader)
    me = colleagues.get(actor.person_id)
    return DeskPage(
        filters=filters,
        page=page,
        rows=_rows(session, page.rows, colleagues, viewer, reader),
        counts=counts,
        choices=queries.choices(session, viewer, filters.tab),
        colleagues=list(colleagues.values()),
        everything=viewer.everything,
        waiting=waiting_queries.counts(session, viewer.organisations),
        mine=0 if viewer.everything else counts[Tab.MINE],
        most_open=me.card.most_open if me and me.card and not viewer.everything else None,
        averse=averse,
    )


def _filters(wanted: Wanted, counts: Mapping[Tab, int], colleagues: Mapping[int, Colleague]) -> DeskFilters:
    tab = wanted.tab or next((tab for tab in FIRST if counts[tab]), Tab.UNASSIGNED)
    broker = next((one.id for one in colleagues.values() if one.public_id == wanted.broker), None)
    return replace(wanted.filters, tab=tab, broker_id=broker)


def _rows(
    session: Session,
    items: Sequence[DeskItem],
    colleagues: Mapping[int, Colleague],
    viewer: Viewer,
    reader: Reader,
) -> list[DeskRow]:
    sides = {card.id for item in items for card in (item.need, item.result) if card}
    kin = with_kin(session, sorted(sides), reader)
    asked = queries.questions_about(session, [item.suggestion for item in items])
    return [
        DeskRow(
            item=item,
            broker=_name(colleagues.get(item.suggestion.broker_id or 0)),
            asked=asked.get(item.suggestion.id or 0, Asked()),
            need_kin=kin.get(item.suggestion.need_id or 0, NO_KIN),
            result_kin=kin.get(item.suggestion.result_id or 0, NO_KIN),
            averse=taste.of_pair(viewer.averse, item.traits) if _is_ordered_by_taste(item.suggestion) else (),
        )
        for item in items
    ]


def _is_ordered_by_taste(suggestion: Suggestion) -> bool:
    """Whether the match is still to be decided, and nobody waits for a word about it."""
    return suggestion.state in TO_DECIDE and suggestion.origin is not Origin.INTEREST


def _name(colleague: Colleague | None) -> str:
    return colleague.name if colleague else ""


def _whole(text: str, *, low: int, high: int) -> int:
    """A whole number of an address within its limits; anything else is the lower one."""
    return min(max(int(text), low), high) if text.isascii() and text.isdecimal() and len(text) < 10 else low
