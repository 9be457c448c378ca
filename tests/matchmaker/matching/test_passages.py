"""What of a listing is encoded, and under which title."""

import hashlib
from typing import Any

from embeddings.text import normalise
from matchmaker.listings.models import ListingText, TextOrigin
from matchmaker.matching.passages import BODY, MOST_PASSAGES, cut, pieces_of

SENTENCE = "The robot drills long holes in the seam and measures where the bit is. "


def text(lang: str = "en", title: str = "Drilling robot", **words: Any) -> ListingText:
    return ListingText(listing_id=1, lang=lang, title=title, **words)


def test_every_piece_is_encoded_under_the_title_and_shown_without_it() -> None:
    pieces = pieces_of([text(summary="For coal mines.", description=SENTENCE * 60)])
    assert len(pieces) > 2
    assert [piece.ordinal for piece in pieces] == list(range(len(pieces)))
    for piece in pieces:
        assert piece.encoded == f"Drilling robot\n{piece.text}"
        assert piece.digest == hashlib.sha256(piece.encoded.encode()).hexdigest()
    assert "".join(piece.text.replace(" ", "") for piece in pieces).replace("\n", "") == (
        ("For coal mines." + SENTENCE * 60).replace(" ", "")
    )


def test_every_field_that_speaks_of_technology_is_encoded_and_rights_are_not() -> None:
    words = {name: f"{name} word." for name in (*BODY, "ipr_notes")}
    (piece,) = pieces_of([text(**words)])
    assert all(f"{name} word." in piece.text for name in BODY)
    assert "ipr_notes" not in piece.text


def test_a_title_alone_is_a_piece_of_its_own() -> None:
    assert [(piece.text, piece.encoded) for piece in pieces_of([text()])] == [("Drilling robot", "Drilling robot")]


def test_words_without_a_title_are_encoded_as_they_are() -> None:
    assert cut("", "Only words.") == [("Only words.", "Only words.")]


def test_each_language_version_has_pieces_of_its_own() -> None:
    pieces = pieces_of(
        [text("zh", "钻孔机器人", summary="煤矿井下。"), text("de", "Bohrroboter", summary="Für Gruben.")]
    )
    assert [(piece.lang, piece.ordinal) for piece in pieces] == [("zh", 0), ("de", 0)]


def test_a_machines_version_is_not_encoded_a_second_time() -> None:
    machine = text("en", "Drilling robot", origin=TextOrigin.MACHINE)
    assert [piece.lang for piece in pieces_of([text("zh", "钻孔机器人"), machine])] == ["zh"]


def test_a_language_that_nobody_named_is_recognised() -> None:
    assert [piece.lang for piece in pieces_of([text("und", "煤矿井下自动钻孔机器人", summary="高瓦斯矿井。")])] == [
        "zh"
    ]
    assert [piece.lang for piece in pieces_of([text("und", "X1 2")])] == ["und"]


def test_a_very_long_text_is_encoded_as_far_as_its_first_passages() -> None:
    pieces = pieces_of([text(description=SENTENCE * 2000)])
    assert len(pieces) == MOST_PASSAGES
    assert pieces[0].text.startswith(SENTENCE.strip())


def test_blanks_and_controls_change_nothing_that_is_encoded() -> None:
    messy, tidy = text(summary="One\t line.\u202e\r\n\r\n\r\nTwo."), text(summary="One line.\n\nTwo.")
    assert pieces_of([messy]) == pieces_of([tidy])
    assert normalise(tidy.summary) == tidy.summary
