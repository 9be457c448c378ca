"""Who acts for an organisation: invite, accept, change roles, leave, hand over."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import queries as accounts_queries
from matchmaker.accounts import service as accounts
from matchmaker.accounts import sessions
from matchmaker.accounts.models import MembershipRole
from matchmaker.accounts.policy import Verb, require
from matchmaker.accounts.schemas import Newcomer
from matchmaker.accounts.titles import ROLES
from matchmaker.core.errors import Conflict, Invalid
from matchmaker.db.uow import UnitOfWork
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language, language_choices
from matchmaker.organisations import invitations, membership, pages, queries
from matchmaker.organisations.invitations import Offer, State
from matchmaker.organisations.schemas import InvitationForm, RoleChange
from matchmaker.organisations.views import bp
from matchmaker.web import forms
from matchmaker.web.access import PUBLIC, SIGNED_IN, access
from matchmaker.web.context import current_actor, reader, unit_of_work

# What was used, ended or taken back is gone; what was sent to somebody else is not the reader's.
STATUS = {
    State.GOOD: 200,
    State.DONE: 200,
    State.USED: 410,
    State.EXPIRED: 410,
    State.REVOKED: 410,
    State.FOREIGN: 403,
    State.UNKNOWN: 404,
}


@bp.get("/<public_id>/people")
@access(SIGNED_IN)
def people(public_id: str) -> ResponseReturnValue:
    return _people_page(public_id, {}, {})


@bp.post("/<public_id>/people")
@access(SIGNED_IN)
def invite(public_id: str) -> ResponseReturnValue:
    wanted, problems = forms.parse(InvitationForm, request.form)
    if wanted is None:
        return _people_page(public_id, request.form.to_dict(), problems), 422
    try:
        with unit_of_work() as uow:
            invitations.invite(uow, public_id, wanted, actor=current_actor())
    except Invalid as error:
        return _people_page(public_id, request.form.to_dict(), forms.messages(error)), 422
    flash(_("An invitation is on its way to %(email)s. It is good for two weeks.", email=wanted.email))
    return redirect(url_for("organisations.people", public_id=public_id), 303)


@bp.post("/<public_id>/people/<person_id>/role")
@access(SIGNED_IN)
def set_role(public_id: str, person_id: str) -> ResponseReturnValue:
    wanted, problems = forms.parse(RoleChange, request.form)
    if wanted is None:
        raise Invalid(problems)
    role = MembershipRole(wanted.role)
    return _kept_owned(
        public_id, lambda uow: membership.set_role(uow, public_id, person_id, role, actor=current_actor())
    )


@bp.post("/<public_id>/people/<person_id>/remove")
@access(SIGNED_IN)
def remove(public_id: str, person_id: str) -> ResponseReturnValue:
    return _kept_owned(public_id, lambda uow: membership.remove(uow, public_id, person_id, actor=current_actor()))


@bp.post("/<public_id>/people/<person_id>/hand-over")
@access(SIGNED_IN)
def hand_over(public_id: str, person_id: str) -> ResponseReturnValue:
    return _kept_owned(public_id, lambda uow: membership.hand_over(uow, public_id, person_id, actor=current_actor()))


@bp.post("/<public_id>/invitations/<invitation_id>/revoke")
@access(SIGNED_IN)
def revoke(public_id: str, invitation_id: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        invitations.revoke(uow, public_id, invitation_id, actor=current_actor())
    flash(_("The invitation is taken back; its link opens nothing any more."))
    return redirect(url_for("organisations.people", public_id=public_id), 303)


@bp.get("/invitations/<token>")
@access(PUBLIC)
def invitation(token: str) -> ResponseReturnValue:
    offer = invitations.look_at(reader(), token, actor=current_actor())
    return _invitation_page(offer, token, {})


@bp.post("/invitations/<token>")
@access(SIGNED_IN)
def accept(token: str) -> ResponseReturnValue:
    with unit_of_work() as uow:
        offer = invitations.accept(uow, token, actor=current_actor())
    return _joined(offer, token)


@bp.post("/invitations/<token>/register")
@access(PUBLIC)
def accept_as_newcomer(token: str) -> ResponseReturnValue:
    wanted, problems = forms.parse(Newcomer, request.form)
    if wanted is None:
        return _invitation_page(invitations.look_at(reader(), token, actor=None), token, problems)
    try:
        offer = _register(token, wanted)
    except Invalid:
        offer = invitations.look_at(reader(), token, actor=None)
        return _invitation_page(offer, token, {})
    return _joined(offer, token)


def _register(token: str, wanted: Newcomer) -> Offer:
    # Only whoever holds a good invitation makes us calculate a hash.
    offer = invitations.look_at(reader(), token, actor=None)
    if offer.state is not State.GOOD or offer.invitation is None:
        return offer
    password_hash = accounts.hash_password(wanted.password)
    with unit_of_work() as uow:
        offer = invitations.accept_as_newcomer(uow, token, wanted, password_hash, lang=current_language())
        email = offer.invitation.email if offer.invitation else ""
        person = accounts_queries.person_by_email(uow.session, email) if offer.state is State.GOOD else None
    if person is not None:
        sessions.enter(person)
    return offer


def _joined(offer: Offer, token: str) -> ResponseReturnValue:
    """To the organisation, the second time as the first; or to the page that says why not."""
    if offer.state not in {State.GOOD, State.DONE} or offer.organisation is None:
        return _invitation_page(offer, token, {})
    sessions.act_for(offer.organisation.public_id)
    flash(_("You act for %(organisation)s now.", organisation=offer.organisation.name))
    return redirect(url_for("organisations.show", public_id=offer.organisation.public_id), 303)


def _kept_owned(public_id: str, change: Callable[[UnitOfWork], None]) -> ResponseReturnValue:
    """Change who acts for the organisation; a change that would leave it without an owner is explained."""
    people = url_for("organisations.people", public_id=public_id)
    try:
        with unit_of_work() as uow:
            change(uow)
            organisation = queries.find(uow.session, public_id)
            mine = accounts_queries.memberships(uow.session, current_actor().person_id)
    except Conflict:
        flash(
            _("Not done: an organisation needs an owner with a confirmed address. Make somebody else one first."),
            "error",
        )
        return redirect(people, 303)
    flash(_("Done."))
    left = organisation.id in current_actor().memberships and organisation.id not in mine
    return redirect(url_for("organisations.show", public_id=public_id) if left else people, 303)


def _people_page(public_id: str, values: dict[str, str], problems: forms.Problems) -> str:
    organisation = queries.find(reader(), public_id)
    require(current_actor(), Verb.SEE_INSIDE, organisation)
    page = pages.OrganisationPage(
        organisation, current_actor(), [], pages.inside_of(reader(), organisation), problems, values
    )
    return render_template(
        "organisations/people.html", page=page, roles=list(ROLES.items()), letter_languages=language_choices()
    )


def _invitation_page(offer: Offer, token: str, problems: forms.Problems) -> ResponseReturnValue:
    page = render_template(
        "organisations/invitation.html",
        offer=offer,
        token=token,
        problems=problems,
        roles=ROLES,
        newcomer=request.form.get("name", ""),
    )
    return page, 422 if problems and offer.state is State.GOOD else STATUS[offer.state]
