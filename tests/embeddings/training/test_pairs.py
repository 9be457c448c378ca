import re
from pathlib import Path
from random import Random

import pytest

from embeddings.training import pairs
from tests.embeddings.training.conftest import gz


def meant(text: str) -> set[str]:
    return set(re.findall(r"line\d+|[AB]\d\d[A-E]\d/\d\d", text))


def language(text: str) -> str:
    return text[:2]


@pytest.fixture
def material(folder: Path) -> pairs.Material:
    return pairs.read(folder)[0]


def test_no_training_text_is_in_a_language_that_is_kept_out(material: pairs.Material) -> None:
    draw = Random(2)
    seen = {language(text) for _ in range(60) for pair in material.batch(8, draw) for text in pair}
    assert seen == {"en", "fr", "zh", "de", "es"}


def test_no_batch_holds_what_is_held_out(folder: Path) -> None:
    material, held = pairs.read(folder)
    draw = Random(3)
    seen = set[str]().union(*(meant(text) for _ in range(400) for pair in material.batch(8, draw) for text in pair))
    assert held.groups
    assert not any(symbol.startswith(key) for symbol in seen for key in held.groups)
    assert not {f"line{n}" for n in range(pairs.FIRST_HELD_OUT_LINE, pairs.FIRST_HELD_OUT_LINE + 6)} & seen
    assert {"line0", f"line{pairs.FIRST_HELD_OUT_LINE - 2}"} <= seen


@pytest.mark.parametrize("kind", ["_sentences", "_titles", "_groups"])
def test_partners_are_in_two_languages_and_no_two_pairs_mean_the_same(material: pairs.Material, kind: str) -> None:
    draw = Random(4)
    for _ in range(20):
        batch = getattr(material, kind)(8, draw)
        assert len(batch) == 8
        assert all(language(one) != language(other) for one, other in batch)
        said = [meant(one) | meant(other) for one, other in batch]
        assert sum(map(len, said)) == len(set().union(*said))


def test_sentences_and_titles_mean_the_same_and_groups_say_other_things_of_one_class(material: pairs.Material) -> None:
    draw = Random(5)
    for one, other in material._sentences(8, draw) + material._titles(8, draw):
        assert meant(one) == meant(other)
    for one, other in material._groups(8, draw):
        assert not meant(one) & meant(other)
        assert len({symbol.split("/")[0] for symbol in meant(one) | meant(other)}) == 1


def test_wrong_answers_come_from_near_by(material: pairs.Material) -> None:
    classes = {symbol[:3] for one, _ in material._groups(6, Random(6)) for symbol in meant(one)}
    assert len(classes) < 6


def test_titles_stand_beside_the_texts_under_them(folder: Path, tmp_path: Path) -> None:
    rows = [{"title": f"Title {n}", "text": "x" * 2000} for n in range(9)]
    material, _ = pairs.read(folder, [gz(tmp_path / "texts.jsonl.gz", rows)])
    assert material._under(9, Random(7))[0][1] == "x" * pairs.LONGEST


def test_the_same_seed_draws_the_same(material: pairs.Material) -> None:
    assert [material.batch(8, Random(8)) for _ in range(3)] == [material.batch(8, Random(8)) for _ in range(3)]
