"""A page that stands alone: everything inside one file, nothing from outside, no text taken for code."""

import base64
import hashlib
import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from innovation_graph.errors import InnovationGraphError

__all__ = ["data_block", "page", "source", "vis_network"]

_TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, *, scripts: list[str], style: str, **fields: Any) -> str:
    """Fill a template; only the given scripts and style can run in the page, everything else is text.

    Parameters
    ----------
    template : str
        Name of a file of the templates folder.
    scripts : list of str
        Source of each script, put into the template as `scripts`.
    style : str
        The style sheet, put into the template as `style`.
    **fields : object
        Whatever else the template shows; escaped unless it is markup.

    Returns
    -------
    str
        The page; `policy` in the template stands for its content security policy.

    Raises
    ------
    InnovationGraphError
        If a script or the style sheet could end its own element.
    """
    for source in (*scripts, style):
        if re.search(r"</(script|style)|<!--", source, re.IGNORECASE):
            raise InnovationGraphError("a script or style holds '</script', '</style' or '<!--' and cannot be inlined")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_fingerprint, scripts))}",
            f"style-src {_fingerprint(style)}",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
            # No script of the page may turn a string into markup, whatever the string says.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return env.get_template(template).render(
        # The sources were checked above: nothing in them can end the element they stand in.
        scripts=[Markup(source) for source in scripts],  # noqa: S704
        style=Markup(style),  # noqa: S704
        policy=policy,
        **fields,
    )


def data_block(value: Any) -> Markup:
    """Return JSON that may stand inside a script element of type `application/json`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # All that could end the element or the text is escaped here.
    return Markup(re.sub("[<>&\u2028\u2029\ud800-\udfff]", lambda hit: f"\\u{ord(hit[0]):04x}", text))  # noqa: S704


@cache
def source(name: str) -> str:
    """Return the text of a file of the templates folder."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def vis_network() -> str:
    """Return the vis-network library as pyvis ships it.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    InnovationGraphError
        If the installed pyvis does not carry it.
    """
    # Looked up without importing pyvis, which would load much more than a path.
    spec = find_spec("pyvis")
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(path for folder in folders for path in Path(folder).glob("templates/lib/vis-*/vis-network.min.js"))
    if not found:
        raise InnovationGraphError("the installed pyvis carries no vis-network; install pyvis 0.3.2 or later")
    text = found[-1].read_text(encoding="utf-8")
    return re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", text)


def _fingerprint(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
