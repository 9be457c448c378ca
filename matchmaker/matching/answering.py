"""What a process answers from: its encoders, and the index of the one that serves.

Two encoders are told apart: the one that is wanted, which the setting names, and the one that serves, whose vectors
every process answers from (a row in the database). They are the same but for the time after the setting has changed.
"""

import logging
import threading

from sqlalchemy import Engine
from sqlmodel import Session

from embeddings.encoders.base import Encoder, EncoderUnavailable, Progress, Vectors
from embeddings.encoders.bundled import ensure_built, is_built
from embeddings.encoders.ensemble import Former
from embeddings.encoders.registry import BUNDLED, former, open_encoder
from matchmaker.config import Settings
from matchmaker.core.errors import Misconfigured, Unavailable
from matchmaker.db.engine import reading_session
from matchmaker.matching import queries
from matchmaker.matching.index import ListingIndex, View

log = logging.getLogger(__name__)

# Searches whose vectors are kept, so that turning a page encodes nothing.
REMEMBERED = 256


class Renewing(Unavailable):
    """The encoder that serves cannot be opened any more: questions are understood when the next one serves."""


class Answering:
    """The encoder that is wanted, the one that serves while it is another, and the index of what serves."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine
        self._encoder: Encoder | None = None
        # The encoder that serves while it is another one than the wanted, and those that cannot be opened.
        self._former: Former | None = None
        self._lost: set[str] = set()
        self._index: ListingIndex | None = None
        self._asked: dict[tuple[str, str], Vectors] = {}
        self._opening = threading.Lock()
        # Where there is one, it opens the encoders, and nobody else waits for them.
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether the encoder is loaded, so that asking it does not wait."""
        return self._encoder is not None

    @property
    def is_prepared(self) -> bool:
        """Whether the encoder can be opened without building anything."""
        recipe = BUNDLED.get(self.settings.encoder)
        return recipe is None or is_built(self.settings.models, recipe.variant)

    @property
    def is_bundled(self) -> bool:
        """Whether the encoder comes with the platform, so that its name cannot be wrong."""
        return self.settings.encoder in BUNDLED

    def prepare(self, progress: Progress) -> None:
        """Build what the encoder needs, without loading more than that."""
        if recipe := BUNDLED.get(self.settings.encoder):
            with self._opening:
                ensure_built(self.settings.models, recipe.variant, progress=progress)

    def open(self, progress: Progress | None = None) -> Encoder:
        """The encoder, built and loaded when first asked for; raises Misconfigured when that cannot be."""
        with self._opening:
            if self._encoder is None:
                try:
                    self._encoder = open_encoder(
                        self.settings.encoder,
                        folder=self.settings.models,
                        threads=self.settings.encoder_threads,
                        progress=progress,
                    )
                except (EncoderUnavailable, ValueError) as error:
                    raise Misconfigured(f"the encoder cannot be opened: {error}") from error
            return self._encoder

    @property
    def index(self) -> ListingIndex:
        """The process's index, of the encoder that serves now; whoever has a session asks for the `view` instead."""
        with reading_session(self.engine) as session:
            return self._index_of(session)

    def view(self, session: Session) -> View:
        """What is answered from, as the session sees it; raises Unavailable while the encoder is still loading."""
        return self._index_of(session).catch_up(session)

    def encoder(self, name: str) -> Encoder:
        """The encoder whose vectors have this name, to encode questions with; raises Unavailable, or Renewing."""
        own, old = self._loaded(), self._former
        if own.name == name:
            return own
        if old is not None and old.name == name:
            if self._thread is None:
                self._open_former(old)
            if old.opened is not None:
                return old.opened
        if name in self._lost:
            raise Renewing("the encoder that serves cannot be opened")
        raise Unavailable("the encoder that serves is still loading")

    def encoded(self, text: str, encoder: str) -> Vectors:
        """The raw vector of what somebody searches for, shape (1, dim); the same words are encoded once."""
        known = self._asked.get((encoder, text))
        if known is None:
            known = self.encoder(encoder).encode_passages([text])
            while len(self._asked) >= REMEMBERED:
                # The oldest goes; two threads may both want to take it away.
                self._asked.pop(next(iter(self._asked), (encoder, text)), None)
            self._asked[encoder, text] = known
        return known

    def _loaded(self) -> Encoder:
        if self._encoder is None and self._thread is not None:
            raise Unavailable("the encoder is still loading")
        return self._encoder or self.open()

    def _serving(self, session: Session) -> Encoder:
        """The encoder that serves: the wanted one, or as much of a former one as its vectors need."""
        own, row = self._loaded(), queries.serving(session)
        if row is None or row.encoder == own.name:
            self._former = None
            return own
        with self._opening:
            if self._former is None or self._former.name != row.encoder:
                dim = queries.dim_of(session, row.encoder)
                if not dim:
                    return own  # there is nothing to answer from, and nothing to lose
                self._former = former(row.encoder, dim)
            return self._former

    def _index_of(self, session: Session) -> ListingIndex:
        encoder = self._serving(session)
        with self._opening:
            if self._index is None or self._index.encoder != encoder.name:
                self._index = ListingIndex(self.settings.index, encoder)
            return self._index

    def _open_former(self, old: Former) -> None:
        if old.opened is not None or old.name in self._lost:
            return
        try:
            found = open_encoder(old.name, folder=self.settings.models, threads=self.settings.encoder_threads)
        except (EncoderUnavailable, ValueError) as error:
            self._lost.add(old.name)
            log.warning("searches go by words until all is encoded anew: %s cannot be opened: %s", old.name, error)
        else:
            old.opened = found
