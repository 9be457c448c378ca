"""What the stored codes of people and organisations are called."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import LazyString

from matchmaker.accounts.models import BrokerLevel, IdentifierScheme, MembershipRole, Role, Verification
from matchmaker.i18n import lazy

ROLES: dict[MembershipRole, LazyString] = {
    MembershipRole.OWNER: lazy("Owner: everything, people too"),
    MembershipRole.MEMBER: lazy("Member: posts and answers"),
    MembershipRole.VIEWER: lazy("Viewer: sees, writes nothing"),
}

SHORT_ROLES: dict[MembershipRole, LazyString] = {
    MembershipRole.OWNER: lazy("Owner"),
    MembershipRole.MEMBER: lazy("Member"),
    MembershipRole.VIEWER: lazy("Viewer"),
}

VERIFICATIONS: dict[Verification, LazyString] = {
    Verification.UNVERIFIED: lazy("Not verified"),
    Verification.REQUESTED: lazy("Waits to be verified"),
    Verification.VERIFIED: lazy("Verified"),
    Verification.REJECTED: lazy("Could not be verified"),
}

IDENTIFIERS: dict[IdentifierScheme, LazyString] = {
    IdentifierScheme.USCC: lazy("Unified social credit code (China)"),
    IdentifierScheme.VAT: lazy("VAT number"),
    IdentifierScheme.ROR: lazy("ROR identifier (research organisations)"),
    IdentifierScheme.PIC: lazy("PIC (European Commission)"),
}

LEVELS: dict[BrokerLevel, LazyString] = {
    BrokerLevel.JUNIOR: lazy("Junior"),
    BrokerLevel.INTERMEDIATE: lazy("Intermediate"),
    BrokerLevel.SENIOR: lazy("Senior"),
}

PLATFORM_ROLES: dict[Role, LazyString] = {
    Role.MEMBER: lazy("User"),
    Role.BROKER: lazy("Broker"),
    Role.ADMINISTRATOR: lazy("Administrator"),
}

# By type: a member of an organisation and a member of the platform are stored as the same word.
_BY_TYPE: dict[type[StrEnum], Mapping[Any, LazyString]] = {
    MembershipRole: SHORT_ROLES,
    Verification: VERIFICATIONS,
    IdentifierScheme: IDENTIFIERS,
    BrokerLevel: LEVELS,
    Role: PLATFORM_ROLES,
}


def titled(value: StrEnum) -> LazyString:
    """The title of a stored code, in the reader's language when it is printed."""
    return _BY_TYPE[type(value)][value]
