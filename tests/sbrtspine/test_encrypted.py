"""Encrypted files: what went in comes out, also without us; what was changed, cut or of another key does not."""

import base64
import io
import os

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage.x25519 import Identity

from sbrtspine import encrypted
from sbrtspine.encrypted import Refused

KEY = Identity.generate()
CHUNK = 64 << 10  # of the age format
SEALED = CHUNK + 16
LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 40 * CHUNK + 7]


def sealed(plain, key=KEY):
    out = io.BytesIO()
    encrypted.encrypt([plain], out, key)
    return out.getvalue()


def opened(data, key=KEY):
    return b"".join(encrypted.decrypt(io.BytesIO(data), key))


@pytest.mark.parametrize("length", LENGTHS)
def test_what_went_in_comes_out_with_us_and_with_any_reader_of_age(length):
    plain = os.urandom(length)
    data = sealed(plain)

    assert opened(data) == plain
    assert pyrage.decrypt(data, [KEY]) == plain
    assert data.startswith(b"age-encryption.org/v1\n")


def test_it_hides_what_is_in_it_and_is_never_the_same_twice():
    assert b"participant" not in sealed(b"a participant's data")
    assert sealed(b"twice") != sealed(b"twice")


def test_pieces_of_any_size_are_one_file():
    out = io.BytesIO()
    encrypted.encrypt((bytes([number]) * number for number in range(256)), out, KEY)

    assert opened(out.getvalue()) == b"".join(bytes([number]) * number for number in range(256))


DATA = sealed(b"x" * 200)


@given(place=st.integers(0, len(DATA) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(place, bit):
    changed = bytearray(DATA)
    changed[place] ^= 1 << bit

    with pytest.raises(Refused):
        opened(bytes(changed))


@given(length=st.integers(0, len(DATA) - 1))
def test_a_file_that_was_cut_off_is_refused(length):
    with pytest.raises(Refused):
        opened(DATA[:length])


def test_swapped_dropped_doubled_and_appended_chunks_are_refused():
    data = sealed(os.urandom(2 * CHUNK + 10))
    start = len(data) - 2 * SEALED - 26
    head, one, two, end = (
        data[:start], data[start : start + SEALED], data[start + SEALED : start + 2 * SEALED], data[-26:],
    )  # fmt: skip

    for order in (two + one + end, two + end, one + end, one + two, one + one + two + end, one + two + end + end):
        with pytest.raises(Refused):
            opened(head + order)
    assert len(opened(head + one + two + end)) == 2 * CHUNK + 10


def test_another_key_is_named_as_such():
    with pytest.raises(Refused, match="another key"):
        opened(DATA, key=Identity.generate())


def test_a_file_of_an_earlier_release_is_named_as_such():
    with pytest.raises(Refused, match="restored by that release"):
        opened(b"sbrtspine encrypted file 1\n" + bytes(200))


def test_what_goes_wrong_while_the_pieces_are_made_is_told_as_it_was():
    def pieces():
        yield b"x" * CHUNK
        raise KeyError("the dump failed")

    with pytest.raises(KeyError, match="the dump failed"):
        encrypted.encrypt(pieces(), io.BytesIO(), KEY)


def test_who_stops_reading_leaves_nothing_running():
    pieces = encrypted.decrypt(io.BytesIO(sealed(os.urandom(40 * CHUNK))), KEY)

    assert next(pieces)
    pieces.close()  # returns when the other thread has ended


def test_the_key_is_made_once_for_its_owner_alone_and_never_for_reading(tmp_path):
    path = tmp_path / "keys" / "backup-key"
    with pytest.raises(Refused, match="There is no key"):
        encrypted.read_key(path)

    key = encrypted.make_key(path)

    assert str(encrypted.make_key(path)) == str(key)
    assert path.read_text().splitlines() == [f"# public key: {key.to_public()}", str(key)]
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(Refused, match="Others may read"):
        encrypted.read_key(path)


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1QQQ", "é", base64.b64encode(bytes(32)).decode()])
def test_what_is_no_age_key_is_left_as_it_is(tmp_path, text):
    """Also the key of an earlier release: it may be the only one that opens the backups of then."""
    path = tmp_path / "backup-key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(Refused, match="holds no age key"):
        encrypted.make_key(path)

    assert path.read_text() == text
