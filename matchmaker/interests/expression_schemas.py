"""What an expression of interest must say."""

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from matchmaker.core.languages import is_language
from matchmaker.core.text import clean_text

# Characters of each of the three texts, counted as they are stored.
LEAST, MOST = 150, 600
TEXTS = ("what", "why", "who")


class Expression(BaseModel):
    """Who is interested (public ids of an organisation and, if they like, of a listing of theirs), in three texts."""

    model_config = ConfigDict(extra="ignore", str_max_length=20_000)

    organisation: str
    own: str = ""
    lang: str
    what: str
    why: str
    who: str

    @field_validator("lang")
    @classmethod
    def _language(cls, value: str) -> str:
        if not is_language(value):
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator(*TEXTS)
    @classmethod
    def _text(cls, value: str) -> str:
        text = clean_text(value)
        if not text:
            raise PydanticCustomError("missing", "missing")
        if len(text) < LEAST:
            raise PydanticCustomError("says_less", "{length} < {limit}", {"length": len(text), "limit": LEAST})
        if len(text) > MOST:
            raise PydanticCustomError("too_long", "{length} > {limit}", {"length": len(text), "limit": MOST})
        return text

    def texts(self) -> dict[str, str]:
        """The three texts."""
        return {"what": self.what, "why": self.why, "who": self.who}
