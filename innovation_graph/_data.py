"""Where the packaged data lies: inside an installed wheel, beside the package in a checkout."""

from pathlib import Path

__all__ = ["data_path"]

_PACKAGE = Path(__file__).resolve().parent


def data_path(name: str) -> Path:
    """Return the path of a packaged data file or folder."""
    for root in (_PACKAGE / "data", _PACKAGE.parent / "data"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"packaged data {name!r} is missing; reinstall innovation-graph")
