"""The doubt: one clause that names what the closest words lack."""

import pytest

from answers_fakes import extract
from commonplace.answers.doubt import doubt


@pytest.mark.parametrize(
    ("question", "closest", "reason"),
    [
        ("What did the boat cost in 2022?", "The boat cost 9,500 kr.", "nothing of 2022"),
        ("How heavy is the Kestrel?", "Kittiwake: 95 kg", "nothing of Kestrel"),
        ("phone number of Piet?", "Piet mends boats.", "no telephone number"),
        ("mail address of piet?", "piet, 0555 018 220", "no e-mail address"),
        ("When was the pump sold?", "The pump was sold.", "no date"),
        ("Who sold the pump?", "the pump was sold", "name nobody"),
        ("Is night sailing covered?", "Night sailing is not covered.", "what is not so"),
        ("Why was the gearbox sold?", "The pump was sold.", "“gearbox”"),
        ("Was the pump sold?", "The pump was sold.", "may not answer"),
    ],
)
def test_the_reason_says_what_is_missing(question: str, closest: str, reason: str) -> None:
    assert reason in doubt(question, extract(closest))
