"""Sentences that a passage supports, and near misses that it does not: data for the support check.

They are made from SQuAD 2.0: from each sentence of a passage (cut, reordered, and with a number, a
name, a negation or two roles changed) and from each question (its question word replaced by the
right answer, or by one of another question of the same type). Rewriting by rule is rough: a "near
miss" is now and then true, a "claim" now and then bad English. A verbatim pair is left out, as the
check passes those at once. The pairs are the same each time: each passage and question has its own
seed.

    from benchmarks.answers.near_misses import pairs
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonplace.answers.mismatch import names, numbers
from commonplace.answers.wording import QuestionType, question_type
from commonplace.corpus import analyse, sentence_spans

_ASKS = re.compile(
    r"\b(?:in what|what|who|whom|when|where|which|how many|how much|how)\b"
    r"(?: (?:year|century|country|city|type|kind|date))?",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(r"\b(?:was|were|is|are|has|have|had|can|could|will|would|may)\b")
_NEGATES = re.compile(r"\b(?:not|never|no|none|without)\b|n't", re.IGNORECASE)
_DIGITS = re.compile(r"\d[\d,.]*\d|\d")
_INNER_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+")
_NAME_RUN = re.compile(r"\b[A-Z]\w+(?: [A-Z]\w+)*")
_LISTS = re.compile(r"(?:[A-Z]\w+|and|or|[\s,;&/])*")  # the order of a list says nothing
_LEADING = re.compile(
    r"((?:In|On|At|After|Before|During|Since|From|For|By|With|Under) [^,.:;]{2,40}), ([^.:;]+)\.$"
)
_PHRASE = re.compile(
    r" (?:in|on|at|for|with|from|after|before|during|since|near) (?:(?:the|a|an|his|her|its) )?"
    r"\w+(?: \w+)?(?=[,.;]| (?:in|on|at|to|for|with|from|by|after|before|during|since|and)\b)"
)
_CONJUNCTS = re.compile(
    r"(?<=\w )((?:\d[\d,.]* \w+|[A-Z]\w+(?: [A-Z]\w+)*))( (?:and|or|und|&) )"
    r"(\d[\d,.]* \w+|[A-Z]\w+(?: [A-Z]\w+)*)(?=[,.;]| (?:in|on|at|to|for|with|from|by|were)\b)"
)
_PASSIVE = re.compile(
    r"(?:^|, (?:and |but |which |where )?)((?:[Tt]he |[Aa]n? )?[\w][\w -]{2,50}?)"
    r" (?:was|were|is|are|has been|have been) (?:\w+ly |first )?"
    r"(\w{3,}ed|built|made|led|held|written|given|taken|founded|drawn|sent|bought|sold|won) by"
    r" ((?:the |a |an )?[\w -]{3,50}?)(?=[,;.]| (?:in|on|at|to|from|for|with|who|which|and|as)\b)"
)
_IDLE = frozenset(("the", "a", "also", "however", "very"))
_SHORTEST = 6  # words of a sentence that is rewritten


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence against a passage; `kind` says how it was made."""

    kind: str
    supported: bool
    sentence: str
    passage_id: str


def pairs(
    passages: Sequence[Mapping[str, Any]], questions: Sequence[Mapping[str, Any]]
) -> list[Pair]:
    """All pairs of a set, those that stand verbatim in their passage left out."""
    text = {passage["id"]: passage["text"] for passage in passages}
    article = {passage["id"]: passage["title"] for passage in passages}
    candidates = [*_rewritten(text, article), *_claims(questions, text, article)]
    return [
        pair for pair in candidates if _plain(pair.sentence) not in _plain(text[pair.passage_id])
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".!?")


def _rewritten(text: Mapping[str, str], article: Mapping[str, str]) -> Iterator[Pair]:
    together = defaultdict(list)
    for identity, title in article.items():
        together[title].append(identity)
    for identity, passage in text.items():
        choice = random.Random(f"rewritten {identity}")
        others = [other for other in together[article[identity]] if other != identity]
        elsewhere = sorted({name for other in others for name in names(text[other])})
        for start, end in sentence_spans(passage):
            sentence = passage[start:end]
            if len(sentence.split()) < _SHORTEST:
                continue
            for kind, supported, variant in (
                *_paraphrased(sentence),
                *_renumbered(sentence, passage, choice),
                *_renamed(sentence, passage, elsewhere, choice),
                *_negated(sentence),
                *_exchanged(sentence, passage),
                *_turned(sentence),
            ):
                yield Pair(kind, supported, variant, identity)
            yield Pair("other passage", False, sentence, choice.choice(others))


_Variant = tuple[str, bool, str]  # kind, whether it is supported, sentence


def _paraphrased(sentence: str) -> Iterator[_Variant]:
    """Rewritten so that it still says the same, or less."""
    clauses = re.split(r", | and (?=the|it|he|they)", sentence.rstrip("."))
    if len(clauses) > 1 and len(clauses[-1].split()) > 3:
        yield "clauses reordered", True, ", ".join(reversed(clauses)) + "."
    yield from _rearranged(sentence)
    words = sentence.rstrip(".").split()
    essential = [w for w in words if not (w.lower().endswith("ly") or w.lower() in _IDLE)]
    if len(essential) < len(words):
        yield "adverbs dropped", True, " ".join(essential) + "."


def _rearranged(sentence: str) -> Iterator[_Variant]:
    """With one phrase elsewhere, one left out, or the two of an "and" exchanged."""
    if match := _LEADING.match(sentence):
        phrase, rest = match.groups()
        moved = f"{rest[0].upper()}{rest[1:]} {phrase[0].lower()}{phrase[1:]}."
        yield "phrase moved", True, moved
    if phrases := list(_PHRASE.finditer(sentence)):
        at = phrases[-1]
        yield "phrase dropped", True, sentence[: at.start()] + sentence[at.end() :]
    if match := _CONJUNCTS.search(sentence):
        first, joint, second = match.groups()
        head, tail = sentence[: match.start()], sentence[match.end() :]
        yield "conjuncts exchanged", True, head + second + joint + first + tail


