"""A reviewer's judgement as it is sent."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from matchmaker.core.text import clean_text
from matchmaker.listings.criteria import BEST, CRITERIA, REMARKS_LIMIT


class Judgement(BaseModel):
    """Four marks from 0 to 5, and remarks to the owner."""

    model_config = ConfigDict(extra="ignore", str_max_length=200_000)

    clarity: int = Field(ge=0, le=BEST)
    substance: int = Field(ge=0, le=BEST)
    credibility: int = Field(ge=0, le=BEST)
    partnership: int = Field(ge=0, le=BEST)
    remarks: str = ""

    @field_validator("clarity", "substance", "credibility", "partnership", mode="before")
    @classmethod
    def _chosen(cls, value: Any) -> Any:
        """A radio button that nobody pressed is sent as nothing."""
        if value in (None, ""):
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("remarks", mode="after")
    @classmethod
    def _remarks(cls, value: str) -> str:
        value = clean_text(value)
        if len(value) > REMARKS_LIMIT:
            raise PydanticCustomError("too_long", "{length}", {"length": len(value), "limit": REMARKS_LIMIT})
        return value

    def marks(self) -> dict[str, int]:
        """The marks, by criterion."""
        return {criterion.name: getattr(self, criterion.name) for criterion in CRITERIA}

    @property
    def holds(self) -> bool:
        """Whether a zero keeps the listing from the market."""
        return 0 in self.marks().values()
