"""What people paste becomes clean text, once and for all, without losing a letter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.text import clean_line, clean_text, shorten

# Any code point at all, the broken halves of characters too.
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("  a \t b  \n  c ", "a b\nc"),
        ("\ufeffabc\x07", "abc"),
        ("x\u202egnp.exe\u202c", "xgnp.exe"),
        ("\u2066a\u2069", "a"),
        ("a\ud800b", "ab"),
        ("东西", "东西"),
        ("שלום عالم", "שלום عالم"),
        ("👩‍🔬🇨🇳", "👩‍🔬🇨🇳"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<b>&amp;</b> {{ 7*7 }} %s", "<b>&amp;</b> {{ 7*7 }} %s"),
        ("", ""),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_seen_and_of_nothing_else(pasted, kept):
    assert clean_text(pasted) == kept


def test_a_line_stays_a_line():
    assert clean_line(" Ventil \n für\u2029\tSäure ") == "Ventil für Säure"


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert clean_line(clean_line(text)) == clean_line(text)


@given(ANYTHING)
def test_clean_text_can_be_stored_and_shown(text):
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not [c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"]
    assert cleaned == cleaned.strip()


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=50))
def test_no_letter_sign_or_digit_is_lost(text):
    assert clean_text(text) == unicodedata.normalize("NFC", text)


@given(st.text(max_size=200), st.integers(1, 60))
def test_a_shortened_text_is_the_beginning_and_never_longer(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit or short == text
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert short == text or len(text) > limit


def test_a_text_is_cut_where_a_word_or_a_sentence_ends():
    assert shorten("one two three four", 16) == "one two three…"
    assert shorten("第一句话说完了。第二句话很长很长", 12) == "第一句话说完了。第二句…"
    assert shorten("第一句话终于说完了。第二句话", 12) == "第一句话终于说完了。…"
    assert shorten("abcdefghij", 10) == "abcdefghij"
