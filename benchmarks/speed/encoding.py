"""How many tokens a second go into vectors, beside the same file run the usual way, and the limit?

Needs a folder with corpus.jsonl (the BEIR layout), or several.

    python -m benchmarks.speed.encoding DIR... [--json] [--rounds 7]

Usual: batches of 32 texts in the order given, each padded to its longest, onnxruntime's default
threads. Ours: `TextEncoder.encode_passages`, as `add` calls it. Fresh texts each round,
interleaved; tokens are those of the texts, padding not counted. The limit is arithmetic alone: what
a float32 matrix product reaches on all cores in the same run, four times that for int8 (VNNI
multiplies four times as many a cycle), over the operations that the network needs a token.
"""

import random
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from benchmarks.scaffold import argument_parser, read_lines, report, seconds_of
from commonplace.models import find_model, locate, open_encoder

BATCH, TEXTS, LONGEST = 32, 96, 512
LAYERS, WIDTH, INNER = 12, 384, 1536  # of bge-small
INT8_OVER_FLOAT32 = 4


def read_texts(folder: Path) -> list[str]:
    rows = read_lines(folder / "corpus.jsonl")
    texts = [f"{row.get('title', '')}\n{row['text']}".strip() for row in rows]
    random.Random(0).shuffle(texts)
    return [text for text in texts if text]


def usual(weights: Path) -> Callable[[list[str]], None]:
    """The same file, run as most programs do."""
    session = onnxruntime.InferenceSession(
        str(weights / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    pieces = Tokenizer.from_file(str(weights / "tokenizer.json"))
    pieces.enable_truncation(LONGEST)
    pieces.enable_padding()
    names = {each.name for each in session.get_inputs()}

    def encode(texts: list[str]) -> None:
        for start in range(0, len(texts), BATCH):
            rows = pieces.encode_batch(texts[start : start + BATCH])
            tensors = {
                "input_ids": np.array([row.ids for row in rows], np.int64),
                "attention_mask": np.array([row.attention_mask for row in rows], np.int64),
                "token_type_ids": np.array([row.type_ids for row in rows], np.int64),
            }
            session.run(None, {name: tensors[name] for name in names})

    return encode


def operations(tokens: float) -> float:
    """Multiplications and additions that the network needs a token, in texts of this length."""
    return 2 * LAYERS * (4 * WIDTH**2 + 2 * WIDTH * INNER + 2 * tokens * WIDTH)


def float32_rate() -> float:
    """Operations a second of a float32 product on all cores."""
    n = 1536
    a, b = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    return 2 * n**3 / min(seconds_of(lambda: a @ b) for _ in range(5))


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    encoder, peer = open_encoder(), usual(locate(find_model("bge-small-en-v1.5")))
    texts = read_texts(folder)
    rates: dict[str, list[float]] = {"usual": [], "ours": []}
    lengths, limits = [], []
    for number in range(rounds + 1):
        part = texts[number * TEXTS : (number + 1) * TEXTS]
        counts = [encoder.count_tokens(text) for text in part]
        for name, encode in (("usual", peer), ("ours", encoder.encode_passages)):
            rates[name].append(sum(counts) / seconds_of(partial(encode, part)))
        lengths += counts
        limits.append(INT8_OVER_FLOAT32 * float32_rate() / operations(statistics.mean(counts)))
    rates = {name: values[1:] for name, values in rates.items()}  # the first warms up
    ratio = statistics.median(o / u for o, u in zip(rates["ours"], rates["usual"], strict=True))
    return {
        "set": folder.name,
        "tokens_a_text": round(statistics.median(lengths)),
        "usual": round(statistics.median(rates["usual"])),
        "ours": round(statistics.median(rates["ours"])),
        "ratio": round(ratio, 2),
        "limit": round(max(limits)),
    }


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = [measure(folder, options.rounds) for folder in options.folders]
    title = "tokens a second (median), ratio of the two by round, and the arithmetic limit"
    lines = ["  ".join(f"{name} {value}" for name, value in row.items()) for row in rows]
    report(options, {"rows": rows}, [title, *lines])


if __name__ == "__main__":
    main()
