"""Messages to a language model, with nothing in them that a chat template would obey.

Notable: a chat template marks who speaks with strings such as `<|im_start|>`. A passage that holds
such a string could end the user's turn and begin one of its own, so each is broken by a space:
what the library holds is data to the model, never an instruction.
"""

import re
from collections.abc import Mapping, Sequence

from commonplace.foundation import InputError

_CONTROL = re.compile(
    r"<(?=\|)"  # <|im_start|>, <|eot_id|>, <|user|>
    r"|<(?=/?s>)"  # <s>, </s>
    r"|<(?=(?:start|end)_of_turn>)"
    r"|<(?=</?SYS>>)"
    r"|<(?=/?(?:think|tool_call|tool_response|bos|eos|pad|unk)>)"
    r"|<(?=\uff5c)"  # the wide bar of some templates
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS)\])"
)
_ROLES = frozenset({"system", "user", "assistant"})


def disarm(text: str) -> str:
    """Break every string that a chat template could take for a mark of its own."""
    return _CONTROL.sub(lambda match: match.group() + " ", text)


def prepare_messages(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Copy messages, their contents disarmed and lone surrogates replaced.

    Raises:
        InputError: a message lacks its role or content, or there is none.
    """
    if not messages:
        raise InputError("A language model needs at least one message.")
    return [_prepare(message) for message in messages]


def _prepare(message: Mapping[str, str]) -> dict[str, str]:
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES or not isinstance(content, str):
        raise InputError(
            "A message needs a role (system, user or assistant) and a text as its content."
        )
    valid = content.encode("utf-8", "replace").decode("utf-8")
    return {"role": role, "content": disarm(valid)}
