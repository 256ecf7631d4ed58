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

from benchmarks.adapters._network import NAMES, TOKENS, Clock, folder_of, network, network_parser
from benchmarks.scaffold import report
from commonplace import adapters

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
        self,
        name: str,
        peft_run: Callable[[], object],
        own_run: Callable[[], object],
        times: int = 1,
    ) -> Row:
        """One row: the medians of `times` interleaved runs."""
        runs = [(self.clock(peft_run), self.clock(own_run)) for _ in range(times)]
        peft_seconds, own_seconds = map(median, zip(*runs, strict=True))
        return name, peft_seconds, own_seconds

    def rows(self) -> Iterator[Row]:
        """One round of everything."""
        first, second, *_ = self.folders
        models: dict[str, Any] = {}
        yield self.both(
            "attach",
            lambda: models.update(theirs=peft.PeftModel.from_pretrained(self.base, first)),
            lambda: models.update(ours=adapters.attach(self.bare, adapters.open_adapter(first))),
        )
        peft_model, attached, model = models["theirs"], models["ours"], self.bare
        for shape in ((1, 1), (1, 64), (4, 128)):
            x = torch.randint(TOKENS, shape, device=self.device)
            assert peft_model(x).shape == model(x).shape  # warm
            name = f"forward, {shape[0]} x {shape[1]} tokens"
            yield self.both(name, lambda x=x: peft_model(x), lambda x=x: model(x), 3)  # type: ignore[misc]
        for name, folder, times in (("swap, the first", second, 1), ("swap", first, 5)):
            yield self.both(
                name,
                lambda folder=folder: _hotswap(peft_model, folder),  # type: ignore[misc]
                lambda folder=folder: attached.swap(adapters.open_adapter(folder)),  # type: ignore[misc]
                times,
            )
        x = torch.randint(TOKENS, (1, 64), device=self.device)
        expected, actual = peft_model(x).float(), model(x).float()
        difference = float((expected - actual).norm() / actual.norm())
        assert difference < torch.finfo(next(model.parameters()).dtype).eps ** 0.5, difference
        attached.detach()
        yield from self._merge_rows(peft_model, adapters.open_adapter(first))
        models["theirs"] = peft_model.unload()

    def _merge_rows(self, peft_model: Any, adapter: adapters.Adapter) -> Iterator[Row]:
        merges: dict[str, Any] = {}

        def merge_reversibly() -> None:
            merges["merged"] = adapters.merge(self.bare, [(adapter, 1.0)])

        yield self.both(
            "merge for good",
            peft_model.merge_adapter,
            lambda: adapters.merge(self.bare, [(adapter, 1.0)], keep=False),
        )
        peft_model.unmerge_adapter()
        adapters.merge(self.bare, [(adapter, -1.0)], keep=False)  # the base, up to rounding
        yield self.both("merge, kept", peft_model.merge_adapter, merge_reversibly)
        yield self.both("unmerge", peft_model.unmerge_adapter, lambda: merges["merged"].unmerge())

    def compose_rows(self) -> Iterator[Row]:
        """Ten LoRA as one, ready to be worn."""
        model = peft.PeftModel.from_pretrained(self.base, self.folders[0], adapter_name="0")
        for number, folder in enumerate(self.folders[1:COMPOSED], 1):
            model.load_adapter(str(folder), str(number))
        weights = [0.1] * COMPOSED
        names = [str(number) for number in range(COMPOSED)]
        opened = [adapters.open_adapter(folder) for folder in self.folders[:COMPOSED]]

        def compose_peft(how: str) -> None:
            options = {"svd_rank": 8} if how == "svd" else {}
            model.add_weighted_adapter(names, weights, f"by {how}", how, **options)

        def compose_own(how: adapters.Method) -> None:
            rank = 8 if how == "svd" else None
            composed = adapters.compose(list(zip(opened, weights, strict=True)), how, rank=rank)
            adapters.attach(self.bare, composed).detach()

        for peft_way, own_way in (("cat", "concatenation"), ("svd", "svd")):
            yield self.both(
                f"compose {COMPOSED}: {own_way}",
                lambda way=peft_way: compose_peft(way),  # type: ignore[misc]
                lambda way=own_way: compose_own(way),  # type: ignore[misc]
            )
        model.unload()

    def compiled_rows(self) -> Iterator[Row]:
        """Forward of compiled models, and a swap with the forward after it, that compiles nothing.

        PEFT has no swap of a DoRA in place, so there only the forwards are beside each other.
        """
        first, second, *_ = self.folders
        wrapped: Any = peft.PeftModel.from_pretrained(self.base, first)
        lora = not wrapped.peft_config["default"].use_dora
        if lora:
            prepare_model_for_compiled_hotswap(wrapped)
        attached = adapters.attach(self.bare, adapters.open_adapter(first))
        x = torch.randint(TOKENS, (1, 64)).to(self.device)
        peft_model: Any = torch.compile(wrapped)
        own_model: Any = torch.compile(self.bare)
        peft_model(x), own_model(x)
        name = "compiled forward, 1 x 64 tokens"
        yield self.both(name, lambda: peft_model(x), lambda: own_model(x), 7)

        def peft_swap() -> None:
            _hotswap(wrapped, second)
            peft_model(x)

        def own_swap() -> None:
            attached.swap(adapters.open_adapter(second))
            own_model(x)

        with torch.compiler.set_stance("fail_on_recompile"):
            own_swap()
            if lora:
                yield self.both("compiled swap and forward", peft_swap, own_swap, 7)

    def fingerprint_times(self) -> tuple[float, float]:
        """Seconds of a model's first fingerprint and of the next, which is remembered."""
        fresh = network(len(self.bare.blocks), self.device)
        first, again = (self.clock(lambda: adapters.fingerprint(fresh)) for _ in range(2))
        return first, again


def main() -> None:
    """Print the table."""
    parser = network_parser(__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--kind", choices=("lora", "dora"), default="lora")
    parser.add_argument("--compose", action="store_true", help="compose only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as at, torch.no_grad():
        model = network(options.layers)
        count = COMPOSED if options.compose else 2
        kind: adapters.Kind = "lora" if options.compose else options.kind
        folders = [folder_of(model, Path(at) / str(n), kind, n) for n in range(count)]
        bench, seconds = Bench(options, folders), defaultdict[str, list[tuple[float, float]]](list)
        single_round = bench.compiled_rows if options.compile else None
        single_round = bench.compose_rows if options.compose else single_round
        for number in range(1 if single_round else options.runs + 1):
            for name, peft_seconds, own_seconds in single_round() if single_round else bench.rows():
                if number or single_round:  # the first round warms
                    seconds[name].append((peft_seconds, own_seconds))
        prints = bench.fingerprint_times()
    rows = {name: tuple(map(median, zip(*seconds[name], strict=True))) for name in sorted(seconds)}
    lines = [
        f"{options.kind}, peft {peft.__version__}, {options.device}, {options.dtype}",
        f"{options.layers} layers, {len(NAMES)} adapted in each",
        "| operation | PEFT | ours | ratio |",
        "|---|---|---|---|",
    ]
    for name, (peft_seconds, own_seconds) in rows.items():
        times = f"{peft_seconds * 1e3:.1f} ms | {own_seconds * 1e3:.1f} ms"
        lines.append(f"| {name} | {times} | {peft_seconds / own_seconds:.2f} |")
    first, again = (seconds * 1e3 for seconds in prints)
    lines.append(f"fingerprint: first {first:.1f} ms, remembered {again:.2f} ms")
    report(options, {"rows": rows, "fingerprint": prints}, lines)


if __name__ == "__main__":
    main()
