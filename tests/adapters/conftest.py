"""These tests need torch: `pip install 'commonplace[adapt]'`. Without it they are left out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
