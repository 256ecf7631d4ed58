"""SDXL's two ways of naming its U-Net: the original's blocks (kohya) and diffusers'.

Notable: only the blocks are numbered otherwise; what is inside a transformer has one name in both.
Names are compared with underscores for dots, as kohya writes them, so a file of kohya's finds the
modules of either model. Three levels of two (down) and three (up) residual blocks; transformers in
the lower two. Source: diffusers 0.42, lora_conversion_utils, `_maybe_map_sgm_blocks_to_diffusers`.
"""

import re
from collections.abc import Iterator
from typing import Final

_RESIDUAL: Final = {
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}
_LEVELS: Final = 3


def _blocks() -> Iterator[tuple[str, str]]:
    """The original's blocks and diffusers'; an ending _ stands for whatever is inside."""
    for level in range(_LEVELS):
        for number in range(2):
            block = f"input_blocks_{1 + 3 * level + number}"
            yield f"{block}_0_", f"down_blocks_{level}_resnets_{number}_"
            if level > 0:
                yield f"{block}_1_", f"down_blocks_{level}_attentions_{number}_"
        if level < _LEVELS - 1:
            down = f"down_blocks_{level}_downsamplers_0_conv"
            yield f"input_blocks_{3 + 3 * level}_0_op", down
    yield "middle_block_0_", "mid_block_resnets_0_"
    yield "middle_block_1_", "mid_block_attentions_0_"
    yield "middle_block_2_", "mid_block_resnets_1_"
    for level in range(_LEVELS):
        for number in range(3):
            block = f"output_blocks_{3 * level + number}"
            yield f"{block}_0_", f"up_blocks_{level}_resnets_{number}_"
            if level < _LEVELS - 1:
                yield f"{block}_1_", f"up_blocks_{level}_attentions_{number}_"
        if level < _LEVELS - 1:
            yield f"output_blocks_{2 + 3 * level}_2_conv", f"up_blocks_{level}_upsamplers_0_conv"


_TO_DIFFUSERS: Final = dict(_blocks())
_TO_ORIGINAL: Final = {diffusers: original for original, diffusers in _TO_DIFFUSERS.items()}
_RESIDUAL_ORIGINAL: Final = {diffusers: original for original, diffusers in _RESIDUAL.items()}
_BLOCK: Final = re.compile(
    r"(?:(?:in|out)put_blocks_\d+_\d_|middle_block_\d_"
    r"|(?:down|up)_blocks_\d_(?:resnets|attentions|downsamplers|upsamplers)_\d_"
    r"|mid_block_(?:resnets|attentions)_\d_)"
)


def diffusers_name(name: str) -> str | None:
    """Diffusers' name, with underscores, of one of the original's; None where it is none."""
    return _rename(name, _TO_DIFFUSERS, _RESIDUAL)


def original_name(name: str) -> str | None:
    """The original's name, with underscores, of one of diffusers'; None where it is none."""
    return _rename(name, _TO_ORIGINAL, _RESIDUAL_ORIGINAL)


def _rename(name: str, blocks: dict[str, str], inside: dict[str, str]) -> str | None:
    if name in blocks:
        return blocks[name]
    match = _BLOCK.match(name)
    if match is None or match[0] not in blocks:
        return None
    block, rest = blocks[match[0]], name[match.end() :]
    residual = "resnets" in match[0] or "resnets" in block
    rest = inside.get(rest, "") if residual else rest
    return f"{block}{rest}" if rest else None
