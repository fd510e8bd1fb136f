"""Views: pages and pictures of networks and tables."""

__all__ = ["VIEWS"]

VIEWS: tuple[str, ...] = ("network", "map", "columns", "matrix", "table")
"""Views of the interactive page."""
