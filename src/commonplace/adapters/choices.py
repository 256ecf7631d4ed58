"""What there is to choose from: kinds of adapters, ways to compose them, formats of their files.

Notable: the command line shows these names in its help, so nothing here imports torch.
"""

from typing import Final, Literal, get_args

Kind = Literal["lora", "rslora", "dora", "loha", "lokr"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Method = Literal["concatenation", "linear", "svd", "ties", "dare", "projection"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

Format = Literal["commonplace", "peft", "kohya", "kohya-sdxl", "diffusers", "gguf"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
