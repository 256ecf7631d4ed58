"""What is a term: the rules by example, and the promises for any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus.text.analyser import ANALYSER, LONGEST, STOP_WORDS, analyse, spellings


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("The running of the models", ["run", "model"]),
        ("data data", ["data", "data"]),
        ("What is it, and why?", []),
        ("don't it's we'll Bayes's", ["bay"]),
        ("K-means", ["kmean", "k", "mean"]),
        ("kmeans", ["kmean"]),
        ("GPT-4 GPT4", ["gpt4", "gpt", "4", "gpt4"]),
        (
            "3.14 1,000 1,000.5 v1.2.3 1990-1995",
            ["3.14", "1000", "1000.5", "1.2.3", "1990", "1995"],
        ),
        ("[1,2,3] 10,20 p53.2", ["1", "2", "3", "10", "20", "p532", "p53", "2"]),
        ("C++ C++11 C# F#", ["c++", "c++", "11", "c#", "f#"]),
        ("i++ or a#b", ["b"]),
        ("getFileName", ["getfilenam", "get", "file", "name"]),
        ("get_file_name", ["getfilenam", "get", "file", "name"]),
        ("__init__ np.array(x)", ["init", "np", "array", "x"]),
        ("HTMLParser PyTorch", ["htmlparser", "html", "parser", "pytorch", "py", "torch"]),
        ("mRNA LoRA p53 10mg NASA", ["mrna", "lora", "p53", "10mg", "nasa"]),
        ("O'Reilly", ["oreilli", "o", "reilli"]),
        ("naïve Ångström ﬁne Straße", ["naiv", "angstrom", "fine", "strass"]),
        ("Kullback\u2013Leibler", ["kullback", "leibler"]),
        ("猫が", ["猫", "が", "猫が"]),
        ("हिन्दी Ελλάδα", ["हिन्दी", "ελλαδα"]),
        ("Łódź Øster Müller Mueller", ["lodz", "oster", "muller", "mueller"]),
        ("Œuvre æther þorn", ["oeuvr", "aether", "thorn"]),
        ("AT&T a&b x=1&y=2", ["att", "at", "t", "ab", "b", "x", "1", "y", "2"]),
        ("The IT desk; WHO told us", ["it", "desk", "who", "told"]),
        ("WHO PAYS IT NOW", ["pay", "now"]),
        ("💡 👍🏽 🇩🇪 ok", ["💡", "👍", "🇩🇪", "ok"]),
        ("350² boats¹² 8 cm² H₂O", ["350", "2", "boat", "12", "8", "cm2", "h2o"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert analyse(text) == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPT-4", "gpt4"),
        ("k-means", "kmeans"),
        ("e-mail", "email"),
        ("file_name", "fileName"),
        ("CAFÉ", "cafe\u0301"),
        ("C++17", "c++"),
        ("\uff26\uff35\uff2c\uff2c width", "full"),
        ("猫が好き", "好き"),
        ("東京都に住む", "都"),
        ("한국어를 배우다", "한국어"),
    ],
)
def test_meet(one: str, other: str) -> None:
    """Two spellings, or a word and a text that holds it, share a term."""
    assert set(analyse(one)) & set(analyse(other))


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "x_" * 10_000, "x-" * 9_999, "猫" * 10_000, "\ud800"]
)
def test_hostile_is_bounded(text: str) -> None:
    terms = analyse(text)
    assert all(0 < len(term) <= LONGEST for term in terms)
    assert len(terms) <= 2 * len(text)


@given(st.text())
def test_any_text_gives_bounded_terms_without_white_space(text: str) -> None:
    terms = analyse(text)
    assert all(0 < len(term) <= LONGEST for term in terms)
    assert " ".join(terms).split() == terms
    assert analyse(text) == terms


@given(st.text(st.characters(codec="utf-8")))
def test_terms_can_be_stored(text: str) -> None:
    assert " ".join(analyse(text)).encode().decode().split(" ") == (analyse(text) or [""])


@given(st.text(), st.text())
def test_a_space_separates(one: str, other: str) -> None:
    assert analyse(f"{one} {other}") == analyse(one) + analyse(other)


@given(st.from_regex(r"[a-z]{3,12}( [a-z]{3,12}){0,5}", fullmatch=True))
def test_case_is_nothing_to_plain_words(text: str) -> None:
    assert analyse(text) == analyse(text.upper()) == analyse(text.title())


@given(st.lists(st.sampled_from(["retrieval", "passage", "k8s", "3.14", "c++", "猫", "gpt4"])))
def test_terms_of_terms(words: list[str]) -> None:
    """Stable under itself, where the stemmer is."""
    terms = analyse(" ".join(words))
    again = analyse(" ".join(terms))
    assert len(again) == len(terms)
    assert analyse(" ".join(again)) == again


def test_stop_words_are_dropped_and_the_version_is_named() -> None:
    assert analyse(" ".join(STOP_WORDS)) == []
    assert ANALYSER == "commonplace-2"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Herr Müller aus Köln", ["mueller", "koeln"]),
        ("Mu\u0308ller", ["mueller"]),
        ("Østerbro, Århus", ["oesterbro", "aarhus"]),
        ("Mueller is plain", []),
    ],
)
def test_other_spellings(text: str, terms: list[str]) -> None:
    assert spellings(text) == terms
