"""What owners can do with a listing, as a table: the button, when it is offered, what it does, how it is taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask_babel import LazyString

from matchmaker.accounts.schemas import Actor
from matchmaker.i18n import lazy
from matchmaker.listings import life, policy, service
from matchmaker.listings.models import Listing, Status
from matchmaker.listings.states import IN_REVIEW, RUNNING, may_move

Offered = Callable[[Actor, Listing, datetime], bool]


def _may_submit(actor: Actor, listing: Listing, at: datetime) -> bool:
    """Not what its owner can let go on by themselves."""
    if listing.status is Status.ON_HOLD and listing.reviewer_id is None:
        return False
    may = may_move(listing.status, Status.SUBMITTED, policy.parties_of(actor, listing))
    return may and listing.status is not Status.UNDER_REVIEW and not life.may_come_back(listing, actor.person_id, at)


def _may_take_back(actor: Actor, listing: Listing, _at: datetime) -> bool:
    back = Status.WITHDRAWN if listing.published_at else Status.DRAFT
    return listing.status in IN_REVIEW and may_move(listing.status, back, policy.parties_of(actor, listing))


def _may_publish(actor: Actor, listing: Listing, at: datetime) -> bool:
    return life.may_come_back(listing, actor.person_id, at)


def _may_resume(actor: Actor, listing: Listing, at: datetime) -> bool:
    held_by_us = listing.status is Status.ON_HOLD and listing.reviewer_id in {None, actor.person_id}
    return held_by_us and not life.is_over(listing, at)


def _may_renew(_actor: Actor, listing: Listing, at: datetime) -> bool:
    return life.may_renew(listing, at)


def _runs(_actor: Actor, listing: Listing, _at: datetime) -> bool:
    return listing.status in RUNNING


def _is_published(_actor: Actor, listing: Listing, _at: datetime) -> bool:
    return listing.status is Status.PUBLISHED


def _may_archive(actor: Actor, listing: Listing, _at: datetime) -> bool:
    return may_move(listing.status, Status.ARCHIVED, policy.parties_of(actor, listing))


def _runs_open(_actor: Actor, listing: Listing, _at: datetime) -> bool:
    return listing.status in RUNNING and listing.open_for_interest


def _runs_closed(_actor: Actor, listing: Listing, _at: datetime) -> bool:
    return listing.status in RUNNING and not listing.open_for_interest


@dataclass(frozen=True)
class Action:
    """One button; `name` is the last part of its address. It asks first with `ask`, and offers `undo` where one is."""

    name: str
    title: LazyString
    icon: str
    deed: Callable[..., Listing]
    offered: Offered
    said: LazyString
    # Where a listing is after it: a form that is sent twice finds it there already.
    result: frozenset[Status]
    undo: str = ""
    undo_title: LazyString | str = ""
    ask: LazyString | str = ""
    # Stands beside the listing, not behind "more".
    prominent: bool = False
    # Whether something reaches others by it, which needs a confirmed address.
    reaches_others: bool = False


_ALL = (
    Action("submit", lazy("Submit for review"), "send", service.submit, _may_submit,
           lazy("Handed in. A reviewer looks at it, and you are told what comes of it."), frozenset({Status.SUBMITTED}),
           "take-back", lazy("Take it back"), prominent=True, reaches_others=True),
    Action("publish", lazy("Publish again"), "upload", service.republish, _may_publish,
           lazy("Published. Its matches are being computed."), frozenset({Status.PUBLISHED}),
           prominent=True, reaches_others=True),
    Action("take-back", lazy("Take back"), "arrow-counterclockwise", service.take_back, _may_take_back,
           lazy("Taken back. You can go on writing and hand it in again."),
           frozenset({Status.DRAFT, Status.WITHDRAWN}), "submit", lazy("Hand it in again"), prominent=True),
    Action("renew", lazy("Renew for a year"), "arrow-repeat", service.renew, _may_renew,
           lazy("Renewed for another year."), frozenset(), ask=lazy("A listing can be renewed once, for 365 days."),
           prominent=True),
    Action("resume", lazy("End the hold"), "play-circle", service.resume, _may_resume,
           lazy("It is on the market again."), frozenset({Status.PUBLISHED}), "hold", lazy("Put it on hold again"),
           prominent=True),
    Action("hold", lazy("Put on hold"), "pause-circle", service.hold, _is_published,
           lazy("It is on hold: nobody else sees it. Its time runs on."), frozenset({Status.ON_HOLD}),
           "resume", lazy("End the hold")),
    Action("close-interest", lazy("Close for new interest"), "door-open",
           partial(service.set_open_for_interest, wanted=False), _runs_open,
           lazy("It takes no new expressions of interest; it is still shown and matched."), frozenset(),
           "open-interest", lazy("Open for interest again")),
    Action("open-interest", lazy("Open for interest again"), "door-open",
           partial(service.set_open_for_interest, wanted=True), _runs_closed,
           lazy("It takes expressions of interest again."), frozenset(), "close-interest",
           lazy("Close for new interest")),
    Action("withdraw", lazy("Withdraw"), "x-circle", service.withdraw, _runs,
           lazy("The listing is withdrawn; nobody else sees it any more."), frozenset({Status.WITHDRAWN}),
           "publish", lazy("Publish it again")),
    Action("archive", lazy("Archive"), "archive", service.archive, _may_archive,
           lazy("Archived. You can still copy it into a new draft."), frozenset({Status.ARCHIVED}),
           ask=lazy("An archived listing does not come back; it can be copied into a new draft.")),
)  # fmt: skip

ACTIONS: dict[str, Action] = {action.name: action for action in _ALL}


def offered(actor: Actor, listing: Listing, at: datetime) -> list[Action]:
    """The actions that make sense now, in the table's order; none for those who may not change the listing."""
    if not policy.EDIT.allows(actor, listing):
        return []
    return [action for action in _ALL if action.offered(actor, listing, at)]
