"""One URL for one thing: the canonical form under which the reading list counts mentions.

The form is a key, made to be compared: scheme `https`, lower-case host without `www.`, no default
port, no fragment, no tracking parameters, no slash at the end. Beyond that a handful of sites that
notes are full of are known: arXiv (abs, pdf, html, versions, mirrors: one paper), DOI resolvers,
GitHub (a repository's root, its `.git` and its main branch are one; a file in it is itself),
YouTube, the ACL Anthology, OpenReview. What was written stays in `Link.url`. Nothing is fetched,
and a malformed URL comes back as it was rather than raising.
"""

import re
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from commonplace.corpus.text.words import words

LinkKind = Literal["paper", "repository", "video", "page"]

_ARXIV_ID: Final = r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_ARXIV_MENTION = re.compile(rf"(?:https?://)?arxiv:\s*{_ARXIV_ID}", re.I)
_ARXIV_PATH = re.compile(
    rf"/(?:abs|pdf|html|format|papers|ps|e-print|src)/{_ARXIV_ID}(?:\.pdf)?/?", re.I
)
_ARXIV_FTP = re.compile(r"/ftp/arxiv/papers/\d{4}/(?P<id>\d{4}\.\d{4,5})(?:v\d+)?\.pdf", re.I)
_ARXIV_HOSTS: Final = re.compile(
    r"(?:(?:export|browse|de|cn|es|uk|lanl|xxx)\.)?arxiv\.org|ar5iv(?:\.labs\.arxiv)?\.org"
    r"|xxx\.lanl\.gov|arxiv-vanity\.com|alphaxiv\.org|scirate\.com|huggingface\.co"
)
_DOI = re.compile(r"(?:doi:\s*)?(?P<doi>10\.\d{4,9}/\S+)", re.I)
_DOI_ARXIV = re.compile(rf"10\.48550/arxiv\.{_ARXIV_ID}", re.I)
_TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|mc_[ce]id|_hs\w+|mkt_tok|ref"
    r"|ref_src|ref_url|referrer|source|src|spm|share|feature|si|trk|cmpid|ns_\w+|vero_id|wt_mc",
    re.I,
)
_ACL_HOSTS: Final = words(
    "aclanthology.org aclweb.org aclanthology.info aclanthology.coli.uni-saarland.de"
)
_AMBIGUOUS: Final = frozenset({"source", "src", "share", "ref", "si", "feature"})
_HOST = re.compile(r"[\w.:~-]+")
_SAFE: Final = "/:@!$&'()*+,;=~-._%"
_NOT_OWNERS: Final = words(
    """features topics orgs marketplace sponsors about settings explore search login join pricing
    collections trending apps notifications site contact security enterprise users stars readme
    customer-stories new blog events team nonprofit education"""
)
_PAPER_HOSTS = re.compile(
    r"(?:^|\.)(?:arxiv\.org|doi\.org|openreview\.net|aclanthology\.org|jmlr\.org|biorxiv\.org"
    r"|medrxiv\.org|papers\.n(?:eur)?ips\.cc|proceedings\.neurips\.cc|proceedings\.mlr\.press"
    r"|openaccess\.thecvf\.com|ieeexplore\.ieee\.org|semanticscholar\.org|dl\.acm\.org|ssrn\.com"
    r"|sciencedirect\.com|link\.springer\.com|pubmed\.ncbi\.nlm\.nih\.gov|pnas\.org|distill\.pub"
    r"|paperswithcode\.com|projecteuclid\.org|hal\.science|philpapers\.org|psycnet\.apa\.org)$"
)
_VIDEO_HOSTS = re.compile(
    r"(?:^|\.)(?:youtube\.com|vimeo\.com|videolectures\.net|twitch\.tv|bilibili\.com)$"
)
_CODE_HOSTS: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})


def canonical_url(url: str) -> str:
    """The form under which mentions of one thing meet; never raises."""
    written = url.strip("<> \t\r\n\x0b\x0c\u00a0")
    if not written:
        return ""
    if match := _ARXIV_MENTION.fullmatch(written):
        return _arxiv(match["id"])
    if match := _DOI.fullmatch(written):
        return _doi(match["doi"])
    try:
        return _canonical(written)
    except ValueError:  # a bracket or port that is no bracket or port
        return written


def link_kind(url: str) -> LinkKind:
    """What a URL leads to, judged by its form alone."""
    parts = _split(canonical_url(url))
    if parts is None:
        return "page"
    host, path = parts.hostname or "", parts.path
    steps = [step for step in path.split("/") if step]
    if _VIDEO_HOSTS.search(host) or path.lower().endswith((".mp4", ".webm", ".mov")):
        return "video"
    if host in _CODE_HOSTS and len(steps) == 2 and steps[0] not in _NOT_OWNERS:
        return "repository"
    if path.lower().endswith(".pdf") or (_PAPER_HOSTS.search(host) and steps):
        return "paper"
    if re.search(r"^(?:www\.)?(?:nature|science|cell)\.(?:com|org)$", host) and len(steps) > 1:
        return "paper"
    return "page"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.hostname else None
    except ValueError:
        return None


