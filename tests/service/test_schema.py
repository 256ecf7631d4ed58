"""The API against its own description: whatever a client sends, it answers as OpenAPI says.

Schemathesis runs as a program of its own: its plugin for pytest does not know this pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE
from service_running import Running


@pytest.mark.slow
def test_the_api_keeps_to_its_description(service: Running, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--max-time", "40"),
        *("--generation-deterministic", "--no-shrink", "--continue-on-failure", "--no-color"),
        *("--exclude-path-regex", "/events$", "--request-timeout", str(PATIENCE)),
        *("--warnings", "off"),
        # a name is any text, and a search for nonsense is a search: there is little to reject
        *("--exclude-checks", "positive_data_acceptance"),
    ]
    direct = {**os.environ, "NO_PROXY": "*"}
    found = subprocess.run(command, cwd=tmp_path, env=direct, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert "No issues found" in found.stdout or " passed" in found.stdout, found.stdout
