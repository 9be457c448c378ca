"""A number of a register is brought into one form, and one that cannot be right is refused."""

import pytest

from matchmaker.accounts.models import IdentifierScheme
from matchmaker.core.errors import Invalid
from matchmaker.organisations.identifiers import CLEANERS, clean

USCC, VAT, ROR, PIC = IdentifierScheme


def test_every_register_has_a_cleaner():
    assert set(CLEANERS) == set(IdentifierScheme)


@pytest.mark.parametrize(
    ("scheme", "typed", "country", "stored"),
    [
        (USCC, "91110000600037341l", "CN", "91110000600037341L"),
        (USCC, " 9111 0000 6000 3734 1L ", "CN", "91110000600037341L"),
        (VAT, "IT00743110157", "IT", "IT00743110157"),
        (VAT, "00743110157", "IT", "IT00743110157"),
        (VAT, "DE 136 695-976", "CN", "DE136695976"),
        (VAT, "GR094259216", "GR", "EL094259216"),
        (VAT, "094259216", "GR", "EL094259216"),
        (VAT, "101134702", "RS", "RS101134702"),
        (VAT, "CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        (VAT, "GB980780684", "GB", "GB980780684"),
        (ROR, "https://ror.org/052gg0110", "GB", "052gg0110"),
        (ROR, "03CVE4549", "CN", "03cve4549"),
        (PIC, "999 999 999", "IT", "999999999"),
    ],
)
def test_a_right_number_is_kept_in_one_form(scheme, typed, country, stored):
    assert clean({scheme: typed}, country) == {scheme: stored}


@pytest.mark.parametrize(
    ("scheme", "typed"),
    [
        (USCC, "91110000600037341M"),
        (USCC, "9111000060003734"),
        (VAT, "IT00743110158"),
        (VAT, "XX123"),
        (VAT, "123"),
        (VAT, "US123456789"),
        (ROR, "052gg0111"),
        (ROR, "https://evil.example/052gg0110"),
        (ROR, "152gg0110"),
        (PIC, "12345678"),
        (PIC, "٩٩٩٩٩٩٩٩٩"),
    ],
)
def test_a_wrong_number_is_told_by_its_register(scheme, typed):
    with pytest.raises(Invalid) as refused:
        clean({scheme: typed}, "IT")
    assert refused.value.problems == {scheme.value: f"bad_{scheme.value}"}


@pytest.mark.parametrize("scheme", list(IdentifierScheme))
@pytest.mark.parametrize("typed", ["x" * 5000, "\u202e1", "<script>", "0" * 64, "'", "\U0001f511"])
def test_nonsense_breaks_nothing(scheme, typed):
    with pytest.raises(Invalid):
        clean({scheme: typed}, "CN")


def test_empty_ones_are_left_out_and_every_wrong_one_is_told_at_once():
    assert clean(dict.fromkeys(IdentifierScheme, " "), "CN") == {}
    with pytest.raises(Invalid) as refused:
        clean(dict.fromkeys(IdentifierScheme, "?"), "CN")
    assert len(refused.value.problems) == 4


def test_one_wrong_character_of_a_credit_code_or_a_ror_is_always_found():
    for scheme, right in ((USCC, "91110000600037341L"), (ROR, "052gg0110")):
        for place in range(1, len(right)):
            for letter in "0123456789":
                typed = right[:place] + letter + right[place + 1 :]
                if typed != right:
                    with pytest.raises(Invalid):
                        clean({scheme: typed}, "CN")
