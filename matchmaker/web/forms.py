"""A form is parsed by the same schema as any other input; what is wrong is said per field, in the reader's language."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask_babel import LazyString
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from matchmaker.core.errors import Invalid
from matchmaker.i18n import lazy

Schema = TypeVar("Schema", bound=BaseModel)
Problems = dict[str, str]

MESSAGES: dict[str, LazyString] = {
    "missing": lazy("Please fill this in."),
    "says_too_little": lazy("Please use at least two letters or digits."),
    "too_long": lazy("This has %(length)s characters; %(limit)s are the most."),
    "says_less": lazy("This has %(length)s characters; please write at least %(limit)s."),
    "not_offered": lazy("Please choose a published listing of this organisation."),
    "met_already": lazy("These two listings have met before; choose another one, or none."),
    "too_short": lazy("Please use at least %(limit)s characters."),
    "too_many": lazy("These are %(length)s entries; %(limit)s are the most."),
    "unknown_code": lazy("“%(code)s” is not in the list."),
    "bad_amount": lazy("Please write an amount such as 250000, 1,999.50 or 200万."),
    "currency_missing": lazy("Please choose the currency of the budget."),
    "deadline_past": lazy("This day has passed; please choose one that is still to come."),
    "day_past": lazy("This day has passed; please choose one that is still to come."),
    "deadline_far": lazy("This day is more than ten years ahead; please check the year."),
    "version_exists": lazy("There is a version in this language already; remove it first."),
    "park_far": lazy("Please choose a day within a year."),
    "interest_waits": lazy("Somebody waits for a word: an expression of interest cannot be parked."),
    "colleague_interested": lazy("This colleague belongs to one of the two organisations."),
    "yourself": lazy("Please choose somebody else than yourself."),
    "no_account": lazy("Nobody of this side has an account; please ask by other means and write a note."),
    "off_market": lazy("One of the two listings is not on the market at present."),
    "not_open": lazy("One of the two listings takes no offers at present."),
    "budget_order": lazy("The budget's lower end is above its upper end."),
    "file_empty": lazy("This file is empty."),
    "file_too_large": lazy("This file is too large: 20 MB are the most for a document, 10 MB for an image."),
    "file_kind": lazy("Only PDF and Word documents (.docx) and PNG, JPEG and WebP images can be taken."),
    "file_lies": lazy("This file is not what its name says; please check it and send it under its right name."),
    "file_bomb": lazy("This document would unpack to an absurd size; please save it anew and try again."),
    "file_damaged": lazy("This file cannot be read: it is damaged, encrypted or far too complicated."),
    "file_refused": lazy("The virus scanner refuses this file."),
    "file_missing": lazy("Please choose a file first."),
    "file_count": lazy("A listing can have ten files at most; please remove one first."),
    "zero_holds": lazy("A 0 keeps a listing from the market: return it, or choose another mark."),
    "remarks_missing": lazy("Please say what is to be mended; the owner reads it."),
    "bad_email": lazy("Please write an e-mail address such as name@example.org."),
    "taken": lazy("There is an account with this address already."),
    "same_email": lazy("This is your address already."),
    "is_member": lazy("This person acts for your organisation already."),
    "out_of_bounds": lazy("Please write a whole number from %(least)s to %(most)s."),
    "bad_count": lazy("Please write a whole number from 1 to %(limit)s."),
    "bad_website": lazy("Please write an address such as https://www.example.org."),
    "bad_uscc": lazy("These are not the 18 characters of a unified social credit code; please check each one."),
    "bad_vat": lazy("This is no VAT number that we know; begin with the country, such as IT00743110157."),
    "bad_ror": lazy("This is no ROR identifier, such as https://ror.org/052gg0110."),
    "bad_pic": lazy("A Participant Identification Code has nine digits."),
    "string_too_long": lazy("This is far too long."),
    "decimal_parsing": lazy("Please write an amount such as 250000, 1,999.50 or 200万."),
    "date_parsing": lazy("Please write a date such as 2027-03-31."),
    "finite_number": lazy("Please write an amount such as 250000, 1,999.50 or 200万."),
    "date_from_datetime_inexact": lazy("Please write a date such as 2027-03-31."),
    "date_from_datetime_parsing": lazy("Please write a date such as 2027-03-31."),
    "bad_url": lazy("Please write an address such as https://example.org/law."),
    "bad_table": lazy("This cannot be read as a table with commas."),
    "ends_before": lazy("It would end before it begins."),
    "too_many_files": lazy("Five files are the most in one message."),
    "pdf_only": lazy("Please choose a PDF file."),
    "bad_years": lazy("Please write a whole number of years from 1 to %(most)s."),
    "not_ticked": lazy("Please tick the box to confirm."),
    "string_unicode": lazy("This text is damaged; please paste it again."),
}
OTHERWISE = lazy("This cannot be used here.")


def message(kind: str, values: Mapping[str, Any] | None = None) -> str:
    """The sentence for one problem, in the reader's language."""
    return str(MESSAGES.get(kind, OTHERWISE)) % dict(values or {})


def messages(error: Invalid) -> Problems:
    """Field → sentence for what a service refused."""
    return {field: message(kind) for field, kind in error.problems.items()}


def problems_of(error: ValidationError, *, whole: str = "") -> Problems:
    """Field → sentence; a problem of the whole form is put at the field named `whole`."""
    found: Problems = {}
    for detail in error.errors(include_url=False, include_input=False):
        # The innermost name: a form is flat, though its schema may be a schema within a schema.
        field = next((part for part in reversed(detail["loc"]) if isinstance(part, str)), whole)
        found.setdefault(field, _sentence(detail))
    return found


def _sentence(detail: ErrorDetails) -> str:
    context = dict(detail.get("ctx") or {})
    context.setdefault("limit", context.get("max_length", ""))
    return message(detail["type"], context)


def values_of(form: MultiDict[str, str], lists: frozenset[str]) -> dict[str, Any]:
    """The form as a dictionary; fields in `lists` may be repeated."""
    return {name: form.getlist(name) if name in lists else form[name] for name in form}


def parse(schema: type[Schema], values: Mapping[str, Any], *, whole: str = "") -> tuple[Schema | None, Problems]:
    """The parsed input, or None and the problems."""
    try:
        return schema.model_validate(dict(values)), {}
    except ValidationError as error:
        return None, problems_of(error, whole=whole)
