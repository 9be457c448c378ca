"""How an organisation's verification moves: from where, to where, and what one must be allowed to do."""

from matchmaker.accounts.models import Verification
from matchmaker.accounts.policy import Verb
from matchmaker.core.errors import Conflict

UNVERIFIED, REQUESTED = Verification.UNVERIFIED, Verification.REQUESTED
VERIFIED, REJECTED = Verification.VERIFIED, Verification.REJECTED

MOVES: dict[tuple[Verification, Verification], Verb] = {
    (UNVERIFIED, REQUESTED): Verb.ASK_VERIFICATION,
    # More evidence, while nobody has decided.
    (REQUESTED, REQUESTED): Verb.ASK_VERIFICATION,
    (REJECTED, REQUESTED): Verb.ASK_VERIFICATION,
    (REQUESTED, VERIFIED): Verb.VERIFY,
    (REQUESTED, REJECTED): Verb.VERIFY,
    # On evidence that an administrator found elsewhere.
    (UNVERIFIED, VERIFIED): Verb.VERIFY,
    (REJECTED, VERIFIED): Verb.VERIFY,
    # It turned out to be somebody else.
    (VERIFIED, REJECTED): Verb.VERIFY,
    # Whoever takes another name has to be looked at again.
    (VERIFIED, UNVERIFIED): Verb.EDIT,
}


def verb_of(before: Verification, after: Verification) -> Verb:
    """What one must be allowed to do for this move; raises Conflict when there is no such move."""
    try:
        return MOVES[before, after]
    except KeyError:
        raise Conflict(f"an organisation that is {before.value} cannot become {after.value}") from None
