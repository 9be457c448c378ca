"""Ids that tell nothing and secrets that cannot be guessed."""

import base64

from matchmaker.core.ids import ALPHABET, new_public_id, new_secret


def test_an_id_can_be_read_out_and_never_spells_a_word():
    ids = [new_public_id() for _ in range(500)]
    assert {len(id_) for id_ in ids} == {10}
    assert set("".join(ids)) == set(ALPHABET)
    assert not set(ALPHABET) & set("aeiou01lO")
    assert len(set(ids)) == 500


def test_an_id_is_as_long_as_asked():
    assert len(new_public_id(20)) == 20


def test_a_secret_has_256_bits_and_fits_into_an_address():
    secrets = {new_secret() for _ in range(200)}
    assert len(secrets) == 200
    assert {len(base64.urlsafe_b64decode(secret + "=")) for secret in secrets} == {32}
