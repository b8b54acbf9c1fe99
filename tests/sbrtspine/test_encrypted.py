"""Encrypted files: what went in comes out, and nothing that was changed, cut, moved or made with another key."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbrtspine import encrypted
from sbrtspine.encrypted import CHUNK, Refused

KEY = bytes(range(32))
LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]


def made(plain, key=KEY):
    out = io.BytesIO()
    encrypted.encrypt([plain], out, key, made_at="2026-11-25")
    return out.getvalue()


def opened(data, key=KEY):
    return b"".join(encrypted.decrypt(io.BytesIO(data), key))


def chunks(data):
    """Where the chunks begin and end."""
    source = io.BytesIO(data)
    encrypted._header(source)
    spans = []
    while source.tell() < len(data):
        start = source.tell()
        source.seek(start + 4 + int.from_bytes(data[start : start + 4], "big"))
        spans.append((start, source.tell()))
    return spans


@pytest.mark.parametrize("length", LENGTHS)
def test_what_went_in_comes_out(length):
    plain = os.urandom(length)

    assert opened(made(plain)) == plain


def test_it_tells_what_it_is_without_a_key_and_hides_the_rest():
    data = made(b"a participant's data")

    assert encrypted.header_of(io.BytesIO(data))["made_at"] == "2026-11-25"
    assert b"participant" not in data


def test_the_same_is_never_encrypted_to_the_same():
    assert made(b"twice") != made(b"twice")


DATA = made(b"x" * 200)


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
    data = made(os.urandom(2 * CHUNK + 10))
    first, second, last = chunks(data)
    head, one, two, end = data[: first[0]], data[slice(*first)], data[slice(*second)], data[slice(*last)]

    for order in (two + one + end, two + end, one + end, one + two, one + one + two + end, one + two + end + end):
        with pytest.raises(Refused):
            opened(head + order)
    assert len(opened(head + one + two + end)) == 2 * CHUNK + 10


def test_a_chunk_of_another_file_is_refused():
    one, other = made(b"a" * 50), made(b"b" * 50)
    start = chunks(one)[0][0]

    with pytest.raises(Refused):
        opened(one[:start] + other[start:])


def test_another_key_is_named_as_such():
    with pytest.raises(Refused, match="another key"):
        opened(DATA, key=b"k" * 32)


def test_the_key_is_made_once_for_its_owner_alone_and_never_for_reading(tmp_path):
    path = tmp_path / "keys" / "backup-key"
    with pytest.raises(Refused, match="There is no key"):
        encrypted.read_key(path)

    key = encrypted.make_key(path)

    assert len(key) == 32
    assert encrypted.make_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(Refused, match="Others may read"):
        encrypted.read_key(path)
