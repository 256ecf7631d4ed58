"""How long attaching, swapping, merging, wearing and composing adapters takes, beside PEFT.

A GPT of 98 million parameters, rank 8 on its 72 linear layers. Both read the same folders; runs are
interleaved, on models whose weights were used before, and the median is printed with the ratio to
PEFT's. A merge that keeps the weights pays for new memory; the first swap does too, so it is a row
of its own.

Needs peft (pip install '.[dev]').

    python -m benchmarks.adapters.speed [--runs N] [--kind lora|dora] [--threads N] [--layers N]
        [--compose | --compile] [--device cuda] [--dtype bfloat16] [--json FILE]
"""

import argparse
import json
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import peft
import torch
from peft.utils.hotswap import hotswap_adapter, prepare_model_for_compiled_hotswap

from benchmarks.adapters._network import NAMES, TOKENS, Clock, folder_of, network
from commonplace.adapters import Adapter, attach, compose, fingerprint, merge, open_adapter

COMPOSED = 10
Row = tuple[str, float, float]


def _hotswap(model: Any, folder: Path) -> None:
    """PEFT's swap; of a DoRA 0.21.2 finds no key (KeyError), so that is loaded anew."""
    if not model.peft_config["default"].use_dora:
        hotswap_adapter(model, str(folder), "default")
        return
    model.delete_adapter("default")
    model.load_adapter(str(folder), "default")
    model.set_adapter("default")


class Bench:
    """Two equal models, PEFT's and ours, and folders of adapters for them."""

    def __init__(self, options: argparse.Namespace, folders: list[Path]) -> None:
        place = options.device, getattr(torch, options.dtype)
        self.base, self.bare = (network(options.layers, *place) for _ in range(2))
        self.folders, self.clock = folders, Clock(options.device)
        self.device = options.device

    def both(
        self, name: str, theirs: Callable[[], object], ours: Callable[[], object], times: int = 1
    ) -> Row:
        """One row: the medians of `times` interleaved runs."""
        runs = [(self.clock(theirs), self.clock(ours)) for _ in range(times)]
        return name, median(one for one, _ in runs), median(one for _, one in runs)

    def rows(self) -> Iterator[Row]:
        """One round of everything."""
        first, second, *_ = self.folders
        held: dict[str, Any] = {}
        yield self.both(
            "attach",
            lambda: held.update(theirs=peft.PeftModel.from_pretrained(self.base, first)),
            lambda: held.update(ours=attach(self.bare, open_adapter(first))),
        )
        theirs, worn, bare = held["theirs"], held["ours"], self.bare
        for shape in ((1, 1), (1, 64), (4, 128)):
            x = torch.randint(TOKENS, shape, device=self.device)
            assert theirs(x).shape == bare(x).shape  # warm
            name = f"forward, {shape[0]} x {shape[1]} tokens"
            yield self.both(name, lambda x=x: theirs(x), lambda x=x: bare(x), 3)  # type: ignore[misc]
        for name, folder, times in (("swap, the first", second, 1), ("swap", first, 5)):
            yield self.both(
                name,
                lambda folder=folder: _hotswap(theirs, folder),  # type: ignore[misc]
                lambda folder=folder: worn.swap(open_adapter(folder)),  # type: ignore[misc]
                times,
            )
        x = torch.randint(TOKENS, (1, 64), device=self.device)
        wanted, found = theirs(x).float(), bare(x).float()
        apart = float((wanted - found).norm() / found.norm())
        assert apart < torch.finfo(next(bare.parameters()).dtype).eps ** 0.5, apart
        worn.detach()
        yield from self._merged(theirs, open_adapter(first))
        held["theirs"] = theirs.unload()

    def _merged(self, theirs: Any, adapter: Adapter) -> Iterator[Row]:
        held: dict[str, Any] = {}

        def ours() -> None:
            held["merged"] = merge(self.bare, [(adapter, 1.0)])

        yield self.both(
            "merge for good",
            theirs.merge_adapter,
            lambda: merge(self.bare, [(adapter, 1.0)], keep=False),
        )
        theirs.unmerge_adapter()
        merge(self.bare, [(adapter, -1.0)], keep=False)  # the base, up to rounding
        yield self.both("merge, kept", theirs.merge_adapter, ours)
        yield self.both("unmerge", theirs.unmerge_adapter, lambda: held["merged"].unmerge())

    def composed(self) -> Iterator[Row]:
        """Ten LoRA as one, ready to be worn."""
        model = peft.PeftModel.from_pretrained(self.base, self.folders[0], adapter_name="0")
        for number, folder in enumerate(self.folders[1:COMPOSED], 1):
            model.load_adapter(str(folder), str(number))
        weights = [0.1] * COMPOSED
        names = [str(number) for number in range(COMPOSED)]
        adapters = [open_adapter(one) for one in self.folders[:COMPOSED]]

        def theirs(how: str) -> None:
            options = {"svd_rank": 8} if how == "svd" else {}
            model.add_weighted_adapter(names, weights, f"by {how}", how, **options)

        def ours(how: Any) -> None:
            made = compose(list(zip(adapters, weights, strict=True)), how, rank=RANKS.get(how))
            attach(self.bare, made).detach()

        for their_way, our_way in (("cat", "concatenation"), ("svd", "svd")):
            yield self.both(
                f"compose {COMPOSED}: {our_way}",
                lambda way=their_way: theirs(way),  # type: ignore[misc]
                lambda way=our_way: ours(way),  # type: ignore[misc]
            )
        model.unload()

    def compiled(self) -> Iterator[Row]:
        """Forward of compiled models, and a swap with the forward after it, that compiles nothing.

        PEFT has no swap of a DoRA in place, so there only the forwards are beside each other.
        """
        first, second, *_ = self.folders
        model: Any = peft.PeftModel.from_pretrained(self.base, first)
        lora = not model.peft_config["default"].use_dora
        if lora:
            prepare_model_for_compiled_hotswap(model)
        worn, x = attach(self.bare, open_adapter(first)), torch.randint(TOKENS, (1, 64))
        x = x.to(self.device)
        theirs: Any = torch.compile(model)
        ours: Any = torch.compile(self.bare)
        theirs(x), ours(x)
        yield self.both("compiled forward, 1 x 64 tokens", lambda: theirs(x), lambda: ours(x), 7)

        def their_swap() -> None:
            _hotswap(model, second)
            theirs(x)

        def our_swap() -> None:
            worn.swap(open_adapter(second))
            ours(x)

        with torch.compiler.set_stance("fail_on_recompile"):
            our_swap()
            if lora:
                yield self.both("compiled swap and forward", their_swap, our_swap, 7)

    def fingerprinted(self) -> tuple[float, float]:
        """Seconds of a model's first fingerprint and of the next, which is remembered."""
        fresh = network(len(self.bare.blocks), self.device)
        return self.clock(lambda: fingerprint(fresh)), self.clock(lambda: fingerprint(fresh))


