import re

import pytest

from matchmaker.core.errors import Misconfigured, NotFound
from matchmaker.taxonomy.schemes import FOLDER, SHARED, fold, nace_to_isic, read, scheme
from matchmaker.taxonomy.vocabulary import Trl

SIZES = {"ipc": [8, 132, 656], "nace": [21, 88, 272, 615], "sdg": [17], "trl": [9]}


@pytest.mark.parametrize("name", SHARED)
def test_a_scheme_is_complete(name):
    levels = [entry.level for entry in scheme(name).entries.values()]
    assert [levels.count(level) for level in sorted(set(levels))] == SIZES[name]


@pytest.mark.parametrize("name", SHARED)
def test_a_child_is_one_level_below_its_parent(name):
    entries = scheme(name).entries
    for entry in entries.values():
        assert entry.level == (1 if entry.parent is None else entries[entry.parent].level + 1)


@pytest.mark.parametrize("name", SHARED)
def test_likeness_grows_with_depth_and_has_a_value_for_every_level(name):
    assert len(SHARED[name]) == len(SIZES[name])
    assert list(SHARED[name]) == sorted(set(SHARED[name]))
    assert SHARED[name][-1] == 1.0


@pytest.mark.parametrize("name", SHARED)
def test_every_concept_has_an_english_label(name):
    assert not [entry.code for entry in scheme(name).entries.values() if not entry.labels.get("en")]


@pytest.mark.parametrize("name", SHARED)
def test_every_concept_has_a_chinese_label_in_chinese(name):
    labels = {entry.code: entry.labels.get("zh", "") for entry in scheme(name).entries.values()}
    assert not {code for code, text in labels.items() if not re.search("[\u4e00-\u9fff]", text)}


@pytest.mark.parametrize("name", SHARED)
def test_labels_are_tidy(name):
    untidy = re.compile(r"^\s|\s$|\s\s|[<>{}]|href|\bU0N|[;；,，]$|\n")
    found = {
        (entry.code, lang, text)
        for entry in scheme(name).entries.values()
        for lang, text in entry.labels.items()
        if not text or untidy.search(text.replace("PCS=>", "").replace("PCS<", ""))
    }
    assert not found


@pytest.mark.parametrize("name", SHARED)
def test_a_file_is_well_under_a_megabyte_and_its_origin_is_written_down(name):
    path = FOLDER / f"{name}.jsonl"
    assert path.stat().st_size < 900_000
    assert f"`{path.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_sector_has_its_isic_counterpart():
    assert set(nace_to_isic()) == set(scheme("nace").entries)
    assert nace_to_isic()["05.10"] == "0510"


def test_short_readiness_titles_agree_with_the_full_definitions():
    for trl in Trl:
        definition = scheme("trl").entries[trl.value].labels["en"]
        title = str(trl.title).removeprefix(f"TRL {trl.value}: ")
        assert definition.casefold().startswith(title.casefold())


def test_folding_forgets_case_accents_and_blanks():
    assert fold("  Élevage\t de  VACHES laitières ") == "elevage de vaches laitieres"


def test_an_unknown_scheme_is_named_in_the_error():
    with pytest.raises(NotFound, match="gbt4754"):
        scheme("gbt4754")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json\n",
        '{"code": "A"}\n',
        '["A"]\n',
        '{"code": "A01", "parent": "A", "level": 2, "labels": {"en": "Orphan"}}\n',
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "broken.jsonl"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=r"broken\.jsonl"):
        read("ipc", path)


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(Misconfigured, match=r"gone\.jsonl"):
        read("ipc", tmp_path / "gone.jsonl")
