"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure, and a pull request is not where new counter-examples should turn up.
settings.register_profile("project", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("project")

# A screen takes its width from here once and for all; tests say for each command how wide it is.
os.environ.pop("COLUMNS", None)

_DEFAULT = Path(__file__).resolve().parent.parent.parent / "shared" / "real"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real data sets that are not part of the project."""
    folder = Path(os.environ.get("INNOVATION_GRAPH_REAL_DATA", _DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set INNOVATION_GRAPH_REAL_DATA)")
    return folder
