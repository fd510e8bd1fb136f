"""Short names of places, where pages and figures have no room for long ones."""

__all__ = ["SHORT_NAMES"]

SHORT_NAMES: dict[str, tuple[str, str]] = {
    "Guangdong - Hong Kong - Macao Greater Bay Area": ("Greater Bay Area", "粤港澳大湾区"),
    "Central National Capital Region Delhi": ("Delhi", "德里"),
    "Baltimore - Washington": ("Washington", "华盛顿"),
    "Chapel Hill - Durham - Raleigh": ("Raleigh", "洛丽"),
    "Kyoto - Osaka - Kobe": ("Osaka", "大阪"),
}
"""Short names where the first part of the long one would mislead, by English name: English, Chinese."""
