"""What stands next to what: whether a claim's names, numbers and negations have their old places.

Two names that changed roles leave the words of a sentence as they are, and break only what stands
beside what. So each name and number is looked up with the words left and right of it: whether the
source has it there (`lost`), and whether the source has something else in that very place
(`refilled`). Clauses that were only reordered keep these places, and "by" explains a subject that
went behind its verb. Rules on the words; English, with the negators of German.

    from commonplace.answers.arrangement import arrangement
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from commonplace.answers.placed import BREAK, Frame, PlacedText, placed_texts

ARRANGEMENT_DOWN: Final = (  # more of it speaks against support
    "lost", "sides_lost", "refilled", "refilled_edges", "refilled_words", "counts_other",
    "turned_round", "names_reversed", "exchanged", "negated_here",
)  # fmt: skip


def arrangement(sentence: str, passage: str, near: str) -> dict[str, float]:
    """Measure the places of a claim's words; each name of `ARRANGEMENT_DOWN` has a value.

    Args:
        sentence: what is claimed.
        passage: what is to bear it out.
        near: the sentence of it that holds most of the claim.
    """
    claim, source, close = placed_texts(sentence, passage, near)
    places = _places(claim, source)
    words = [at for at, token in enumerate(claim.tokens) if token.sort == "word"]
    lost = [_lost(at, claim, source) for at in places if claim.tokens[at].form in source.places]
    return {
        "lost": float(sum(left and right for left, right in lost)),
        "sides_lost": sum(left + right for left, right in lost) / max(2 * len(lost), 1),
        "refilled": float(sum(_refilled(at, claim, source) for at in places)),
        "refilled_edges": float(sum(_refilled(at, claim, source, edges=True) for at in places)),
        "refilled_words": float(sum(_refilled(at, claim, source) for at in words)),
        "counts_other": float(sum(_counts_other(at, claim, source) for at in places)),
        "turned_round": float(len(_turned_round(claim, source))),
        "names_reversed": float(len(_reversed_names(claim, source))),
        "exchanged": float(
            max(len(_exchanged(claim, source)), len(_exchanged(claim.merged, source.merged)))
        ),
        "negated_here": float(len(_flipped(claim, source, close))),
    }


def misplacement(sentence: str, passage: str, near: str) -> str:
    """What has certainly changed places or been negated, in one clause; "" if nothing has.

    Args:
        sentence: what is claimed.
        passage: what is to bear it out.
        near: the sentence of it that holds most of the claim.
    """
    claim, source, close = placed_texts(sentence, passage, near)
    if turned := _turned_round(claim, source):
        first, verb, second = turned[0]
        roles = f"{first} and {second}" if first else second
        return f"the passage has {roles} the other way round beside {verb}"
    if exchanged := _exchanged(claim.merged, source.merged) or _exchanged(claim, source):
        first, second = exchanged[0]
        return f"{first} stands where the passage has {second}, and {second} where it has {first}"
    if flipped := _flipped(claim, source, close):
        return f"one of the two negates {' '.join(word for word in flipped[0] if word != BREAK)}"
    return ""


def _places(claim: PlacedText, source: PlacedText) -> list[int]:
    """Where names and numbers stand, less those that "by" has put on the verb's other side."""
    voiced = {
        form
        for a, verb, b, by in claim.triples
        if (b, verb, a, not by) in source.triples
        for form in (*a.split(), *b.split(), a, b)
    }
    return [
        at for at, token in enumerate(claim.tokens) if token.is_special and token.form not in voiced
    ]


def _lost(at: int, claim: PlacedText, source: PlacedText) -> tuple[bool, bool]:
    """Whether a word has no neighbour of the claim, left and right, at any place of the source."""
    places = source.places[claim.tokens[at].form]
    left = any(
        claim.form(at - 1) == source.form(p - 1) or claim.content(at, -1) == source.content(p, -1)
        for p in places
    )
    right = any(
        claim.form(at + 1) == source.form(p + 1) or claim.content(at, 1) == source.content(p, 1)
        for p in places
    )
    return not left, not right


def _refilled(at: int, claim: PlacedText, source: PlacedText, edges: bool = False) -> bool:
    """Whether the source has another word in the very place of this one.

    With `edges`, only places that a clause begins or ends beside, else only the others.
    """
    frames = (frame for frame in claim.frames(at) if (BREAK in frame) == edges)
    return bool(_instead(at, claim, source, frames))


def _instead(at: int, claim: PlacedText, source: PlacedText, frames: Iterable[Frame]) -> set[str]:
    """What the source has in the place of a word, where it never has the word itself.

    Only words of its sort, and none of its own list, whose order says nothing; and nothing for a
    number that counts there what it counts here.
    """
    token, mates = claim.tokens[at], claim.listed(at)
    if token.sort == "number" and (token.form, claim.form(at + 1)) in source.counted:
        return set()
    held = [source.fillers.get(frame, set()) for frame in frames]
    return {
        filler.form
        for fillers in held
        if token not in fillers
        for filler in fillers
        if filler.sort == token.sort and filler.form not in mates
    }


def _counts_other(at: int, claim: PlacedText, source: PlacedText) -> bool:
    """Whether the source counts the same thing, and never by this number."""
    if claim.tokens[at].sort != "number":
        return False
    counted = claim.form(at + 1)
    if counted not in source.places or not claim.tokens[at + 1].is_content:
        return False
    before = [source.tokens[p - 1] for p in source.places[counted] if p]
    others = {token.form for token in before if token.sort == "number"}
    return bool(others) and claim.tokens[at].form not in others


def _turned_round(claim: PlacedText, source: PlacedText) -> list[tuple[str, str, str]]:
    """Subject, verb and object of the claim that the source only has in each other's roles.

    "a hires b" where it has "b hires a", and "hires b" where it has "hires by b", or the reverse.
    """
    roles = [
        (a, verb, b)
        for a, verb, b, by in sorted(claim.triples)
        if a != b
        and (b, verb, a, by) in source.triples
        and (a, verb, b, by) not in source.triples
        and (b, verb, a, not by) not in source.triples
    ]
    voices = [
        ("", verb, b)
        for verb, b, by in sorted(claim.objects)
        if (verb, b, not by) in source.objects and (verb, b, by) not in source.objects
    ]
    return roles + voices


def _exchanged(claim: PlacedText, source: PlacedText) -> list[tuple[str, str]]:
    """Names, or numbers, that each stand where the source has the other; not within a list."""
    places = _places(claim, source)
    instead = {at: _instead(at, claim, source, claim.frames(at)) for at in places}
    return [
        (claim.form(a), claim.form(b))
        for a, b in combinations([at for at in places if instead[at]], 2)
        if claim.form(b) in instead[a] and claim.form(a) in instead[b]
    ]


def _reversed_names(claim: PlacedText, source: PlacedText) -> set[tuple[str, str]]:
    """Names side by side in the claim that the source only has the other way round."""
    return {
        (a, b)
        for a, b in claim.name_pairs
        if (b, a) in source.name_pairs and (a, b) not in source.name_pairs
    }


def _flipped(claim: PlacedText, source: PlacedText, near: PlacedText) -> list[tuple[str, str]]:
    """Neighbours of the claim that the source has too, with a negator more or less between them.

    What the nearest sentence says of them counts, or else the rest of the source.
    """
    return [
        pair
        for pair, signs in claim.neighbours.items()
        if pair != (BREAK, BREAK)
        and signs - (held := near.neighbours.get(pair) or source.neighbours.get(pair) or signs)
        and len(held) == 1
    ]
