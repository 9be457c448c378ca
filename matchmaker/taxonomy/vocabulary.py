"""The small closed vocabularies of listings and organisations; each value carries its translated title."""

from enum import StrEnum, unique
from typing import Self

from flask_babel import LazyString

from matchmaker.i18n import lazy


class Titled(StrEnum):
    """A stored value with a title for readers: `Stage.PROTOTYPE = "prototype", lazy("Prototype")`.

    The title is resolved in the reader's language when it is printed.
    """

    # A value is a code and never prose, so str.title() is given up for the title that readers see.
    title: LazyString

    def __new__(cls, value: str, title: LazyString) -> "Titled":
        member = str.__new__(cls, value)
        member._value_ = value
        member.title = title
        return member

    @classmethod
    def of(cls, value: str) -> Self:
        """The member of a stored value; raises ValueError for any other."""
        for member in cls:
            if member == value:
                return member
        raise ValueError(f"{value!r} is not a {cls.__name__}")

    @classmethod
    def choices(cls) -> list[tuple[str, LazyString]]:
        """Every value with its title, in the order of declaration, as form fields want them."""
        return [(member.value, member.title) for member in cls]


@unique
class Trl(Titled):
    """Technology readiness levels 1 to 9; the full definitions are the `trl` scheme of the taxonomy."""

    LEVEL_1 = "1", lazy("TRL 1: basic principles observed")
    LEVEL_2 = "2", lazy("TRL 2: technology concept formulated")
    LEVEL_3 = "3", lazy("TRL 3: experimental proof of concept")
    LEVEL_4 = "4", lazy("TRL 4: technology validated in lab")
    LEVEL_5 = "5", lazy("TRL 5: technology validated in relevant environment")
    LEVEL_6 = "6", lazy("TRL 6: technology demonstrated in relevant environment")
    LEVEL_7 = "7", lazy("TRL 7: system prototype demonstration in operational environment")
    LEVEL_8 = "8", lazy("TRL 8: system complete and qualified")
    LEVEL_9 = "9", lazy("TRL 9: actual system proven in operational environment")

    @property
    def level(self) -> int:
        """The level as a number, for distances between levels."""
        return int(self.value)


@unique
class Stage(Titled):
    """How far a result has been developed, from the idea to daily use."""

    CONCEPT = "concept", lazy("Concept stage")
    LABORATORY = "laboratory", lazy("Tested in the laboratory")
    PROTOTYPE = "prototype", lazy("Prototype available")
    DEMONSTRATION = "demonstration", lazy("Demonstrated in the field")
    IN_USE = "in_use", lazy("Already in use")


@unique
class IprStatus(Titled):
    """How a result is protected."""

    NONE = "none", lazy("Not protected")
    SECRET_KNOW_HOW = "secret_know_how", lazy("Secret know-how")
    COPYRIGHT = "copyright", lazy("Copyright")
    PATENT_APPLIED = "patent_applied", lazy("Patent applied for")
    PATENT_GRANTED = "patent_granted", lazy("Patent granted")
    PLANT_VARIETY = "plant_variety", lazy("Plant variety right")
    EXCLUSIVE_RIGHTS = "exclusive_rights", lazy("Exclusive rights")
    OTHER = "other", lazy("Other protection")


@unique
class IpOwnership(Titled):
    """Who will own what is developed to answer a need."""

    CLIENT = "client", lazy("Owned by the client")
    PROVIDER = "provider", lazy("Owned by the provider")
    SHARED = "shared", lazy("Shared ownership")
    NEGOTIABLE = "negotiable", lazy("To be negotiated")


@unique
class PartnershipType(Titled):
    """The forms of co-operation that a listing is open to."""

    COMMERCIAL_AGREEMENT = "commercial_agreement", lazy("Commercial agreement")
    LICENCE = "licence", lazy("Licence")
    TECHNICAL_COOPERATION = "technical_cooperation", lazy("Technical co-operation")
    RESEARCH_COOPERATION = "research_cooperation", lazy("Research co-operation")
    JOINT_VENTURE = "joint_venture", lazy("Joint venture")
    INVESTMENT = "investment", lazy("Investment")
    OUTSOURCING = "outsourcing", lazy("Outsourcing")
    ACQUISITION = "acquisition", lazy("Acquisition of the technology")
    TECHNOLOGY_STAKE = "technology_stake", lazy("Technology as equity stake")


@unique
class PartnerType(Titled):
    """What kind of partner a listing looks for."""

    ENTERPRISE = "enterprise", lazy("Enterprise")
    INSTITUTE = "institute", lazy("Research institute")
    UNIVERSITY = "university", lazy("University")
    INVESTOR = "investor", lazy("Investor")
    PUBLIC_BODY = "public_body", lazy("Public body")
    ANY = "any", lazy("Any kind of partner")


@unique
class PartnerSize(Titled):
    """How big the partner should be, in the headcount classes of the European Union's SME definition."""

    MICRO = "micro", lazy("Micro (fewer than 10 staff)")
    SMALL = "small", lazy("Small (10 to 49 staff)")
    MEDIUM = "medium", lazy("Medium (50 to 249 staff)")
    LARGE = "large", lazy("Large (250 staff or more)")
    ANY = "any", lazy("Any size")


@unique
class OrganisationKind(Titled):
    """What an organisation on the platform is."""

    ENTERPRISE = "enterprise", lazy("Enterprise")
    INSTITUTE = "institute", lazy("Research institute")
    UNIVERSITY = "university", lazy("University")
    BROKER_AGENCY = "broker_agency", lazy("Technology transfer agency")
    INVESTOR = "investor", lazy("Investor")
    PUBLIC_BODY = "public_body", lazy("Public body")


@unique
class OrganisationSize(Titled):
    """How big an organisation is, in the size classes of `PartnerSize`."""

    MICRO = "micro", lazy("Micro (fewer than 10 staff)")
    SMALL = "small", lazy("Small (10 to 49 staff)")
    MEDIUM = "medium", lazy("Medium (50 to 249 staff)")
    LARGE = "large", lazy("Large (250 staff or more)")


# By the name that tables of fields use.
VOCABULARIES: dict[str, type[Titled]] = {
    vocabulary.__name__: vocabulary
    for vocabulary in (
        Trl,
        Stage,
        IprStatus,
        IpOwnership,
        PartnershipType,
        PartnerType,
        PartnerSize,
        OrganisationKind,
        OrganisationSize,
    )
}
