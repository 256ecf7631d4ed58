"""Language models of some thousand random weights, as torch has them and as llama.cpp reads them.

Written with the `gguf` package and by the names of its own table, so that nothing of ours is in
the file. The rows of Llama's queries and keys are reordered as llama.cpp's converter does it.

    model = tiny_llama("llama", tied=False); write_model(model, path)
"""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCABULARY = 300
_KINDS: dict[str, tuple[Any, Any]] = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}
_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
}


def tiny_llama(architecture: str = "llama", *, tied: bool = False, seed: int = 0) -> Any:
    """A model of transformers; large weights, so that outputs differ clearly."""
    config, model = _KINDS[architecture]
    torch.manual_seed(seed)
    return model(config(**_SIZES, tie_word_embeddings=tied)).eval().requires_grad_(False)


def write_model(model: Any, path: Path) -> None:
    """Write it as a GGUF file in float32, with a tokenizer of bytes."""
    config = model.config
    architecture = config.model_type
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_tokenizer(writer)
    names = gguf.get_tensor_name_map(
        next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture),
        config.num_hidden_layers,
    )
    for name, value in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        found = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert found, name
        writer.add_tensor(found, _rows(name, value.numpy(), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _rows(name: str, value: Any, config: Any) -> Any:
    if config.model_type != "llama" or not name.endswith(("q_proj.weight", "k_proj.weight")):
        return value
    heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
    size = len(value) // heads
    # Row j of a head's first half, then row j of its second half, for each j.
    order = [
        head * size + half * (size // 2) + row
        for head in range(heads)
        for row in range(size // 2)
        for half in range(2)
    ]
    return np.ascontiguousarray(value[order])


def _add_tokenizer(writer: gguf.GGUFWriter) -> None:
    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(
        ["the low rank update of a weight matrix"] * 2,
        vocab_size=VOCABULARY - 8,
        show_progress=False,
    )
    tokens = [token for token, _ in sorted(pieces.get_vocab().items(), key=lambda one: one[1])]
    tokens += [f"<|{number}|>" for number in range(VOCABULARY - len(tokens))]
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([control if token.startswith("<|") else normal for token in tokens])
    merges = json.loads(pieces._tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(VOCABULARY - 1)
    writer.add_eos_token_id(VOCABULARY - 2)
    writer.add_add_bos_token(False)
