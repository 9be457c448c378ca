"""An organisation's page, what it says of itself, its verification and its broker."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.accounts import sessions
from matchmaker.accounts.models import IdentifierScheme, Organisation
from matchmaker.accounts.policy import Verb, require
from matchmaker.core.countries import countries
from matchmaker.core.errors import Invalid
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.organisations import pages, queries, service, verification
from matchmaker.organisations.schemas import Evidence, NewOrganisation, OrganisationChange
from matchmaker.taxonomy.service import label
from matchmaker.taxonomy.vocabulary import OrganisationKind, OrganisationSize
from matchmaker.web import forms
from matchmaker.web.access import PUBLIC, SIGNED_IN, Permission, access
from matchmaker.web.context import current_actor, reader, unit_of_work
from matchmaker.web.redirects import referring_path

bp = Blueprint("organisations", __name__, url_prefix="/organisations")


@bp.get("/<public_id>")
@access(PUBLIC)
def show(public_id: str) -> ResponseReturnValue:
    page = pages.profile(reader(), queries.find(reader(), public_id), actor=current_actor())
    return render_template("organisations/show.html", page=page)


@bp.get("/new")
@access(Permission.LISTING_POST)
def new() -> ResponseReturnValue:
    return _new_page({}, {})


@bp.post("/new")
@access(Permission.LISTING_POST)
def new_send() -> ResponseReturnValue:
    wanted, problems = forms.parse(NewOrganisation, request.form)
    if wanted is None:
        return _new_page(request.form.to_dict(), problems), 422
    with unit_of_work() as uow:
        made = service.found(uow, wanted, actor=current_actor())
    sessions.act_for(made.public_id)
    flash(_("The organisation is there, and you act for it now."))
    return redirect(url_for("organisations.show", public_id=made.public_id), 303)


@bp.post("/<public_id>/act")
@access(SIGNED_IN)
def act(public_id: str) -> ResponseReturnValue:
    organisation = queries.find(reader(), public_id)
    require(current_actor(), Verb.ACT_FOR, organisation)
    sessions.act_for(public_id)
    flash(_("You act for %(organisation)s now: what you post is in its name.", organisation=organisation.name))
    return redirect(referring_path() or url_for("listings.mine"), 303)


@bp.get("/<public_id>/edit")
@access(SIGNED_IN)
def edit(public_id: str) -> ResponseReturnValue:
    organisation = _for(public_id, Verb.EDIT)
    values = {
        name: getattr(organisation, name) for name in OrganisationChange.model_fields if hasattr(organisation, name)
    }
    numbers = queries.identifiers(reader(), organisation.id or 0)
    return _edit_page(organisation, values | {scheme.value: value for scheme, value in numbers.items()}, {})


@bp.post("/<public_id>/edit")
@access(SIGNED_IN)
def edit_send(public_id: str) -> ResponseReturnValue:
    organisation = _for(public_id, Verb.EDIT)
    wanted, problems = forms.parse(OrganisationChange, request.form)
    if wanted is None:
        return _edit_page(organisation, request.form.to_dict(), problems), 422
    try:
        with unit_of_work() as uow:
            service.change(uow, public_id, wanted, actor=current_actor())
    except Invalid as error:
        return _edit_page(organisation, request.form.to_dict(), forms.messages(error)), 422
    flash(_("Saved."))
    return redirect(url_for("organisations.show", public_id=public_id), 303)


@bp.get("/<public_id>/verification")
@access(SIGNED_IN)
def evidence(public_id: str) -> ResponseReturnValue:
    return _evidence_page(_for(public_id, Verb.ASK_VERIFICATION), "", {})


@bp.post("/<public_id>/verification")
@access(SIGNED_IN)
def evidence_send(public_id: str) -> ResponseReturnValue:
    organisation = _for(public_id, Verb.ASK_VERIFICATION)
    wanted, problems = forms.parse(Evidence, request.form)
    if wanted is None:
        return _evidence_page(organisation, request.form.get("evidence", ""), problems), 422
    with unit_of_work() as uow:
        verification.ask(uow, public_id, wanted.evidence, actor=current_actor())
    flash(_("Thank you. An administrator looks at it; you are told by letter."))
    return redirect(url_for("organisations.show", public_id=public_id), 303)


@bp.get("/<public_id>/broker")
@access(SIGNED_IN)
def broker(public_id: str) -> ResponseReturnValue:
    choice = pages.broker_choice(reader(), _for(public_id, Verb.CHOOSE_BROKER))
    return render_template("organisations/broker.html", choice=choice)


@bp.post("/<public_id>/broker")
@access(SIGNED_IN)
def broker_send(public_id: str) -> ResponseReturnValue:
    chosen = request.form.get("broker", "")
    with unit_of_work() as uow:
        service.choose_broker(uow, public_id, chosen, actor=current_actor())
    flash(_("Your broker is told, and sees what concerns you.") if chosen else _("Nobody looks after you any more."))
    return redirect(url_for("organisations.show", public_id=public_id), 303)


def _for(public_id: str, verb: Verb) -> Organisation:
    organisation = queries.find(reader(), public_id)
    require(current_actor(), verb, organisation)
    return organisation


def _new_page(values: dict[str, str], problems: forms.Problems) -> str:
    return render_template("organisations/new.html", values=values, problems=problems, **_choices())


def _edit_page(organisation: Organisation, values: dict[str, str], problems: forms.Problems) -> str:
    return render_template(
        "organisations/edit.html",
        organisation=organisation,
        values=values,
        problems=problems,
        sizes=OrganisationSize.choices(),
        schemes=list(IdentifierScheme),
        **_choices(),
    )


def _evidence_page(organisation: Organisation, written: str, problems: forms.Problems) -> str:
    steps = queries.verification_steps(reader(), organisation.id or 0)
    return render_template(
        "organisations/evidence.html", organisation=organisation, evidence=written, problems=problems, steps=steps
    )


def _choices() -> dict[str, object]:
    return {"kinds": OrganisationKind.choices(), "countries": countries(current_language())}


def kind_of(organisation: Organisation) -> str:
    """What kind of organisation it is, in the reader's language."""
    return str(OrganisationKind.of(organisation.kind).title)


def size_of(organisation: Organisation) -> str:
    """How big it is, in the reader's language; empty where nobody said."""
    return str(OrganisationSize.of(organisation.size).title) if organisation.size else ""


def field_name(section: str) -> str:
    """The title of a section of the patent classification, A to H."""
    return label("ipc", section, current_language())


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(organisation_kind=kind_of, organisation_size=size_of, field_name=field_name)
