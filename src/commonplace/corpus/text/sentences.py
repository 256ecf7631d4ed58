"""Where sentences begin and end: exact character spans, for notes as well as for papers.

    python -c "from commonplace.corpus.text.sentences import *; print(sentence_spans('Hi. U.S.'))"

Notable: two passes over the text, each with one compiled pattern. Lines first: a blank line, a list
marker, a heading, a table row or a fence always ends a sentence; so does the end of a plain line
when the paragraph is a list of lines rather than wrapped prose. Then stops: a stop ends a sentence
unless what stands before it (an abbreviation, an initial, an enumerator) or after it (a lower-case
word, a comma) speaks against it. The rules are those of the literature on rule-based splitting
(Grefenstette and Tapanainen, "What is a word, what is a sentence?", 1994); learned splitters do
better by a point on newspapers and worse on notes.
"""

import re
from itertools import pairwise
from typing import Final

from commonplace.corpus.text.words import words

Span = tuple[int, int]


# Never the end of a sentence: a name, a number or a clause follows.
_OPEN: Final = words(
    """dr mr mrs ms prof rev hon gov sen rep gen col capt lt sgt st mt ft messrs mme mlle
    e.g i.e eg ie cf viz vs v.s resp approx ca c.f q.v incl excl esp w.r.t s.t a.k.a aka
    fig figs eq eqs eqn eqns ref refs sect thm lem prop cor def alg algo suppl ed eds vol vols
    pp chap ch app tab dept univ assoc std avg var subsp spp sp nr trans z.b d.h bzw u.a
    fa hr fr frl str inkl exkl zzgl bzgl evtl ggf gem lt tel mwst zz"""
)
# The end only before a word that likes to begin one.
_DOUBTFUL: Final = words(
    """al etc inc ltd co corp jr sr bros llc gmbh a.m p.m ph.d m.d b.sc m.sc b.a m.a et.al
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ave blvd rd
    est misc max min"""
)
# Not the end before a number: "No. 5", "sec. 3", "p. 12".
_COUNTED: Final = words("no nos sec p art para pt ver v ex step phase type bd s n nr ch l")
_STARTERS: Final = words(
    """The This That These Those We It In On At As If For From However But And So Then Thus Hence
    There They He She You I Our Their Its His Her When While Where Why What Which Who How Also Both
    Here With Without After Before Since Although Because To By An A Each All Some Many Most More
    Moreover Furthermore Finally First Second Third Next Note Let See Unlike Given Using Such
    Another One Two Results Conclusions Methods Background Objective Additionally Therefore
    Instead Similarly Recently Indeed Consequently Nevertheless Meanwhile Not No Yes Is Are Was
    Do Does Can Could Should Would Will"""
)
# An ordinal number, as German writes it, and not the end: "am 12. Oktober", "der 3. Band".
_ORDINAL = re.compile(
    r"\b(?:(?:[dj]e[rmns]|die|das|am|vom|zum|zur|im|beim|ab|bis|seit|und|ein(?:e[rmns]?)?|kein\w*|ihr\w*"
    r"|unser\w*|sein\w*|mein\w*)\s+\d{1,3}|\d{1,2})$",
    re.IGNORECASE,
)
_GERMAN_STARTERS: Final = words(
    "Wir Ich Er Sie Es Du Ihr Der Die Das Ein Eine Dann Danach Aber Und"
)
_MONTHS: Final = words(
    """Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Nov Dez"""
)
_CLOSERS: Final = "\"'\u201d\u2019\u00bb)\\]}*_`~"
_STOP = re.compile(
    rf"""(?<![.!?\u2026])(?P<stop>[.!?\u2026]++)(?P<close>[{_CLOSERS}]*+(?:\[\d[\d,;\s\u2013-]{{0,20}}\])*)(?=\s)
    |(?<=[a-z)])(?P<note>\.\d{{1,3}}(?:[,\u2013-]\d{{1,3}})*)(?=\s+[A-Z])
    |(?P<cjk>(?<![!?])[!?]++(?=[\u3040-\u30ff\u4e00-\u9fff])|[\u3002\uff01\uff1f\uff61\u0964\u0965\u061f\u06d4]+[\u300d\u300f\u201d\u2019\uff09\u3011\u300b\u3009]*)
    |(?<=[a-z)\]][a-z)\]][a-z)\]])(?P<tight>[.!?])
        (?=(?:The|This|These|We|It|In|However|Our|They|For|But|There|As|To)\s)""",
    re.VERBOSE,
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_MARKED = re.compile(
    r"""[ \t]*+(?:>[ \t]?)*+[ \t]*+(?:
        (?:[-*+\u2022\u2023\u25e6\u25aa\u25cf\u00b7]|\d{1,3}[.)]|\(?[a-zA-Z]\)
            |\([ivx\d]{1,4}\))[ \t]
        |\#{1,6}[ \t]|[|]|```|~~~|\$\$|\\begin\{|\\\[|\[\^?[^\]\n]{1,40}\]:
        |<[/!a-zA-Z]|:[a-z_]+:|[-=*_~]{3,}[ \t]*$|\[[ xX]\][ \t])""",
    re.VERBOSE,
)
_ALONE = re.compile(r"[ \t]*+(?:>[ \t]?)*+(?:\#{1,6}[ \t]|[|]|[-=*_~]{3,}[ \t\r\n]*$|\\end\{)")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_MARKER = re.compile(
    r"(?:\s*(?:[-*+\u2022\u2023\u25e6\u25aa\u25cf\u00b7]\s+(?:\[[ xX]\]\s+)?|>\s?|\#{1,6}\s+"
    r"|\d{1,3}[.)]\s+))+"
)
_ENUMERATOR = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[IVXivx]{1,5})")
_NEXT_WORD = re.compile(r"\s*(\S{1,30})")
_OPENERS: Final = "([{\"'\u201c\u2018\u00ab*_`~<"
_RUNS_ON = re.compile(
    r"(?:[,(\[/&+=\u2013\u2014-]|\b(?:a|an|the|of|to|in|on|at|by|for|from|with|and|or|but|nor|as|is"
    r"|are|was|were|be|been|that|which|who|whose|this|these|than|then|via|into|over|under|between"
    r"|using|called|its|our|their|if|when|where|because|while|not|has|have|can|may|will|also|et"
    r"|al\.|e\.g\.|i\.e\.|Fig\.|Eq\.|vs\.))[ \t]*$"
)


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences of `text`: trimmed, ordered, disjoint, all but white space."""
    cuts = sorted({*_line_cuts(text), *_stop_cuts(text), len(text)})
    spans: list[Span] = []
    start = 0
    for cut in cuts:
        piece = text[start:cut]
        if stripped := piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            spans.append((first, first + len(stripped)))
        start = cut
    return spans


def without_marker(text: str, span: Span) -> Span:
    """The span less a list, quote or heading mark at its head, for showing a sentence alone."""
    match = _MARKER.match(text, *span)
    return (match.end(), span[1]) if match and match.end() < span[1] else span


def _line_cuts(text: str) -> list[int]:
    """Positions where a line begins that also begins a sentence."""
    cuts: list[int] = []
    paragraph: list[Span] = []
    fenced = False
    for match in _LINE.finditer(text):
        line = match.group()
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and line and not line.isspace() and not _MARKED.match(line):
            paragraph.append(match.span())
            if not _ALONE.match(line):
                continue
        cuts += _cuts_within(text, paragraph)
        cuts.append(match.start())
        # What follows a list marker or a heading may be wrapped too, so it opens a paragraph.
        keeps = not fenced and bool(line.strip()) and not _ALONE.match(line)
        paragraph = [match.span()] if keeps and not _FENCE.match(line) else []
        if not keeps:
            cuts.append(match.end())
    return cuts + _cuts_within(text, paragraph)


def _cuts_within(text: str, lines: list[Span]) -> list[int]:
    """Line starts inside one paragraph, if it is a list of lines and not wrapped prose."""
    if len(lines) < 2:
        return []
    for start, end in lines[1:]:
        head = text[start:end].lstrip(" \t>" + _OPENERS)[:1]
        if head.islower() or head in ",;:)=+&":
            return []  # a line that goes on in lower case: wrapped
    return [
        start
        for (before, _), (start, _) in pairwise(lines)
        if not _RUNS_ON.search(text[before:start].rstrip("\r\n")[-40:])
    ]


def _stop_cuts(text: str) -> list[int]:
    """Positions just after each stop that ends a sentence."""
    return [
        match.end()
        for match in _STOP.finditer(text)
        if match.lastgroup in ("cjk", "note", "tight") or _ends(text, match)
    ]


def _ends(text: str, match: re.Match[str]) -> bool:
    stop, close = match["stop"], match["close"]
    if len(stop) > 3:  # dots that lead the eye to a value: "Rack power ..... 17 kW"
        return False
    after = _word_after(text, match.end())
    if not after or after[0] in ",;:)]}":
        return not after
    lower = after.lstrip("([{\"'\u201c\u2018\u00ab")[:1].islower()
    if stop != ".":
        dots = stop[-1] in ".\u2026"
        return not lower if dots or close else True
    word = _word_before(text, match.start())
    if lower:  # notes begin sentences in lower case, but only a whole word is believed to end one
        is_abbreviation = word.lower() in _OPEN or word.lower() in _DOUBTFUL
        return not close and len(word) > 3 and word.isalpha() and not is_abbreviation
    return _ends_before(text, match.start(), word, after)


def _ends_before(text: str, stop: int, word: str, after: str) -> bool:
    """Whether `word.` ends a sentence when `after` does not begin in lower case."""
    plain = word.lower()
    starts = after.strip(_OPENERS + ",.:;!?)\u201d\u2019") in _STARTERS
    if plain in _OPEN:
        return False
    if plain in _COUNTED and after.lstrip("([")[:1].isdigit():
        return False
    if _is_enumerator(text, stop, word):
        return False
    if word.isdigit() and (ordinal := _ORDINAL.search(text[max(0, stop - 24) : stop])):
        counted = not ordinal[0].isdigit() and after not in _GERMAN_STARTERS
        return starts or not (counted or after.strip(".,;:") in _MONTHS)
    if plain in _DOUBTFUL:
        return starts
    if len(word) == 1 and word.isalpha():
        return starts and not (word == "I" and plain != word)
    if "." in word and all(len(part) == 1 and part.isalpha() for part in word.split(".")):
        return starts
    return True


def _is_enumerator(text: str, stop: int, word: str) -> bool:
    """A number or letter that stands first on its line: "2. Method", "A. Proof"."""
    if not word or not _ENUMERATOR.fullmatch(word):
        return False
    before = text[max(0, stop - len(word) - 12) : stop - len(word)]
    line = re.split(r"[\r\n]", before)
    at_start = len(line) > 1 or len(before) < 12
    return at_start and not line[-1].strip(" \t#>*-_([")


def _word_before(text: str, end: int) -> str:
    start = end
    lowest = max(0, end - 40)
    while start > lowest and not text[start - 1].isspace():
        start -= 1
    word = text[start:end].lstrip(_OPENERS)
    for mark in "([/\u2014\u2013":  # "(see Fig. 2", "and/or Eq. 3"
        word = word.rpartition(mark)[2]
    return word.rstrip(_CLOSERS)


def _word_after(text: str, start: int) -> str:
    """The next word on this or a later line, with its opening quotes or brackets."""
    match = _NEXT_WORD.match(text, start)
    return match[1] if match else ""
