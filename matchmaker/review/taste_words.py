"""What a kind of match that a broker has had enough of is called."""

from collections.abc import Callable

from matchmaker.core.countries import country_name
from matchmaker.i18n import _
from matchmaker.i18n.locales import current_language
from matchmaker.listings.owners import KINDS, SOMEBODY
from matchmaker.review.models import DeclineReason
from matchmaker.review.taste import Aversion
from matchmaker.review.taste_queries import BELOW
from matchmaker.taxonomy.titles import title_of


def described(one: Aversion) -> str:
    """The kind in a few words, such as "need from China, result from Germany"."""
    return _WORDS[one.reason](one.kind)


def _maturity(kind: str) -> str:
    return str(_("earlier than the need wants") if kind == BELOW else _("result at TRL %(level)s", level=kind))


def _countries(kind: str) -> str:
    need, result = (country_name(code, current_language()) for code in kind.split(">"))
    return str(_("need from %(need)s, result from %(result)s", need=need, result=result))


def _fields(kind: str) -> str:
    need, result = (f"{code} ({title_of('ipc', code, current_language())})" for code in kind.split(">"))
    return str(_("need in %(need)s, result in %(result)s", need=need, result=result))


def _partners(kind: str) -> str:
    return str(_("%(kind)s, where the need asks for another kind of partner", kind=KINDS.get(kind, SOMEBODY)))


def _rights(kind: str) -> str:
    return title_of("IprStatus", kind, current_language())


_WORDS: dict[DeclineReason, Callable[[str], str]] = {
    DeclineReason.TOO_EARLY: _maturity,
    DeclineReason.NOT_OUR_MARKET: _countries,
    DeclineReason.WRONG_FIELD: _fields,
    DeclineReason.PARTNER_TYPE: _partners,
    DeclineReason.IP: _rights,
}
