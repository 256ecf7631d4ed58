"""The modules of SD 1.5 that kohya's trainer adapts, as a table of names and weight shapes.

264 of them: 16 transformers of the U-Net with 12 each, 12 layers of the text encoder with 6 each.
"""

from collections.abc import Iterator

_WIDTHS = {"down": (320, 640, 1280), "up": (1280, 640, 320)}
_CONTEXT = 768


def modules() -> dict[str, tuple[int, ...]]:
    """Name in diffusers, with the part, to the weight's shape."""
    return dict([*_unet(), *_text_encoder()])


def kohya_name(name: str) -> str:
    """The name in a kohya file, spelled out for this model."""
    return (
        name.replace(".", "_")
        .replace("unet_", "lora_unet_", 1)
        .replace("text_encoder_", "lora_te_", 1)
    )


def _unet() -> Iterator[tuple[str, tuple[int, ...]]]:
    for block, width in enumerate(_WIDTHS["down"]):
        for number in range(2):
            yield from _transformer(f"unet.down_blocks.{block}.attentions.{number}", width)
    yield from _transformer("unet.mid_block.attentions.0", 1280)
    for block, width in enumerate(_WIDTHS["up"], start=1):
        for number in range(3):
            yield from _transformer(f"unet.up_blocks.{block}.attentions.{number}", width)


def _transformer(at: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{at}.proj_in", (width, width, 1, 1)
    yield f"{at}.proj_out", (width, width, 1, 1)
    inside = f"{at}.transformer_blocks.0"
    for attention, context in (("attn1", width), ("attn2", _CONTEXT)):
        yield f"{inside}.{attention}.to_q", (width, width)
        yield f"{inside}.{attention}.to_k", (width, context)
        yield f"{inside}.{attention}.to_v", (width, context)
        yield f"{inside}.{attention}.to_out.0", (width, width)
    yield f"{inside}.ff.net.0.proj", (8 * width, width)
    yield f"{inside}.ff.net.2", (width, 4 * width)


def _text_encoder() -> Iterator[tuple[str, tuple[int, ...]]]:
    for layer in range(12):
        at = f"text_encoder.text_model.encoder.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{at}.self_attn.{name}", (768, 768)
        yield f"{at}.mlp.fc1", (3072, 768)
        yield f"{at}.mlp.fc2", (768, 3072)
