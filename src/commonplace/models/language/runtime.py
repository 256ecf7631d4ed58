"""One llama.cpp server in this process: loaded, asked in turn, drafting while that pays.

Notable:

- `xllamacpp` offers llama-server whole and nothing below it, and whether it drafts is decided when
  it starts. So switching drafts off or on starts it anew (the file is in memory by then); there is
  never more than one.
- What stands before the last message, the instructions, is the same for every question, and is kept
  evaluated. A cached prefix can change the last digits, and with them, now and then, the words. So
  a prompt is always evaluated in the same pieces: the prefix, its last token, the rest. An answer
  is the same whether the prefix was kept or is new.
- The server always opens a port on loopback. It is given a random key at every start, so that no
  other program on the machine can use it. We use it to count tokens and to lay out the prefix.
"""

import json
import os
import secrets
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commonplace.foundation import WeightsError
from commonplace.models.language.speculation import (
    IMPOSSIBLE,
    MORE_THREADS,
    MOST_DRAFTED,
    UNQUANTISED,
    Balance,
    Generation,
    Speculation,
)

ChunkHandler = Callable[[Any], bool]  # is given what the server reports; true ends the generation
_LAST_MESSAGE: Final = "\u241e\u241e"  # stands for the last message while the prefix is laid out


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """What a server is started with."""

    path: Path  # of the GGUF file
    context_tokens: int  # of prompt and answer together
    threads: int
    speculation: Speculation | None  # None: never draft
    keep_prefix: bool = True
    adapters: tuple[tuple[Path, float], ...] = ()  # GGUF files that it wears, and how strongly


class Runtime:
    """A loaded model. Requests at once are answered in turn."""

    def __init__(self, settings: RuntimeSettings) -> None:
        self._settings = settings
        self._turn = threading.Lock()
        self._server_stays = threading.Lock()  # tokens are counted while another thread writes
        never = MORE_THREADS if settings.threads > 1 else ""
        self._balance = Balance(settings.speculation, never)
        self._prefix: str | None = None  # what the server holds evaluated, as text
        self._start()

    def complete(self, request: Mapping[str, Any], on_chunk: ChunkHandler) -> Any:
        """Run one chat completion to its end; what it reports goes to `take`."""
        with self._turn:
            if self._drafts == bool(self._balance.off):
                self._restart()
            prefix_cached = self._settings.keep_prefix and self._keep_prefix(request["messages"])
            full_request = {**request, "cache_prompt": prefix_cached}
            prefix, self._prefix = self._prefix, None  # not known while the server works
            broken_off = False

            def watch(chunk: Any) -> bool:
                nonlocal broken_off
                broken_off = on_chunk(chunk) or broken_off
                return broken_off

            completion = self.server.handle_chat_completions(full_request, watch)
            if prefix_cached and not broken_off:  # else who knows what is left of it
                self._prefix = prefix
            return completion

    @property
    def off(self) -> str:
        """Why nothing is drafted now; "" while drafting is on."""
        return self._balance.off

    def settle(self, generation: Generation) -> None:
        """Let what a generation took decide about the next one."""
        with self._turn:
            self._balance.settle(generation)

    def http(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the server over loopback for what the bindings do not offer; post what has a body."""
        with self._server_stays:
            return self._http(path, body)

    def _http(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.server.listening_address}{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        # Not through a proxy of the environment, which cannot reach this machine's loopback.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as response:
            return json.load(response)

    def _keep_prefix(self, messages: Sequence[Mapping[str, str]]) -> bool:
        """Have exactly what stands before the last message evaluated; whether there is anything."""
        if len(messages) < 2:
            return False
        prefix = self._layout(messages)
        if prefix != self._prefix:
            self._evaluate(prefix, from_cache=False)
            self._prefix = prefix
        # Cuts off what the last request left behind the prefix. The server evaluates the last
        # token of the prefix again for that, which is why it is done the first time too.
        self._evaluate(prefix, from_cache=True)
        return True

    def _layout(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The conversation as the model's template writes it, up to the last message's words."""
        last = {**messages[-1], "content": _LAST_MESSAGE}
        laid_out = self.http("/apply-template", {"messages": [*messages[:-1], last]})["prompt"]
        return str(laid_out).partition(_LAST_MESSAGE)[0]

    def _evaluate(self, prompt: str, *, from_cache: bool) -> None:
        request = {"prompt": prompt, "n_predict": 0, "cache_prompt": from_cache}
        self.server.handle_completions(request, lambda _: False)

    def _start(self) -> None:
        self._drafts = not self._balance.off
        self._key = secrets.token_hex(16)
        self._prefix = None
        self.server: Any = _load(self._settings, self._key, drafts=self._drafts)
        if self._drafts:
            self._check_drafts()

    def _check_drafts(self) -> None:
        """Switch drafts off where the server does not draft, or where drafts could change words."""
        speculation = self._settings.speculation
        if not self._http("/slots")[0]["speculative"]:
            if speculation and speculation.model:
                raise WeightsError(
                    f"{speculation.model} cannot draft for {self._settings.path}: give a model of "
                    "the same vocabulary."
                )
            self._balance = Balance(speculation, never=IMPOSSIBLE)
        # The names of quantised types hold a Q (Q4_1, IQ2_XS).
        elif "Q" not in self._http("/props")["model_ftype"]:
            self._balance = Balance(speculation, never=UNQUANTISED)

    def _restart(self) -> None:
        with self._server_stays:
            del self.server  # before the next one is loaded: a large model fits only once
            self._start()


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


def _load(settings: RuntimeSettings, key: str, *, drafts: bool) -> Any:
    """Start the server, silent, on the processor, for one conversation at a time."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = os.fspath(settings.path)
    params.n_ctx, params.n_parallel, params.n_gpu_layers = settings.context_tokens, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.verbosity, params.warmup, params.fit_params = -1, False, False
    # No cache of earlier prompts: nothing but the instructions is kept between questions.
    params.cache_ram_mib, params.ui, params.api_keys = 0, False, [key]
    params.lora_adapters = [_adapter(path, strength) for path, strength in settings.adapters]
    if drafts and settings.speculation:
        _configure_drafts(params, settings.speculation, settings.threads)
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        names = ", ".join(path.name for path, _ in settings.adapters)
        hint = f"; does {names} fit it?" if names else ": is it a GGUF model?"
        raise WeightsError(f"llama.cpp cannot load {settings.path}{hint}") from error


def _adapter(path: Path, strength: float) -> Any:
    import xllamacpp

    info = xllamacpp.CommonAdapterLoraInfo()
    info.path, info.scale = os.fspath(path), strength
    return info


def _configure_drafts(params: Any, speculation: Speculation, threads: int) -> None:
    """Draft from the context (a table of n-grams), and by a smaller model where one is named.

    Of the runtime's tables this one forgets nothing and suppresses nothing: the two maps draft less
    and less in a server that has answered before, and the plain search wants `match <= draft`.
    """
    from xllamacpp import common_speculative_type as kind

    tokens = max(1, min(speculation.draft, MOST_DRAFTED))
    table = params.speculative.ngram_mod
    table.n_match, table.n_min, table.n_max = speculation.match, 1, tokens
    types = [kind.COMMON_SPECULATIVE_TYPE_NGRAM_MOD]
    if speculation.model:
        small = params.speculative.draft
        small.mparams.path = os.fspath(speculation.model)
        small.n_max, small.n_gpu_layers = tokens, 0
        small.cpuparams.n_threads = small.cpuparams_batch.n_threads = threads
        types.append(kind.COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE)
    params.speculative.types = types
