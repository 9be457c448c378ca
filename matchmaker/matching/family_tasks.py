"""Find the family of each listing whose words are new; a follower of the change log.

A listing is compared with the closest of its circle and direction: one search of the index. It joins the family whose
chief it is like, or else becomes the chief of those that are like it and have no family. So every member was found to
be like one and the same listing: in a chain A, B, C where only neighbours are alike, C stays out of A's family. To ask
for likeness to every member instead would cost a comparison with each of 5,000 copies, and would split a family of
translations over its weakest pair.

Each listing is dealt with in a transaction of its own, which looks again at everything it rests on. So two processes
may do the same at once, and what a crash leaves undone is done when the log is read from the cursor again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from embeddings.pool import Pool
from matchmaker.db import cursors
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import unit_of_work
from matchmaker.listings.models import Direction, Likeness
from matchmaker.matching import family_queries, family_service, queries
from matchmaker.matching.family_queries import Compared
from matchmaker.matching.family_service import Place, Relative
from matchmaker.matching.index import Columns
from matchmaker.matching.kinship import Alike, Version, alike, versions_of
from matchmaker.matching.runtime import Matcher

CURSOR = "families"
# In one round so many entries of the log, or of those whose family came apart; the pages and the encoder come first.
CHANGES, AGAIN = 64, 16
# So many of the closest are looked at.
NEAREST = 20


def follow(matcher: Matcher) -> int:
    """A share of what is new in each round of the matcher; answers 0, so that nothing waits for the rest."""
    look(matcher)
    return 0


def look(matcher: Matcher) -> int:
    """Find the families of the next listings; answers how much was done, 0 when everything is."""
    with reading_session(matcher.engine) as session:
        begun = cursors.position(session, CURSOR)
        changed, end = family_queries.changed_next(session, begun, CHANGES)
        again = family_queries.unsettled(session, AGAIN)
    for listing_id in dict.fromkeys([*changed, *again]):
        settle(matcher, listing_id)
    if end > begun:
        with unit_of_work(matcher.engine) as uow:
            cursors.advance(uow, CURSOR, end)
    return end - begun + len(again)


def settle(matcher: Matcher, listing_id: int) -> None:
    """Give one listing the place that its open words give it now."""
    with reading_session(matcher.engine) as session:
        place = _Search(matcher, session).place(listing_id)
    with unit_of_work(matcher.engine) as uow:
        family_service.settle(uow, listing_id, place)


@dataclass(frozen=True)
class _Search:
    matcher: Matcher
    session: Session

    def place(self, listing_id: int) -> Place | None:
        """Where it belongs; None for what cannot be compared, as it is off the market or waits for the encoder."""
        own = family_queries.compared(self.session, [listing_id], self.encoder).get(listing_id)
        mine = self._versions([listing_id]).get(listing_id)
        if own is None or not mine:
            return None
        view = self.matcher.index.catch_up(self.session)
        near, words = self._nearest(own, mine), family_queries.words_about(self.session, [listing_id])
        hand = {other for (one, other), same in words.items() if one == listing_id and same}
        away = {other for (one, other), same in words.items() if one == listing_id and not same}
        near = [*dict.fromkeys([*near, *sorted(hand)])]
        chiefs = family_queries.chiefs(self.session, near)
        led = set(chiefs.values()) - {listing_id}
        # Members are asked for only where somebody spoke of one: a family may have thousands.
        families = family_queries.members(self.session, led) if hand or away else {id_: [] for id_ in led}
        # A chief is compared even where copies of it are nearer.
        others = self._fit(own, {*near, *families} - {listing_id} - away)
        kin = self._alike(view.pool, own, mine, others) | {id_: Alike(Likeness.WORD, 1.0) for id_ in hand & {*others}}
        for family_id, ids in families.items():
            if not away.isdisjoint(ids):
                kin.pop(family_id, None)
            elif by_hand := hand.intersection(ids) & {*others}:
                kin[family_id] = kin[min(by_hand)]
        return self._chosen(own, kin, others, (families, chiefs))

    @property
    def encoder(self) -> str:
        return self.matcher.open().name

    def _chosen(
        self,
        own: Compared,
        kin: Mapping[int, Alike],
        others: Mapping[int, Compared],
        known: tuple[Mapping[int, Sequence[int]], Mapping[int, int]],
    ) -> Place:
        """The family of the chief that it is most like, else those that have none."""
        families, chiefs = known
        order = list(Likeness)[::-1]
        relatives = [
            Relative(id_, others[id_].revision, found.kind, found.likeness)
            for id_, found in sorted(kin.items(), key=lambda x: (order.index(x[1].kind), -x[1].likeness, x[0]))
            if id_ in others
        ]
        chief = next((each for each in relatives if each.id in families), None)
        lone = [each for each in relatives if chiefs.get(each.id, own.id) == own.id]
        return Place(own.revision, chief, () if chief else self._no_strangers(lone))

    def _no_strangers(self, lone: Sequence[Relative]) -> list[Relative]:
        """The same without those of whom a broker said that they are not like one that stays."""
        words = family_queries.words_about(self.session, [each.id for each in lone])
        kept: list[Relative] = []
        for each in lone:
            if all(words.get((each.id, other.id)) is not False for other in kept):
                kept.append(each)
        return kept

    def _nearest(self, own: Compared, mine: Sequence[Version]) -> list[int]:
        """The closest listings of its circle and direction, by open words."""
        view = self.matcher.index.catch_up(self.session)
        langs = [version.lang for version in mine for _ in version.vectors]
        sought = view.pool.seek(np.concatenate([version.vectors for version in mine]), langs)
        is_need, mark = own.direction is Direction.NEED, hash(own.circle)

        def wanted(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
            among = (columns.is_need == is_need) & (columns.circles == mark)
            found: np.ndarray[tuple[int], np.dtype[np.bool_]] = among & (columns.owners != own.id)
            return found

        market = view.keep(wanted)
        return [row.owner for row in view.pool.search(sought, NEAREST, market=market, echo=False)]

    def _fit(self, own: Compared, ids: set[int]) -> dict[int, Compared]:
        """Those that it may be compared with: the index may be a moment behind, and so may a broker's word."""
        found = family_queries.compared(self.session, ids, self.encoder)
        return {id_: row for id_, row in found.items() if (row.direction, row.circle) == (own.direction, own.circle)}

    def _alike(
        self, pool: Pool, own: Compared, mine: Sequence[Version], others: Mapping[int, Compared]
    ) -> dict[int, Alike]:
        theirs = self._versions(list(others))
        # One owner or source speaks for it, where the reader knows that it is one; unnamed owners may be anybody.
        sure = family_service.shares_owner(own.circle)
        found = {id_: alike(pool, mine, versions, sure=sure) for id_, versions in theirs.items()}
        return {id_: each for id_, each in found.items() if each is not None}

    def _versions(self, ids: Sequence[int]) -> dict[int, list[Version]]:
        passages = queries.open_passages(self.session, ids, self.encoder)
        return {id_: versions_of(by_lang) for id_, by_lang in passages.items()}
