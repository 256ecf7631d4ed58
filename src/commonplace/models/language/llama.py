"""llama.cpp in this process, through `xllamacpp`: any GGUF file.

Notable: generation runs in a thread of its own and arrives through a queue, so that a caller reads
words while the next ones are made, and may stop reading at any time. One core is left free: with
all cores taken llama.cpp's threads wait for each other and it collapses. What stands in the prompt
can be drafted, which changes no word (`speculation.py`); what it saved comes with the last word.
"""

import queue
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonplace.foundation import InputError, WeightsError, default_threads
from commonplace.models.language.messages import prepare_messages
from commonplace.models.language.runtime import (
    ChunkHandler,
    Runtime,
    RuntimeSettings,
    require_runtime,
)
from commonplace.models.language.speculation import Generation, Speculation, measure
from commonplace.models.worn.wear import WornAdapter

_CONTEXT_TOKENS = 4096  # the default window; more costs memory at once
_SEED = 0  # the same question gets the same words at any temperature


@dataclass(frozen=True)
class LlamaModel:
    """A GGUF model, loaded; open it with `open_llama`."""

    name: str
    context_tokens: int
    runtime: Runtime = field(repr=False)
    worn: tuple[WornAdapter, ...] = ()

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Generator[str, None, Generation | None]:
        """Continue a conversation, piece by piece; requests at once are answered in turn.

        Args:
            messages: each with `role` and `content`.
            max_tokens: the most to generate.
            temperature: 0 always takes the likeliest token.

        Returns:
            What it took, once all is written (the generator's return value).

        Raises:
            InputError: the messages do not fit the context, or are malformed.
        """
        request = {
            "messages": prepare_messages(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": _SEED,
            "stream": True,
            "timings_per_token": True,
        }
        timings: list[Mapping[str, Any]] = []
        off = self.runtime.off
        yield from stream_words(
            lambda on_chunk: self.runtime.complete(request, on_chunk), timings.append
        )
        if generation := measure(timings, off):
            self.runtime.settle(generation)
        return generation

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has, without the marks of a message."""
        content = text.encode("utf-8", "replace").decode("utf-8")
        return len(self.runtime.http("/tokenize", {"content": content})["tokens"])


def stream_words(
    run: Callable[[ChunkHandler], Any], note: Callable[[Mapping[str, Any]], None] = lambda _: None
) -> Generator[str, None, None]:
    """Run a call that reports through a callback; yield the words, `note` the timings."""
    pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped = threading.Event()

    def on_chunk(chunk: Any) -> bool:
        pieces.put(chunk)
        return stopped.is_set()  # true ends the generation

    def work() -> None:
        try:
            pieces.put(run(on_chunk))
        except Exception as error:  # handed to the thread that reads
            pieces.put({"error": {"message": str(error)}})
        pieces.put(_END)

    worker = threading.Thread(target=work, name="llama", daemon=True)
    worker.start()
    try:
        while (chunk := pieces.get()) is not _END:
            yield from _words(chunk, note)
    finally:
        stopped.set()
        worker.join()


_END = object()


def _words(chunk: Any, note: Callable[[Mapping[str, Any]], None]) -> Generator[str, None, None]:
    """The words of one chunk; an error in it is raised."""
    for part in chunk if isinstance(chunk, list) else [chunk]:
        if not isinstance(part, dict):
            continue
        if "error" in part:
            reason = part["error"].get("message", "no reason given").rstrip(".")
            raise InputError(f"The language model refused the request: {reason}.")
        if isinstance(timings := part.get("timings"), dict):
            note(timings)
        for choice in part.get("choices", ()):
            if content := choice.get("delta", {}).get("content"):
                yield content


def open_llama(
    path: Path,
    *,
    name: str,
    context_tokens: int | None = None,
    threads: int | None = None,
    speculation: Speculation | None = None,
    worn: tuple[WornAdapter, ...] = (),
) -> LlamaModel:
    """Load a GGUF file.

    Args:
        path: the file.
        name: what answers say they were written by.
        context_tokens: the window of prompt and answer together; 4096 where None.
        threads: all cores but one where None.
        speculation: when to draft, and how much; None never drafts.
        worn: adapters that it wears; see `worn_adapters`.

    Raises:
        WeightsError: the runtime is not installed, or cannot load the file.
    """
    require_runtime()
    drafting = speculation.model if speculation else None
    for file in (path, drafting or path):
        if not file.is_file():
            raise WeightsError(
                f"There is no language model at {file}; give the path of a GGUF file."
            )
    context, cores = context_tokens or _CONTEXT_TOKENS, threads or max(1, default_threads() - 1)
    adapters = tuple((adapter.gguf, adapter.strength) for adapter in worn)
    runtime = Runtime(RuntimeSettings(path, context, cores, speculation, adapters=adapters))
    return LlamaModel(name=name, context_tokens=context, runtime=runtime, worn=worn)