def _canonical(written: str) -> str:
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", written) or re.match(
        r"[\w.-]+:\d+(?:/|$)", written
    ):
        written = "https://" + written.lstrip("/")
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return written
    host = re.sub(r"^(?:www\.)+(?=[^.])", "", parts.hostname.rstrip("."))
    if not _HOST.fullmatch(host):
        return written
    host = host.replace(".m.wikipedia.org", ".wikipedia.org")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    path = _path(parts.path)
    canonical = _on_a_known_site(host, path, parts.query)
    bracketed = f"[{host}]" if ":" in host else host
    return canonical or f"https://{bracketed}{port}{path}{_query(parts.query)}"


def _path(path: str) -> str:
    """Percent-encoded in one way, without the slash at the end."""
    plain = unquote(path, errors="surrogateescape")
    # Bytes that are no UTF-8 and escaped slashes would not come back as they were.
    if any("\udc80" <= character <= "\udcff" for character in plain) or "%2f" in path.lower():
        return path.rstrip("/")
    return quote(plain, safe=_SAFE.replace("%", "")).rstrip("/")


def _query(query: str) -> str:
    """Without tracking; `ref` and its like only go where their value is no document's name."""
    fields = [
        (key, value)
        for key, value in parse_qsl(query, keep_blank_values=True)
        if not (_TRACKING.fullmatch(key) and not (key in _AMBIGUOUS and "/" in value))
    ]
    return "?" + urlencode(fields) if fields else ""


def _on_a_known_site(host: str, path: str, query: str) -> str | None:
    """The canonical form on the sites that are known, or None."""
    if _ARXIV_HOSTS.fullmatch(host):
        match = _ARXIV_PATH.fullmatch(path) or _ARXIV_FTP.fullmatch(path)
        return _arxiv(match["id"]) if match else None
    if host in ("doi.org", "dx.doi.org", "hdl.handle.net"):
        match = _DOI.fullmatch(unquote(path.strip("/")))
        return _doi(match["doi"]) if match else None
    if host in ("github.com", "raw.githubusercontent.com", "raw.github.com"):
        return _github(host, path, query)
    if host in ("youtube.com", "m.youtube.com", "youtube-nocookie.com", "youtu.be"):
        return _youtube(host, path, query)
    if host in _ACL_HOSTS:
        match = re.fullmatch(
            r"(?:/anthology)?(?:/papers)?(?:/\w/\w+)?/([A-Z]\d\d-\d{4}|\d{4}\.[\w-]+\.\d+)(?:\.pdf)?",
            path,
        )
        return f"https://aclanthology.org/{match[1]}" if match else None
    if host in ("x.com", "twitter.com", "mobile.twitter.com") and "/status/" in path:
        return f"https://x.com{path}"
    if host == "openreview.net" and path in ("/pdf", "/forum", "/attachment"):
        name = dict(parse_qsl(query)).get("id", "")
        return f"https://openreview.net/forum?id={name}" if re.fullmatch(r"[\w-]+", name) else None
    return None


def _arxiv(identifier: str) -> str:
    archive, slash, number = identifier.partition("/")  # math.GT/0309136, as it was until 2007
    return f"https://arxiv.org/abs/{archive.lower()}{slash}{number}"


def _doi(doi: str) -> str:
    doi = unquote(doi).rstrip("/.,;").lower()  # a DOI is compared without regard to case
    if match := _DOI_ARXIV.fullmatch(doi):
        return _arxiv(match["id"])
    return f"https://doi.org/{quote(doi, safe=_SAFE.replace('%', ''))}"


def _github(host: str, path: str, query: str) -> str | None:
    steps = [step for step in path.split("/") if step]
    if len(steps) < 2 or steps[0].lower() in _NOT_OWNERS:
        return None
    owner, name = steps[0].lower(), re.sub(r"(?<=.)(?:\.git)+$", "", steps[1].lower())
    rest = steps[2:]
    if host != "github.com":
        rest = ["blob", *rest]
    if rest in ([], ["tree", "main"], ["tree", "master"], ["tree", "HEAD"]):
        return f"https://github.com/{owner}/{name}"
    return f"https://github.com/{owner}/{name}/{'/'.join(rest)}{_query(query)}"


def _youtube(host: str, path: str, query: str) -> str | None:
    fields = dict(parse_qsl(query))
    match = re.fullmatch(r"/(?:embed|shorts|live|v)/([\w-]{6,})", path)
    name = path.strip("/") if host == "youtu.be" else match[1] if match else fields.get("v")
    if name and re.fullmatch(r"[\w-]+", name):
        return f"https://youtube.com/watch?v={name}"
    played = fields.get("list", "")
    if path == "/playlist" and re.fullmatch(r"[\w-]+", played):
        return f"https://youtube.com/playlist?list={played}"
    return None
