"""The lexical leg: listings by the rare words that they say, kept in the database, so that all processes see the same.

Only what anybody may read is in it. It needs nothing but its own tables: an evaluation fills one in memory
(`in_memory`) and asks it as the product does.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlmodel import Session, SQLModel, col

from embeddings.codes import lexical_terms
from embeddings.rarity import MOST_TERMS, Agreement, Frequencies, Term, agreement, rare
from embeddings.text import normalise
from matchmaker.db.engine import MIGRATING, open_engine
from matchmaker.listings.models import Listing
from matchmaker.matching.models import LexicalListing, LexicalTerm
from matchmaker.matching.passages import Piece

# Counts up when tokens come out differently.
TOKENISER = 1
# Different tokens of a language version that are kept, the first ones: about as many as fit into its passages.
MOST_TOKENS = 4_000
# Terms of one question; a bit each tells which of them a listing says.
MOST_ASKED = 32
# Listings that one question looks at: the commonest terms beyond this are left out, but never the rarest.
MOST_LOOKED_AT = 12_000
_CHUNK = 500
# What the index keeps in one piece; anything else no text says, and neither database would take it for a word.
_IS_TOKEN = re.compile(r"[A-Za-z0-9.\-\u0080-\U0010ffff]+")

Database = Session | Connection
T = TypeVar("T")
_INDEX = table("lexical_index", column("rowid"), column("tokens"))


@dataclass(frozen=True)
class Entry:
    """A listing's open words by language, and what filters ask of it."""

    listing_id: int
    direction: str
    country: str
    words: Mapping[str, str] = field(repr=False)
    revision: int = 1


@dataclass(frozen=True)
class Wanted:
    """Which listings may answer; nothing said means any.

    `abroad_of` leaves those that name another country than this one, as a cross-border ranking does. `listed` are
    conditions on the listing's own row and its `LexicalListing`, such as `queries.searchable`; without any the
    listings' table is not asked.
    """

    direction: str | None = None
    countries: Collection[str] = ()
    abroad_of: str = ""
    excluded: Collection[int] = ()
    listed: Sequence[ColumnElement[bool]] = ()


@dataclass(frozen=True)
class LexicalHit:
    """A listing that says some of the terms; `score` is the sum of their weights."""

    listing_id: int
    score: float
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Said:
    """The tokens of a listing by language."""

    by_language: Mapping[str, Sequence[str]]

    @property
    def forms(self) -> frozenset[str]:
        return frozenset(form for forms in self.by_language.values() for form in forms)


def tokens(text: str) -> list[str]:
    """The different tokens of a text, in the order in which they are first said."""
    return list(islice(dict.fromkeys(token.form for token in lexical_terms(text)), MOST_TOKENS))


def open_words(pieces: Sequence[Piece]) -> dict[str, str]:
    """What the open passages say, by language, each text under its title."""
    found: dict[str, list[str]] = {}
    for piece in pieces:
        if not piece.sealed:
            said = found.setdefault(piece.lang, [])
            said.append(piece.text if said and piece.ordinal else piece.encoded)
    return {lang: "\n".join(texts) for lang, texts in found.items()}


def store(database: Database, entries: Sequence[Entry]) -> None:
    """Keep these listings' words, instead of what was kept of them before, in the caller's transaction."""
    forget(database, [entry.listing_id for entry in entries])
    rows, words, counts = [], [], Counter[tuple[str, str]]()
    for entry in entries:
        said = {lang: tokens(normalise(text)) for lang, text in sorted(entry.words.items())}
        rows.append(
            {
                "listing_id": entry.listing_id,
                "direction": entry.direction,
                "country": entry.country,
                "revision": entry.revision,
                "tokeniser": TOKENISER,
                "languages": " ".join(f"{lang}:{len(forms)}" for lang, forms in said.items()),
            }
        )
        words.append({"rowid": entry.listing_id, "tokens": " ".join(form for forms in said.values() for form in forms)})
        counts.update(_counted(said))
    if rows:
        database.execute(insert(LexicalListing), rows)
        database.execute(insert(_INDEX), words)
        _count(database, counts)


