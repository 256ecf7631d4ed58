"""llama.cpp in this process, through `xllamacpp`: any GGUF file.

Notable: generation runs in a thread of its own and arrives through a queue, so that a caller reads
words while the next ones are made, and may stop reading at any time. One core is left free: with
all cores taken llama.cpp's threads wait for each other and it collapses. The prompt cache is off,
because a cached prefix changes the last digits and with them, now and then, the words.

The runtime always opens a port on loopback (it is llama-server inside); it is given a random key
at every start, so that no other program on the machine can use it. We use it to count tokens.
"""

import json
import os
import queue
import secrets
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonplace.foundation._errors import InputError, WeightsError
from commonplace.models._messages import prepare_messages
from commonplace.models._onnx import default_threads

_CONTEXT_TOKENS = 4096  # the default window; more costs memory at once
_SEED = 0


@dataclass(frozen=True)
class LlamaModel:
    """A GGUF model, loaded; open it with `open_llama`."""

    name: str
    context_tokens: int
    server: Any = field(repr=False)
    key: str = field(repr=False)

    def generate(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        """Continue a conversation, piece by piece; requests at once are answered in turn.

        Args:
            messages: each with `role` and `content`.
            max_tokens: the most to generate.
            temperature: 0 always takes the likeliest token.

        Raises:
            InputError: the messages do not fit the context, or are malformed.
        """
        request = {
            "messages": prepare_messages(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": _SEED,
            "stream": True,
            "cache_prompt": False,
        }
        yield from _stream(lambda take: self.server.handle_chat_completions(request, take))

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has, without the marks of a message."""
        content = text.encode("utf-8", "replace").decode("utf-8")
        request = urllib.request.Request(
            f"{self.server.listening_address}/tokenize",
            json.dumps({"content": content}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as response:
            return len(json.load(response)["tokens"])


def _stream(run: Callable[[Callable[[Any], bool]], Any]) -> Iterator[str]:
    """Run a call that reports through a callback, and yield the words that it reports."""
    pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped = threading.Event()

    def take(chunk: Any) -> bool:
        pieces.put(chunk)
        return stopped.is_set()  # true ends the generation

    def work() -> None:
        try:
            pieces.put(run(take))
        except Exception as error:  # handed to the thread that reads
            pieces.put({"error": {"message": str(error)}})
        pieces.put(_END)

    worker = threading.Thread(target=work, name="llama", daemon=True)
    worker.start()
    try:
        while (chunk := pieces.get()) is not _END:
            yield from _words(chunk)
    finally:
        stopped.set()
        worker.join()


_END = object()


def _words(chunk: Any) -> Iterator[str]:
    """The words of one chunk; an error in it is raised."""
    for part in chunk if isinstance(chunk, list) else [chunk]:
        if not isinstance(part, dict):
            continue
        if "error" in part:
            reason = part["error"].get("message", "no reason given").rstrip(".")
            raise InputError(f"The language model refused the request: {reason}.")
        for choice in part.get("choices", ()):
            if content := choice.get("delta", {}).get("content"):
                yield content


def open_llama(
    path: Path, *, name: str, context_tokens: int | None = None, threads: int | None = None
) -> LlamaModel:
    """Load a GGUF file.

    Args:
        path: the file.
        name: what answers say they were written by.
        context_tokens: the window of prompt and answer together; 4096 where None.
        threads: all cores but one where None.

    Raises:
        WeightsError: the runtime is not installed, or cannot load the file.
    """
    require_runtime()
    if not path.is_file():
        raise WeightsError(f"There is no language model at {path}; give the path of a GGUF file.")
    key = secrets.token_hex(16)
    context = context_tokens or _CONTEXT_TOKENS
    server = _load(path, context, threads or max(1, default_threads() - 1), key)
    return LlamaModel(name=name, context_tokens=context, server=server, key=key)


def require_runtime() -> None:
    """Say early, before anything is fetched, that llama.cpp is missing.

    Raises:
        WeightsError: it is not installed.
    """
    try:
        import xllamacpp  # noqa: F401
    except ImportError as error:
        raise WeightsError(
            "Language models run with llama.cpp, which is not installed: "
            "run pip install 'commonplace[llm]'."
        ) from error


def _load(path: Path, context_tokens: int, threads: int, key: str) -> Any:
    """Start the runtime, silent, on the processor, for one conversation at a time."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = os.fspath(path)
    params.n_ctx, params.n_parallel, params.n_gpu_layers = context_tokens, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity, params.warmup, params.fit_params = -1, False, False
    params.cache_ram_mib, params.ui, params.api_keys = 0, False, [key]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise WeightsError(f"llama.cpp cannot load {path}: is it a GGUF model?") from error
