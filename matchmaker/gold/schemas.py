"""What an administrator says of a round, and a grader of a pair."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from matchmaker.core.text import clean_line, clean_text
from matchmaker.gold.models import BEST

NAME_LIMIT, NOTE_LIMIT = 128, 2000
# A list shows 30 matches at most; a thousand needs are more than a year of one person's grading.
MOST_NEEDS, MOST_DEPTH = 1000, 30
WORST_SEED = 2**31 - 1


class GoldForm(BaseModel):
    """Fields that a form of this room does not know are left alone."""

    model_config = ConfigDict(extra="ignore", str_max_length=20_000)


class RoundDraft(GoldForm):
    """A round as it is asked for; no language or country means all."""

    name: str
    needs: int = 50
    depth: int = 8
    double_share: int = 100
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    # Public ids of people.
    graders: tuple[str, ...] = ()
    # None takes a new one.
    seed: int | None = None

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        value = clean_line(value)
        if not value:
            raise PydanticCustomError("missing", "missing")
        if len(value) > NAME_LIMIT:
            raise PydanticCustomError("too_long", "too long", {"length": len(value), "limit": NAME_LIMIT})
        return value

    @field_validator("needs", mode="before")
    @classmethod
    def _needs(cls, value: Any) -> int:
        return _whole(value, 1, MOST_NEEDS)

    @field_validator("depth", mode="before")
    @classmethod
    def _depth(cls, value: Any) -> int:
        return _whole(value, 1, MOST_DEPTH)

    @field_validator("double_share", mode="before")
    @classmethod
    def _share(cls, value: Any) -> int:
        return _whole(value, 0, 100)

    @field_validator("seed", mode="before")
    @classmethod
    def _seed(cls, value: Any) -> int | None:
        return None if value in (None, "") else _whole(value, 0, WORST_SEED)

    @field_validator("graders")
    @classmethod
    def _graders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise PydanticCustomError("nobody", "nobody")
        return tuple(dict.fromkeys(value))


class Verdict(GoldForm):
    """What a grader says of a pair: a grade, or None to leave it to others; `version` is their last one's."""

    grade: int | None = Field(ge=0, le=BEST)
    note: str = ""
    version: int = 0

    @field_validator("grade", mode="before")
    @classmethod
    def _grade(cls, value: Any) -> Any:
        if value in (None, "skip"):
            return None
        if value not in {str(grade) for grade in range(BEST + 1)} | set(range(BEST + 1)):
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("note")
    @classmethod
    def _note(cls, value: str) -> str:
        value = clean_text(value)
        if len(value) > NOTE_LIMIT:
            raise PydanticCustomError("too_long", "too long", {"length": len(value), "limit": NOTE_LIMIT})
        return value


def _whole(value: Any, least: int, most: int) -> int:
    """A whole number in this range, in whatever digits; the complaint names the range."""
    text = str(value).strip()
    number = int(text) if text.isdecimal() and len(text) <= 10 else -1
    if not least <= number <= most:
        raise PydanticCustomError("bad_range", "out of range", {"least": least, "most": most})
    return number
