"""What the matcher keeps: passages with vectors, whose are answered from, the current snapshot, and weights."""

from datetime import datetime

from sqlalchemy import Connection, Index, event
from sqlmodel import Field, SQLModel

from matchmaker.core.clock import now
from matchmaker.db.types import UtcDateTime


class Embedding(SQLModel, table=True):
    """Says from which revision of a listing an encoder's passages of it were made."""

    listing_id: int = Field(foreign_key="listing.id", primary_key=True)
    encoder: str = Field(max_length=128, primary_key=True)
    revision: int
    passages: int
    # What kept the listing from being embedded; such a listing is not tried again until it changes.
    problem: str = ""
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Passage(SQLModel, table=True):
    """A piece of a listing's text and its raw vector (fp16, unit length): the truth the indexes derive from."""

    __table_args__ = (
        Index("ix_passage_listing", "listing_id", "encoder", "lang", "ordinal"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    listing_id: int = Field(foreign_key="listing.id")
    lang: str = Field(max_length=8)
    ordinal: int
    text: str
    # SHA-256 of what was encoded; an edit encodes only what it changed.
    digest: str = Field(max_length=64)
    encoder: str = Field(max_length=128)
    vector: bytes
    # Made from a sealed part: compared, never shown; its `text` is empty.
    sealed: bool = False


class ServingEncoder(SQLModel, table=True):
    """The encoder whose vectors every process answers from; one row, as soon as there are vectors."""

    __tablename__ = "serving_encoder"

    id: int = Field(default=1, primary_key=True)
    encoder: str = Field(max_length=128)
    # What the process that was started last is set to: its vectors are made beside, and it serves when all are there.
    wanted: str = Field(max_length=128)
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class IndexSnapshot(SQLModel, table=True):
    """The newest immutable snapshot of the index; processes map the folder named after its generation."""

    __tablename__ = "index_snapshot"
    __table_args__ = ({"sqlite_autoincrement": True},)

    generation: int | None = Field(default=None, primary_key=True)
    encoder: str = Field(max_length=128)
    # Everything in the change log up to this id is inside.
    watermark: int
    count: int
    checksum: str = Field(max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ScoreWeights(SQLModel, table=True):
    """Weights that were learned from verdicts, as a proposal; rows are only ever added. Those of the table are none."""

    __tablename__ = "score_weights"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    # A person's public id, or the name of a process.
    made_by: str = Field(max_length=64)
    # JSON: name of a part → its share.
    weights: str
    # JSON of a Calibration, or "null".
    calibration: str = "null"
    # JSON of what they were learned from and how they did; its shape belongs to whoever learned them.
    figures: str = "{}"


class WeightsSwitch(SQLModel, table=True):
    """From when on which weights count; the newest row says it, and rows are only ever added.

    Each names the switch that it follows, and no two may follow the same: of two at once one is refused.
    """

    __tablename__ = "weights_switch"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    # The switch before, 0 for the first.
    follows: int = Field(unique=True)
    # None for those that are set by hand.
    weights_id: int | None = Field(default=None, foreign_key="score_weights.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    by: str = Field(max_length=64)


class LexicalListing(SQLModel, table=True):
    """What filters ask of a listing whose open words can be looked for; narrow, so that thousands are read at once."""

    __tablename__ = "lexical_listing"

    listing_id: int = Field(foreign_key="listing.id", primary_key=True, ondelete="CASCADE")
    direction: str = Field(max_length=8)
    country: str = Field(max_length=2)
    # Which revision of the listing says these words; another one may have closed them.
    revision: int
    # The tokeniser's version; older ones are made again in the background.
    tokeniser: int
    # How many tokens each language version has, in the order of the index: "zh:120 en:88".
    languages: str


class LexicalTerm(SQLModel, table=True):
    """How many texts of a language say a word; the word "" counts the texts themselves."""

    __tablename__ = "lexical_term"
    __table_args__ = ({"sqlite_with_rowid": False},)

    term: str = Field(primary_key=True, max_length=64)
    lang: str = Field(primary_key=True, max_length=8)
    texts: int


# The index itself is a table that no model describes: a virtual one of SQLite (FTS5), a tsvector of PostgreSQL. Its
# rows go with those of lexical_listing. The words come from embeddings/codes.py, folded and cut, so that the tokenizer
# has nothing left to do: "ascii" leaves all other scripts alone, where "unicode61" tears the vowels of India off.
LEXICAL_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE lexical_index USING fts5(tokens, detail=none, tokenize=\"ascii tokenchars '.-'\")",
        "CREATE TRIGGER lexical_listing_gone AFTER DELETE ON lexical_listing "
        "BEGIN DELETE FROM lexical_index WHERE rowid = old.listing_id; END",
    ),
    "postgresql": (
        "CREATE TABLE lexical_index (rowid BIGINT PRIMARY KEY "
        "REFERENCES lexical_listing (listing_id) ON DELETE CASCADE, tokens TEXT NOT NULL, words TSVECTOR "
        "GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(tokens, ' '), ''))) STORED)",
        "CREATE INDEX ix_lexical_index_words ON lexical_index USING gin (words)",
    ),
}


def _make_index(_target: object, connection: Connection, **_: object) -> None:
    for statement in LEXICAL_INDEX.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


event.listen(SQLModel.metadata.tables["lexical_listing"], "after_create", _make_index)


class EvaluationRun(SQLModel, table=True):
    """What one measurement of match quality found; kept, so that quality can be followed over time."""

    __tablename__ = "evaluation_run"
    __table_args__ = (Index("ix_evaluation_run_shown", "task", "hidden_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    # The task's name: its folder's, or "coverage" for what was measured on the market itself.
    task: str = Field(max_length=128)
    # SHA-256 of the task's contents: runs of one digest had the same questions to answer.
    digest: str = Field(default="", max_length=64)
    # What of the task was asked, such as "all, cross_border".
    scope: str = Field(default="", max_length=64)
    encoder: str = Field(max_length=128)
    # Which weights of the score's parts were used, and which code.
    weights: str = Field(default="", max_length=64)
    code: str = Field(default="", max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    seconds: float = 0.0
    queries: int = 0
    documents: int = 0
    note: str = ""
    # JSON; `run_figures.py` says which keys mean what.
    figures: str
    # A run that misleads is hidden, never deleted.
    hidden_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
