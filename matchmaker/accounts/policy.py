"""What each role may do on the platform as a whole."""

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.web.access import Permission

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset({Permission.LISTING_POST, Permission.MATCH_ANSWER}),
    Role.BROKER: frozenset({Permission.MATCH_REVIEW, Permission.LISTING_APPRAISE}),
    Role.ADMINISTRATOR: frozenset(Permission),
}


def permissions(actor: Actor) -> frozenset[Permission]:
    """The permissions of the actor's role."""
    return PERMISSIONS[actor.role]
