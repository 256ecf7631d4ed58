"""Bytes become text, or a sentence says why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus import Limits
from commonplace.corpus.readers.decode import decode, decode_within
from commonplace.foundation import UnreadableError

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)


@given(TEXT)
def test_utf8_comes_back_as_it_was(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text
        assert decode(text.encode("utf-8-sig")) == text


@given(TEXT)
def test_utf16_is_known_by_its_mark(text: str) -> None:
    if "\ufffd" not in text:
        assert decode(text.encode("utf-16")) == text
        assert decode(text.encode("utf-32")) == text


@given(st.binary())
def test_whatever_comes_is_decoded_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except UnreadableError:
        return
    assert text.encode("utf-8")  # no lone surrogates
    assert "\0" not in text


def test_line_ends_are_left_alone() -> None:
    assert decode(b"a\r\nb\rc\nd") == "a\r\nb\rc\nd"


def test_windows_1252_alone_and_pasted_into_utf8() -> None:
    assert decode(b"Caf\xe9 \x93so\x94 \x97 10 \x80") == "Caf\u00e9 \u201cso\u201d \u2014 10 \u20ac"
    assert decode("na\u00efve ".encode() + b"\x93quoted\x94") == "na\u00efve \u201cquoted\u201d"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n and more",
        b"PK\x03\x04 zip",
        b"text with a \x00 in it",
        b"%PDF-1.7 text",
        bytes(range(1, 32)) * 10,
        b"\xff\xfe" + b"\x00\xd8" * 50,
    ],
)
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="looks binary"):
        decode(data)


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="empty file"):
        decode(data)


def test_coloured_logs_are_text() -> None:
    assert decode(b"\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"


def test_what_is_cut_is_said() -> None:
    assert decode_within(b"abcdef", Limits(text_characters=4)) == (
        "abcd",
        ("read the first 4 of 6 characters",),
    )
    assert decode_within(b"abcd", Limits(text_characters=4)) == ("abcd", ())
