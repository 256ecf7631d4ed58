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


RUSSIAN = "Ключ от лаборатории хранится у вахтёра. Насос надо проверять каждую пятницу."
JAPANESE = "研究室の鍵は受付で受け取ってください。装置の予約は二週間前から可能です。"
SIMPLIFIED = "本周会议改到星期四下午三点，地点在二号楼。请大家提前准备实验记录。"
TRADITIONAL = "會議改到星期四下午三點，地點在二號樓。請準備預算表。"
KOREAN = "회의는 목요일 오후 세 시에 이층 회의실에서 열립니다. 예산표를 준비해 주세요."
FRENCH = "La clé de la chaufferie se trouve derrière l’évier, « été » compris."


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (JAPANESE, "shift_jis", "Shift-JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (SIMPLIFIED, "gb18030", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (KOREAN, "euc_kr", "EUC-KR"),
        (FRENCH, "mac-roman", "Mac Roman"),
        (FRENCH, "utf-16-le", "UTF-16 (little-endian)"),
        (RUSSIAN, "utf-16-be", "UTF-16 (big-endian)"),
    ],
)
def test_what_says_nothing_of_its_encoding_is_told_by_its_bytes(
    text: str, encoding: str, name: str
) -> None:
    decoded, notices = decode_within(text.encode(encoding), Limits())
    assert decoded == text
    assert notices[0].startswith(f"read as {name}")


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("% \\usepackage[latin2]{inputenc}\n", "iso8859-2"),
        ("# -*- coding: cp1250 -*-\n", "cp1250"),
        ('<?xml version="1.0" encoding="windows-1250"?>\n', "cp1250"),
    ],
)
def test_what_a_file_says_of_its_encoding_decides(head: str, encoding: str) -> None:
    text = f"{head}Příliš žluťoučký kůň"
    assert decode_within(text.encode(encoding), Limits()) == (text, ())


@pytest.mark.parametrize("text", [FRENCH, "Café “so” — 10 €", "Größe: 3 Äpfel"])
def test_windows_1252_is_read_without_a_word(text: str) -> None:
    assert decode_within(text.encode("cp1252"), Limits())[0] == text
