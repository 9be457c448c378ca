"""What is drawn, as pure functions of a seed: which needs, which languages, which results, how many graders."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from random import Random


def chance(*of: object) -> Random:
    """The same stream of numbers for the same things, in every process and on every machine."""
    return Random(":".join(map(str, of)))  # noqa: S311  (a draw that anybody can repeat, not a secret)


def stratified(strata: Mapping[int, str], count: int, random: Random) -> list[int]:
    """`count` of the ids: one of each stratum in turn, so that a small one is drawn as often as a large one."""
    piles: dict[str, list[int]] = {}
    for id_ in sorted(strata):
        piles.setdefault(strata[id_], []).append(id_)
    for name in sorted(piles):
        random.shuffle(piles[name])
    turn = sorted(piles)
    random.shuffle(turn)
    drawn: list[int] = []
    while len(drawn) < count and any(piles.values()):
        for name in turn:
            if piles[name] and len(drawn) < count:
                drawn.append(piles[name].pop())
    return drawn


def least_seen(languages: Iterable[str], seen: Mapping[str, int], count: int, random: Random) -> list[str]:
    """The languages that were seen least, chance deciding between equals."""
    order = sorted(set(languages))
    random.shuffle(order)
    return sorted(order, key=lambda lang: seen.get(lang, 0))[:count]


def seats(share: int, random: Random) -> int:
    """How many people grade a pair: two for `share` of a hundred pairs."""
    return 2 if random.random() * 100 < share else 1


def first_for(person_id: int, seed: int, waiting: Sequence[tuple[int, int]]) -> int:
    """Of waiting (pair, need) the one that a grader sees next; answers the pair.

    Needs come in an order of each grader's own, so that nobody's tiredness falls on the same ones, and so do the
    results of a need; those of one need stay together, because reading it is half of the work.
    """

    def place(pair: tuple[int, int]) -> tuple[bytes, bytes]:
        return _hash(seed, person_id, "need", pair[1]), _hash(seed, person_id, "pair", pair[0])

    return min(waiting, key=place)[0]


def _hash(*of: object) -> bytes:
    return blake2b(":".join(map(str, of)).encode(), digest_size=8).digest()