def _renumbered(sentence: str, passage: str, choice: random.Random) -> Iterator[_Variant]:
    """With a digit changed, or with another number of the passage."""
    matches = list(_DIGITS.finditer(sentence))
    if not matches:
        return
    at = choice.choice(matches)
    place = choice.choice([i for i in range(at.start(), at.end()) if sentence[i].isdigit()])
    digit = str((int(sentence[place]) + choice.randint(1, 8)) % 10 or 7)
    if digit != sentence[place]:
        yield "number changed", False, sentence[:place] + digit + sentence[place + 1 :]
    if elsewhere := sorted(numbers(passage) - numbers(sentence)):
        moved = choice.choice(elsewhere)
        yield "number moved", False, sentence[: at.start()] + moved + sentence[at.end() :]


def _renamed(
    sentence: str, passage: str, elsewhere: Sequence[str], choice: random.Random
) -> Iterator[_Variant]:
    """With a name of elsewhere, with another of the passage, or with two that changed places."""
    matches = list(_INNER_NAME.finditer(sentence))
    if not matches:
        return
    at = choice.choice(matches)
    if strange := [name for name in elsewhere if name not in passage]:
        name = choice.choice(strange)
        yield "name changed", False, sentence[: at.start()] + name + sentence[at.end() :]
    if near := sorted(name for name in names(passage) if name not in sentence):
        name = choice.choice(near)
        yield "name moved", False, sentence[: at.start()] + name + sentence[at.end() :]
    if len(matches) > 1:
        first, second = sorted(choice.sample(matches, 2), key=lambda match: match.start())
        between = sentence[first.end() : second.start()]
        if first.group() != second.group() and not re.search(r"\b(?:and|or)\b", between):
            head, tail = sentence[: first.start()], sentence[second.end() :]
            yield "roles swapped", False, head + second.group() + between + first.group() + tail


def _exchanged(sentence: str, passage: str) -> Iterator[_Variant]:
    """With two whole names that changed places, one of them perhaps the subject."""
    known = {name for name in names(passage) if analyse(name)}
    runs = [run for run in _NAME_RUN.finditer(sentence) if known.issuperset(run.group().split())]
    if len(runs) < 2:
        return
    choice = random.Random(f"exchanged {sentence}")  # its own, so that other kinds stay as they are
    first, second = sorted(choice.sample(runs, 2), key=lambda match: match.start())
    between = sentence[first.end() : second.start()]
    if _words(first.group()) != _words(second.group()) and not _LISTS.fullmatch(between):
        head, tail = sentence[: first.start()], sentence[second.end() :]
        yield "whole names swapped", False, head + second.group() + between + first.group() + tail


def _turned(sentence: str) -> Iterator[_Variant]:
    """A passive made active, with its roles as they were and turned round."""
    if match := _PASSIVE.search(sentence):
        patient, verb, agent = match.group(1), match.group(2), match.group(3)
        yield "passive made active", True, f"{agent[0].upper()}{agent[1:]} {verb} {patient}."
        yield "passive made active, turned", False, f"{patient} {verb} {agent}."


def _negated(sentence: str) -> Iterator[_Variant]:
    """With a negation put in, or taken out."""
    auxiliary = _AUXILIARY.search(sentence)
    if auxiliary and not _NEGATES.search(sentence):
        cut = auxiliary.end()
        yield "negation put in", False, f"{sentence[:cut]} not{sentence[cut:]}"
    if negation := re.search(r"\b(?:not|never)\b ?", sentence):
        rest = sentence[: negation.start()] + sentence[negation.end() :]
        yield "negation taken out", False, rest


def _claims(
    questions: Sequence[Mapping[str, Any]], text: Mapping[str, str], article: Mapping[str, str]
) -> Iterator[Pair]:
    """Questions turned into statements, with the right answer or with a wrong one of its type."""
    alike: dict[tuple[str, QuestionType], list[Mapping[str, Any]]] = defaultdict(list)
    for question in questions:
        if question["answerable"]:
            key = article[question["passage_id"]], question_type(question["question"])
            alike[key].append(question)
    for question in questions:
        identity, wording = question["passage_id"], question["question"]
        choice = random.Random(f"claimed {question['id']}")
        same = alike[article[identity], question_type(wording)]
        here = _words(text[identity])
        near = [q for q in same if q["passage_id"] == identity and not _agree(q, question)]
        far = [q for q in same if _words(_answer(q)) not in here]
        if question["answerable"]:
            choices = [("claim, right", [question]), ("claim, answer of elsewhere", far)]
            choices.append(("claim, answer of the passage", near))
        else:
            choices = [("claim of an unanswerable", near)]
        for kind, answers in choices:
            claim = _statement(wording, _answer(choice.choice(answers))) if answers else None
            if claim:
                yield Pair(kind, kind == "claim, right", claim, identity)


def _answer(question: Mapping[str, Any]) -> str:
    return str(min(question["answers"], key=len))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _agree(question: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two questions share an answer, or an answer of one holds an answer of the other."""
    return any(
        _words(a) in _words(b) or _words(b) in _words(a)
        for a in question["answers"]
        for b in other["answers"]
    )


def _statement(question: str, answer: str) -> str | None:
    match = _ASKS.search(question)
    if match is None:
        return None
    return (question[: match.start()] + answer + question[match.end() :]).rstrip("? ") + "."
