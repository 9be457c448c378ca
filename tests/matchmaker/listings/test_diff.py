"""What changed between two texts: readable, and to the character."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.listings.diff import Op, Piece, compare, compare_lists

# Letters of many scripts with accents, joiners and emoji, short enough to meet again in the other text.
TEXT = st.text(st.sampled_from("ab é́ Ж 钻孔机 器。，\n\t 5%<&؟אב🤖👩‍🔬️ก𠀀"), max_size=40) | st.text(max_size=40)


def old(pieces):
    return "".join(piece.text for piece in pieces if piece.op is not Op.IN)


def new(pieces):
    return "".join(piece.text for piece in pieces if piece.op is not Op.OUT)


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT)
def test_no_character_is_ever_lost(before, after):
    pieces = compare(before, after)
    assert (old(pieces), new(pieces)) == (before, after)
    assert all(piece.text for piece in pieces)
    if before == after:
        assert all(piece.op is Op.SAME for piece in pieces)


def test_latin_script_is_compared_by_words():
    assert compare("a robot drills holes", "a machine drills deep holes") == [
        Piece(Op.SAME, "a "),
        Piece(Op.OUT, "robot"),
        Piece(Op.IN, "machine"),
        Piece(Op.SAME, " drills "),
        Piece(Op.IN, "deep "),
        Piece(Op.SAME, "holes"),
    ]


def test_chinese_is_compared_by_characters_and_its_figures_by_words():
    assert compare("井下钻孔机器人，误差50 mm。", "井下自动钻孔机器人，误差5 mm。") == [
        Piece(Op.SAME, "井下"),
        Piece(Op.IN, "自动"),
        Piece(Op.SAME, "钻孔机器人，误差"),
        Piece(Op.OUT, "50"),
        Piece(Op.IN, "5"),
        Piece(Op.SAME, " mm。"),
    ]


def test_long_and_repeating_texts_are_compared_in_good_time_and_to_the_character():
    texts = [
        ("的" * 30_000, "的" * 29_999 + "了"),
        ("a b " * 15_000, "b a " * 15_000),
        ("x\n" * 20_000, "x y\n" * 20_000),
    ]
    for before, after in texts:
        begun = time.perf_counter()
        pieces = compare(before, after)
        assert time.perf_counter() - begun < 5
        assert (old(pieces), new(pieces)) == (before, after)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_a_list_loses_no_value(before, after):
    pieces = compare_lists(before, after)
    assert {piece.text for piece in pieces if piece.op is not Op.IN} == set(before)
    assert [piece.text for piece in pieces if piece.op is not Op.OUT] == after