def forget(database: Database, listing_ids: Collection[int]) -> None:
    """Keep nothing of these listings any more."""
    counts = Counter[tuple[str, str]]()
    for kept in said(database, listing_ids).values():
        counts.update(_counted(kept.by_language))
    if counts:
        _count(database, Counter({key: -count for key, count in counts.items()}))
        gone = delete(LexicalTerm).where(
            col(LexicalTerm.term) == bindparam("said"),
            col(LexicalTerm.lang) == bindparam("of"),
            col(LexicalTerm.texts) <= 0,
        )
        _connection(database).execute(gone, [{"said": term, "of": lang} for term, lang in sorted(counts)])
    for some in _chunks(listing_ids):
        database.execute(delete(LexicalListing).where(col(LexicalListing.listing_id).in_(some)))


def said(database: Database, listing_ids: Collection[int]) -> dict[int, Said]:
    """The tokens of these listings, as far as they are kept."""
    found = {}
    for some in _chunks(listing_ids):
        rows = database.execute(
            select(col(LexicalListing.listing_id), col(LexicalListing.languages), _INDEX.c.tokens)
            .join(_INDEX, _INDEX.c.rowid == LexicalListing.listing_id)
            .where(col(LexicalListing.listing_id).in_(some))
        )
        for listing_id, languages, words in rows:
            rest = iter(words.split())
            parts = (part.rsplit(":", 1) for part in languages.split())
            found[listing_id] = Said({lang: list(islice(rest, int(count))) for lang, count in parts})
    return found


def frequencies(database: Database, forms: Collection[str]) -> Frequencies:
    """How many texts there are, and say these tokens."""
    saying: dict[str, dict[str, int]] = {}
    for some in _chunks({"", *forms}):
        rows = select(col(LexicalTerm.term), col(LexicalTerm.lang), col(LexicalTerm.texts))
        for term, lang, count in database.execute(rows.where(col(LexicalTerm.term).in_(some))):
            saying.setdefault(term, {})[lang] = count
    return Frequencies(saying.pop("", {}), saying)


def rare_terms(database: Database, asking: str | Said, *, most: int = MOST_TERMS) -> list[Term]:
    """What a text, or a listing of the index, says that says most, rarest first.

    Of a listing only what another text says too: the rest finds nothing.
    """
    if isinstance(asking, Said):
        return rare(asking.forms, frequencies(database, asking.forms), most=most, least=2)
    forms = tokens(normalise(asking))
    return rare(forms, frequencies(database, forms), most=most)


def hits(database: Database, terms: Sequence[Term], wanted: Wanted, limit: int) -> list[LexicalHit]:
    """The listings that say most of the terms by weight, best first; filtered before the cut."""
    asked = _affordable(terms)
    if not asked or limit < 1:
        return []
    each = [
        select(_INDEX.c.rowid, literal(term.weight).label("weight"), literal(1 << bit).label("bit"))
        .select_from(_INDEX)
        .where(_says(database, [term.form]))
        for bit, term in enumerate(asked)
    ]
    one = union_all(*each).subquery() if len(each) > 1 else each[0].subquery()
    score, bits = func.sum(one.c.weight).label("score"), func.sum(one.c.bit).label("bits")
    rows = database.execute(
        select(one.c.rowid, score, bits).group_by(one.c.rowid).order_by(score.desc(), one.c.rowid)
    ).all()
    found: list[LexicalHit] = []
    # A few at a time: joined to all of them, a database begins with the hundred thousand listings that are published.
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        may = _that_may(database, [row[0] for row in some], wanted)
        found += [LexicalHit(row[0], row[1], _of_bits(asked, int(row[2]))) for row in some if row[0] in may]
        if len(found) >= limit:
            break
    return found[:limit]


def _that_may(database: Database, listing_ids: Sequence[int], wanted: Wanted) -> set[int]:
    """Those of these listings that may answer."""
    allowed = select(col(LexicalListing.listing_id)).where(col(LexicalListing.listing_id).in_(listing_ids))
    if wanted.listed:
        allowed = allowed.join(Listing, col(Listing.id) == LexicalListing.listing_id)
    return set(database.execute(allowed.where(*_conditions(wanted))).scalars())


def _of_bits(terms: Sequence[Term], bits: int) -> tuple[Term, ...]:
    return tuple(term for bit, term in enumerate(terms) if bits >> bit & 1)


