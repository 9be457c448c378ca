"""Home, search, a listing with its matches: pages that belong to several features."""

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.i18n.locales import current_language, language_choices
from matchmaker.interests.expressions import prospect
from matchmaker.listings import sealing
from matchmaker.listings.confidence import Reader
from matchmaker.listings.criteria import CRITERIA
from matchmaker.listings.models import Status
from matchmaker.listings.search_request import SearchRequest
from matchmaker.matching.runtime import matcher
from matchmaker.matching.schemas import Scope
from matchmaker.matching.weights import active, table
from matchmaker.portal import pages, queries
from matchmaker.portal.json_ld import describe
from matchmaker.portal.listing_page import ListingPage, Wanted, listing_page
from matchmaker.web.access import PUBLIC, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.headers import keep_off_the_disk

bp = Blueprint("portal", __name__)


@bp.get("/")
@access(PUBLIC)
def home() -> ResponseReturnValue:
    return render_template("portal/home.html", page=pages.home(reader(), _this_reader()))


@bp.get("/search")
@access(PUBLIC)
def search() -> ResponseReturnValue:
    wanted = SearchRequest.read(request.args)
    return render_template("portal/search.html", page=pages.search(reader(), wanted, _this_reader()))


@bp.get("/listings/<public_id>")
@access(PUBLIC)
def listing(public_id: str) -> ResponseReturnValue:
    page = _unsealed(_listing_page(public_id))
    url = url_for("portal.listing", public_id=public_id, _external=True)
    public = page.full.listing.status is Status.PUBLISHED
    return render_template(
        "portal/listing.html",
        page=page,
        scopes=list(Scope),
        criteria=CRITERIA,
        prospect=prospect(reader(), page.full.listing, current_actor()),
        json_ld=describe(page.full, page.text, url) if public else None,
    )


@bp.get("/listings/<public_id>/matches")
@access(PUBLIC)
def matches(public_id: str) -> ResponseReturnValue:
    return render_template("portal/_matches.html", page=_listing_page(public_id), scopes=list(Scope))


@bp.get("/about")
@access(PUBLIC)
def about() -> ResponseReturnValue:
    return render_template("portal/about.html", rules=table(active(reader())), languages=language_choices())


@bp.get("/healthz")
@access(PUBLIC)
def healthz() -> ResponseReturnValue:
    well = queries.answers(reader()) and matcher().is_well
    return jsonify(status="ok" if well else "failing"), 200 if well else 503


def _listing_page(public_id: str) -> ListingPage:
    wanted = Wanted.read(request.args.get("text"), request.args.get("scope"))
    return listing_page(reader(), public_id, wanted, _this_reader())


def _this_reader() -> Reader:
    return Reader(current_language(), current_actor())


def _unsealed(page: ListingPage) -> ListingPage:
    """The page with the sealed text where the reader may read it; others than its owner are recorded."""
    if page.may_unseal:
        with unit_of_work() as uow:
            text, opened = sealing.read(uow, page.full.listing, actor=current_actor())
        page = page.unsealed(text, opened.at)
    if page.sealed and page.sealed.is_open:
        keep_off_the_disk()
    return page
