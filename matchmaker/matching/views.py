"""The step before a listing is handed in for the first time: others that look like it."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString

from matchmaker.core.errors import Conflict, NotAllowed, NotFound
from matchmaker.i18n import _, lazy
from matchmaker.i18n.locales import current_language
from matchmaker.listings import policy
from matchmaker.listings import queries as listings
from matchmaker.listings.models import Listing
from matchmaker.listings.queries import FullListing
from matchmaker.listings.schemas import ListingDraft
from matchmaker.matching import service
from matchmaker.matching.duplicates import Asked, similar
from matchmaker.matching.family_service import say
from matchmaker.matching.runtime import matcher
from matchmaker.web.access import Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.undo import flash_undo

bp = Blueprint("matching", __name__)


@dataclass(frozen=True)
class Word:
    """What the form sends about two listings, and what is told then."""

    same: bool | None
    told: LazyString


WORDS = {
    "same": Word(True, lazy("These two are shown as one from now on.")),
    "different": Word(False, lazy("These two are shown apart from now on.")),
    "": Word(None, lazy("Whether these two are shown as one is computed again.")),
}
NAMES = {word.same: name for name, word in WORDS.items()}
UNFIT: dict[type[Exception], LazyString] = {
    NotFound: lazy("There is no other listing of this number."),
    Conflict: lazy("These two are never shown as one: their owners differ or are not named, or one is a need."),
}


@bp.get("/listings/<public_id>/similar")
@access(Permission.LISTING_POST)
def lookalikes(public_id: str) -> ResponseReturnValue:
    found = _own(public_id)
    rows = similar(matcher(), reader(), current_actor(), Asked.of(found), current_language())
    if not rows:
        return redirect(url_for("portal.listing", public_id=public_id), 303)
    return render_template("matching/similar.html", found=found, similar=rows)


@bp.post("/listings/<public_id>/similar")
@access(Permission.LISTING_POST)
def lookalikes_seen(public_id: str) -> ResponseReturnValue:
    found, shown = _own(public_id), set(request.form.getlist("shown"))
    rows = similar(matcher(), reader(), current_actor(), Asked.of(found), current_language())
    seen = [row.card.id for row in rows if row.card.public_id in shown]
    with unit_of_work() as uow:
        service.note_seen(uow, found.listing, seen, actor=current_actor())
    # The same form goes on to where it wanted to go first; what is new meanwhile is shown there.
    return redirect(url_for("listings.step", public_id=public_id, step="submit"), 307)


@bp.post("/listings/<public_id>/family")
@access(Permission.MATCH_REVIEW)
def family(public_id: str) -> ResponseReturnValue:
    other, word = request.form.get("other", "").strip().lower(), WORDS.get(request.form.get("word", ""), WORDS[""])
    page = url_for("portal.listing", public_id=public_id, _anchor="kin")
    try:
        with unit_of_work() as uow:
            was = say(uow, public_id, other, same=word.same, actor=current_actor())
    except (NotFound, Conflict) as error:
        flash(UNFIT[type(error)], "error")
        return redirect(page, 303)
    flash_undo(str(word.told), url_for("matching.family", public_id=public_id), _("Undo"), other=other, word=NAMES[was])
    return redirect(page, 303)


def looks_known(wanted: ListingDraft, listing: Listing | None) -> bool:
    """Whether other listings look like this one and its writer has not seen them; for the view that hands it in."""
    return bool(similar(matcher(), reader(), current_actor(), Asked(wanted, listing), current_language()))


def _own(public_id: str) -> FullListing:
    found = listings.visible(reader(), public_id, current_actor())
    if not policy.EDIT.allows(current_actor(), found.listing):
        raise NotAllowed("this listing belongs to another organisation")
    return found
