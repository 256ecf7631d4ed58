"""The API against its own description: whatever a client sends, it answers as OpenAPI says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from service_running import Running

pytestmark = pytest.mark.slow


@pytest.fixture
def described(service: Running) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("described").exclude(path_regex="/events$")


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_the_api_keeps_to_its_description(case: schemathesis.Case) -> None:
    case.call_and_validate(timeout=60)
