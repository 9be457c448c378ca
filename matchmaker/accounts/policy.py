"""What each role may do on the platform as a whole."""

from matchmaker.accounts.models import Role
from matchmaker.accounts.schemas import Actor
from matchmaker.web.access import Permission

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset({Permission.LISTING_POST}),
    Role.BROKER: frozenset({Permission.MATCH_REVIEW}),
    Role.ADMINISTRATOR: frozenset({Permission.LISTING_POST, Permission.MATCH_REVIEW, Permission.OFFICE}),
}


def permissions(actor: Actor) -> frozenset[Permission]:
    """The permissions of the actor's role."""
    return PERMISSIONS[actor.role]
