"""Give listings their vectors; the encoder works outside of any transaction, and nothing is encoded twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Engine, delete
from sqlmodel import Session, col

from embeddings.encoders.base import Encoder
from matchmaker.accounts.schemas import Actor
from matchmaker.audit.service import record
from matchmaker.core.clock import now
from matchmaker.db.engine import reading_session
from matchmaker.db.uow import UnitOfWork, unit_of_work
from matchmaker.listings import queries as listings
from matchmaker.listings import sealed
from matchmaker.listings import service as listing_service
from matchmaker.listings.confidence import EVERYTHING, is_embargoed
from matchmaker.listings.models import ChangeKind, Listing, SealedText, SimilarSeen
from matchmaker.listings.moves import note_change
from matchmaker.listings.queries import FullListing
from matchmaker.matching import lexicon, queries
from matchmaker.matching.models import Embedding, Passage, ServingEncoder
from matchmaker.matching.passages import Hidden, Piece, pieces_of


@dataclass(frozen=True)
class Prepared:
    """A listing's pieces, and the vectors that an earlier revision has for some of them."""

    listing: Listing
    pieces: Sequence[Piece]
    known: dict[str, bytes]
    # When its embargo, if any, was looked at.
    at: datetime

    @property
    def is_known(self) -> bool:
        """Whether there is nothing to encode."""
        return all(piece.digest in self.known for piece in self.pieces)


def embed(engine: Engine, encoder: Encoder, listing_ids: Sequence[int]) -> int:
    """Encode what is new in these listings and store it; answers how many are up to date now.

    Two processes may do the same at once: both store the same, and the later one replaces the earlier one's rows.
    A listing that changed meanwhile is left to the next round. The encoder of a database's first vectors serves.
    """
    with reading_session(engine) as session:
        prepared = _prepare(session, encoder.name, listing_ids)
    fresh = {
        piece.digest: piece.encoded for work in prepared for piece in work.pieces if piece.digest not in work.known
    }
    vectors = encoder.encode_passages(list(fresh.values()))
    made = dict(zip(fresh, (row.tobytes() for row in vectors.astype(queries.STORED)), strict=True))
    done = 0
    with unit_of_work(engine) as uow:
        if queries.serving(uow.session) is None:
            uow.session.add(ServingEncoder(encoder=encoder.name, wanted=encoder.name))
        for work in prepared:
            done += _store(uow, encoder.name, work, made)
    return done


def keep(uow: UnitOfWork, encoder: str, listing_ids: Sequence[int]) -> int:
    """Store of these listings what they still say and has a vector, for an encoder that cannot be opened any more.

    What is new in them waits for the encoder that is to follow; what they do not say any more, or seal now, is gone.
    """
    for work in _prepare(uow.session, encoder, listing_ids):
        known = [piece for piece in work.pieces if piece.digest in work.known]
        _store(uow, encoder, replace(work, pieces=known), {})
    return len(listing_ids)


def want(uow: UnitOfWork, encoder: str) -> None:
    """Say which encoder is to serve once its vectors are complete; whoever says so last is believed."""
    row = queries.serving(uow.session)
    if row is not None:
        row.wanted = encoder


def serve(uow: UnitOfWork, encoder: str) -> bool:
    """Let the wanted encoder serve from now on, in every process; False when another one is wanted by now."""
    row = queries.serving(uow.session)
    if row is None or row.wanted != encoder:
        return False
    row.encoder, row.since = encoder, now()
    return True


def sweep(uow: UnitOfWork, limit: int) -> int:
    """Remove some of the vectors of encoders that neither serve nor are wanted; answers of how many listings."""
    found = queries.superseded(uow.session, limit)
    for listing_id, encoder in found:
        # Together, or a listing would seem to be done whose vectors are gone.
        for table in (Passage, Embedding):
            uow.session.execute(delete(table).where(col(table.listing_id) == listing_id, col(table.encoder) == encoder))
    return len(found)


def reveal(uow: UnitOfWork, listing_ids: Sequence[int]) -> int:
    """Store again the passages of listings whose embargo is over, with the vectors that they have.

    Nothing is encoded, unless passages are cut in another way now: then the listing waits for the encoder again.
    """
    for listing_id in listing_ids:
        for embedding in queries.embeddings_of(uow.session, listing_id):
            (work,) = _prepare(uow.session, embedding.encoder, [listing_id])
            if embedding.revision != work.listing.revision or embedding.problem:
                continue  # it waits for this encoder anyway, or was given up by it
            if work.is_known:
                _store(uow, embedding.encoder, work, {})
            else:
                embedding.revision = 0
                note_change(uow, work.listing, ChangeKind.EDITED)
    return len(listing_ids)


def keep_words(uow: UnitOfWork, listing_ids: Sequence[int]) -> int:
    """Store the open words of these listings as they are now; answers how many those were."""
    entries = [_entry(work) for work in _prepare(uow.session, "", listing_ids)]
    lexicon.store(uow.session, entries)
    return len(entries)


