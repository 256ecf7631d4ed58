"""The one plain reason why the closest words may not be an answer, as a clause.

    doubt("What did the boat cost in 2022?", extract)    # "the closest words say nothing of 2022"

It names what can be checked: a year, a number, a name or a word of the question that the closest
unit lacks, or that it has nothing of the kind that was asked for. What moved the confidence most is
another question, which `commonplace explain` answers.
"""

import re
from typing import Final

from commonplace.answers.extractive import Extract
from commonplace.answers.mismatch import Weigh, names, negates, numbers, uniform
from commonplace.answers.wording import QuestionType, question_type, typed_spans
from commonplace.corpus import analyse

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = re.compile(r"[^\W_][\w'\u2019-]*")
_LACKS: Final[dict[QuestionType, str]] = {
    "mail": "have no e-mail address",
    "phone": "have no telephone number",
    "when": "give no date",
    "who": "name nobody",
    "number": "give no number",
}


def doubt(question: str, extract: Extract, weigh: Weigh = uniform) -> str:
    """Why the best unit of an extract may not answer the question.

    Args:
        question: as asked.
        extract: what was read; `best` must be there.
        weigh: how rare a term is in the library.
    """
    assert extract.best is not None, "nothing was read"
    unit = extract.best.unit
    if missing := _missing(question, unit.read):
        return f"the closest words say nothing of {missing}"
    kind = question_type(question)
    if kind in _LACKS and not typed_spans(kind, question, unit.plain):
        return f"the closest words {_LACKS[kind]}"
    if negates(unit.text) and not negates(question):
        return "the closest words say what is not so"
    if word := _rarest_missing(question, unit.read, weigh):
        return f"the closest words do not mention \u201c{word}\u201d"
    return "the closest words are near the question, and may not answer it"


def _missing(question: str, text: str) -> str:
    """A year, number or name of the question that a text has not, in this order; or ""."""
    years = [year for year in _YEAR.findall(question) if year not in text]
    held = set(analyse(text))
    others = [name for name in sorted(names(question)) if not held.issuperset(analyse(name))]
    return next(iter([*years, *sorted(numbers(question) - numbers(text)), *others]), "")


def _rarest_missing(question: str, text: str, weigh: Weigh) -> str:
    """The word of the question that is rarest in the library, of those that a text has not."""
    held = set(analyse(text))
    words = [word for word in _WORD.findall(question) if analyse(word)]
    missing = [word for word in words if not held.issuperset(analyse(word))]
    return max(missing, key=lambda word: max(map(weigh, analyse(word))), default="")