RANKS = {"svd": 8}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--kind", choices=("lora", "dora"), default="lora")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compose", action="store_true", help="compose only")
    parser.add_argument("--compile", action="store_true", help="compiled models only")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as at, torch.no_grad():
        model = network(options.layers)
        count = COMPOSED if options.compose else 2
        kind = "lora" if options.compose else options.kind
        folders = [folder_of(model, Path(at) / str(n), kind, n) for n in range(count)]
        bench, found = Bench(options, folders), defaultdict[str, list[tuple[float, float]]](list)
        once = bench.composed if options.compose else bench.compiled if options.compile else None
        for number in range(options.runs + 1):
            for name, theirs, ours in once() if once else bench.rows():
                if number or once:  # the first round warms
                    found[name].append((theirs, ours))
            if once:
                break
        prints = bench.fingerprinted()
    rows = {
        name: (median(one for one, _ in runs), median(one for _, one in runs))
        for name, runs in sorted(found.items())
    }
    print(f"{options.kind}, peft {peft.__version__}, {options.device}, {options.dtype}")
    print(
        f"{12 if options.layers is None else options.layers} layers, {len(NAMES)} adapted in each"
    )
    print("| operation | PEFT | ours | ratio |\n|---|---|---|---|")
    for name, (theirs, ours) in rows.items():
        print(f"| {name} | {theirs * 1e3:.1f} ms | {ours * 1e3:.1f} ms | {theirs / ours:.2f} |")
    print(f"fingerprint: first {prints[0] * 1e3:.1f} ms, remembered {prints[1] * 1e3:.2f} ms")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "fingerprint": prints}, indent=1))


if __name__ == "__main__":
    main()
