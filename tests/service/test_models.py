"""Language models that a server offers: by names that tell neither a path nor an address."""

import pytest

from commonplace import InputError
from commonplace.service import ServiceSettings
from commonplace.service.api.dependencies import model_name, offered_model

NAMES = {
    "SmolLM2-135M-Instruct": "SmolLM2-135M-Instruct",
    "SmolLM2-135M-Instruct#draft": "SmolLM2-135M-Instruct",
    "/home/anna/models/any.gguf": "any",
    "/home/anna/any.gguf#draft=/home/anna/small.gguf": "any",
    "http://10.0.0.1:11434/v1#qwen3": "qwen3",
}


@pytest.mark.parametrize(("spec", "name"), NAMES.items())
def test_a_name_tells_no_path_and_no_address(
    tmp_path_factory: pytest.TempPathFactory, spec: str, name: str
) -> None:
    settings = ServiceSettings(tmp_path_factory.getbasetemp(), models=(spec,))
    assert model_name(spec) == name
    assert offered_model(settings, name) == spec
    assert offered_model(settings, None) is None
    with pytest.raises(InputError, match=f"it offers {name}"):
        offered_model(settings, "another")
