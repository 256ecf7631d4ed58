"""What kohya's files call a module: a prefix for the part, and underscores for dots."""

from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.names.modules import KOHYA_PREFIXES
from commonplace.adapters.names.sdxl import diffusers_name, original_name
from commonplace.foundation import InputError


def kohya_names(adapter: Adapter, original: bool) -> dict[str, str]:
    """Names with underscores, after the prefix of the part that they begin with.

    `original`: SDXL's U-Net has the names of the original model, as kohya's trainer writes them.
    """
    second = original or any(name.startswith("text_encoder_2.") for name in adapter.layers)
    names = {name: _kohya_name(name, second) for name in adapter.layers}
    if original:
        names = {name: _original(kohya_name) for name, kohya_name in names.items()}
    if len({*names.values()}) < len(names):
        raise InputError("two modules have one name once dots are underscores; use another format")
    return names


def _original(name: str) -> str:
    prefix, inside = "lora_unet_", name.removeprefix("lora_unet_")
    if inside == name or diffusers_name(inside) is not None:
        return name
    block = original_name(inside)
    if block is None:
        raise InputError(f"{name} is none of the blocks of SDXL's U-Net; write it as kohya")
    return f"{prefix}{block}"


def _kohya_name(name: str, second: bool) -> str:
    """The name of one module; `second`: there are two text encoders (SDXL), both numbered."""
    if name.startswith(KOHYA_PREFIXES):
        return name
    part, _, inside = name.partition(".")
    if part == "text_encoder":
        part = "te1" if second else "te"
    elif part == "text_encoder_2":
        part = "te2"
    elif part not in ("unet", "transformer"):
        part, inside = "unet", name
    return f"lora_{part}_{inside.replace('.', '_')}"


def check_dotted(adapter: Adapter) -> None:
    """PEFT needs modules' names; kohya's underscores hide where the dots were."""
    hidden = [name for name in adapter.layers if name.startswith(KOHYA_PREFIXES)]
    if hidden:
        raise InputError(
            f"{hidden[0]} has underscores where the module's name may have dots; name the base "
            "model, so that its modules' names are known"
        )