def _entry(work: Prepared) -> lexicon.Entry:
    listing = work.listing
    return lexicon.Entry(
        listing.id or 0, listing.direction, listing.country, lexicon.open_words(work.pieces), listing.revision
    )


def _prepare(session: Session, encoder: str, listing_ids: Sequence[int]) -> list[Prepared]:
    found = [row for row in (session.get(Listing, id_) for id_ in listing_ids) if row is not None]
    known: dict[int, dict[str, bytes]] = {}
    for passage in queries.passages_of(session, listing_ids):
        if passage.encoder == encoder:
            known.setdefault(passage.listing_id, {})[passage.digest] = passage.vector
    at, texts, files = now(), sealed.texts_of(session, listing_ids), queries.file_texts(session, listing_ids)
    prepared = []
    for full in listings.fulls(session, found, EVERYTHING):
        id_ = full.listing.id or 0
        hidden = _hidden(full.listing, texts.get(id_), files.get(id_, []), at)
        prepared.append(Prepared(full.listing, pieces_of(full.texts, hidden), known.get(id_, {}), at))
    return prepared


def _hidden(listing: Listing, text: SealedText | None, files: Sequence[tuple[bool, str]], at: datetime) -> Hidden:
    """What of a listing is compared beside its words, and whether those are under embargo; files as (sealed, text)."""
    return Hidden(
        sealed=text.text if text else "",
        embargo=is_embargoed(listing, at.date()),
        files=[words for is_sealed, words in files if not is_sealed],
        sealed_files=[words for is_sealed, words in files if is_sealed],
    )


def _store(uow: UnitOfWork, encoder: str, work: Prepared, made: dict[str, bytes]) -> bool:
    listing_id = work.listing.id or 0
    current = uow.session.get(Listing, listing_id)
    if current is None or current.revision != work.listing.revision:
        return False
    _remove(uow, listing_id, encoder)
    uow.session.add_all(
        Passage(
            listing_id=listing_id,
            lang=piece.lang,
            ordinal=piece.ordinal,
            text="" if piece.sealed else piece.text,
            digest=piece.digest,
            encoder=encoder,
            vector=work.known.get(piece.digest) or made[piece.digest],
            sealed=piece.sealed,
        )
        for piece in work.pieces
    )
    embedding = _embedding(uow, listing_id, encoder)
    embedding.revision, embedding.passages = current.revision, len(work.pieces)
    embedding.problem, embedding.at = "", work.at
    lexicon.store(uow.session, [_entry(work)])
    _tell(uow, listing_id, encoder)
    return True


def _embedding(uow: UnitOfWork, listing_id: int, encoder: str) -> Embedding:
    found = queries.embedding_of(uow.session, listing_id, encoder)
    if found is None:
        found = Embedding(listing_id=listing_id, encoder=encoder, revision=0, passages=0)
        uow.session.add(found)
    return found


def _remove(uow: UnitOfWork, listing_id: int, encoder: str) -> None:
    uow.session.execute(delete(Passage).where(col(Passage.listing_id) == listing_id, col(Passage.encoder) == encoder))


def _tell(uow: UnitOfWork, listing_id: int, encoder: str) -> None:
    """Tell the indexes of new vectors that they answer from; those of an encoder to come are no news to anybody."""
    if _serves(uow, encoder):
        listing_service.note_embedded(uow, [listing_id])


def _serves(uow: UnitOfWork, encoder: str) -> bool:
    row = queries.serving(uow.session)
    return row is None or row.encoder == encoder


def sealed_words(session: Session, full: FullListing) -> dict[str, str]:
    """What the sealed passages of a listing say, by digest, for its own people: no index and no row keeps it."""
    id_ = full.listing.id or 0
    files = queries.file_texts(session, [id_]).get(id_, [])
    hidden = _hidden(full.listing, sealed.text_of(session, id_), files, now())
    return {piece.digest: piece.text for piece in pieces_of(full.texts, hidden) if piece.sealed}


def give_up(uow: UnitOfWork, listing_id: int, encoder: str, problem: str) -> None:
    """Note that this revision cannot be embedded, so that it is not tried again until it changes.

    The passages of an earlier revision go: the listing does not say any more what they say.
    """
    listing = uow.session.get(Listing, listing_id)
    if listing is None:
        return
    embedding = _embedding(uow, listing_id, encoder)
    embedding.revision, embedding.passages, embedding.problem = listing.revision, 0, problem
    _remove(uow, listing_id, encoder)
    if _serves(uow, encoder):
        lexicon.forget(uow.session, [listing_id])
    _tell(uow, listing_id, encoder)


def note_seen(uow: UnitOfWork, listing: Listing, others: Sequence[int], *, actor: Actor) -> None:
    """Remember that the owner looked at these similar listings and says that theirs is a different one."""
    for other_id in others:
        uow.session.merge(SimilarSeen(listing_id=listing.id or 0, other_id=other_id))
    record(uow, actor.public_id, "listing.not_the_same", ("listing", listing.public_id), str(len(others)))


def unpack(vector: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A stored vector as numbers."""
    return np.frombuffer(vector, dtype=queries.STORED).astype(np.float32)