def saying_all(database: Database, forms: Collection[str], wanted: Wanted, limit: int) -> list[int]:
    """Listings that say every one of the tokens, newest first."""
    if not forms or limit < 1:
        return []
    found = (
        select(col(LexicalListing.listing_id))
        .join(_INDEX, _INDEX.c.rowid == LexicalListing.listing_id)
        .where(_says(database, forms), *_conditions(wanted))
        .order_by(col(LexicalListing.listing_id).desc())
        .limit(limit)
    )
    if wanted.listed:
        found = found.join(Listing, col(Listing.id) == LexicalListing.listing_id)
    return list(database.execute(found).scalars())


def shared(database: Database, terms: Sequence[Term], listing_ids: Collection[int]) -> dict[int, Agreement]:
    """What each of these listings says of the terms; those whose words are not kept are not named."""
    return {
        listing_id: agreement(terms, found.forms, found.by_language)
        for listing_id, found in said(database, listing_ids).items()
    }


@contextmanager
def in_memory() -> Iterator[Connection]:
    """A lexicon of its own, for an evaluation."""
    # Without foreign keys: there are no listings beside it.
    engine = open_engine("sqlite://").execution_options(**MIGRATING)
    try:
        with engine.connect() as connection:
            create(connection)
            yield connection
    finally:
        engine.dispose()


def create(bind: Connection | Engine) -> None:
    """Make the tables of the lexicon alone."""
    wanted = [SQLModel.metadata.tables[name] for name in ("lexical_listing", "lexical_term")]
    SQLModel.metadata.create_all(bind, tables=wanted)


def _affordable(terms: Sequence[Term]) -> list[Term]:
    kept: list[Term] = []
    looked_at = 0
    for term in sorted(dict.fromkeys(terms), key=lambda term: term.texts)[:MOST_ASKED]:
        looked_at += term.texts
        if kept and looked_at > MOST_LOOKED_AT:
            break
        kept.append(term)
    return kept


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    country = col(LexicalListing.country)
    where = list(wanted.listed)
    if wanted.direction:
        where.append(col(LexicalListing.direction) == wanted.direction)
    if wanted.countries:
        where.append(country.in_(wanted.countries))
    if wanted.abroad_of:
        where.append(country.not_in(("", wanted.abroad_of)))
    if wanted.excluded:
        where.append(col(LexicalListing.listing_id).not_in(wanted.excluded))
    return where


def _says(database: Database, forms: Collection[str]) -> ColumnElement[bool]:
    """Whether a row of the index says all these tokens."""
    if not all(map(_IS_TOKEN.fullmatch, forms)):
        return false()
    return says(forms, _connection(database).dialect.name)


def says(forms: Collection[str], dialect: str) -> ColumnElement[bool]:
    """The condition in a database's own language; every token is quoted, so that none is an operator of it."""
    if dialect == "postgresql":
        quoted = " & ".join("'{}'".format(form.replace("\\", "\\\\").replace("'", "''")) for form in forms)
        return column("words").op("@@", is_comparison=True)(cast(literal(quoted), postgresql.TSQUERY))
    quoted = " AND ".join('"{}"'.format(form.replace('"', '""')) for form in forms)
    return column("lexical_index").op("MATCH", is_comparison=True)(literal(quoted))


def _counted(by_language: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for lang, forms in by_language.items():
        yield from ((form, lang) for form in ("", *forms))


def _count(database: Database, counts: Mapping[tuple[str, str], int]) -> None:
    connection = _connection(database)
    make: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite_dialect.insert
    added = make(LexicalTerm)
    more = added.on_conflict_do_update(
        index_elements=["term", "lang"], set_={"texts": LexicalTerm.texts + added.excluded.texts}
    )
    # In one order, so that two transactions that count the same words wait for each other instead of both giving up.
    rows = [{"term": term, "lang": lang, "texts": count} for (term, lang), count in sorted(counts.items())]
    if rows:
        connection.execute(more, rows)


def _chunks(items: Collection[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, _CHUNK)):
        yield some


def _connection(database: Database) -> Connection:
    return database.connection() if isinstance(database, Session) else database
