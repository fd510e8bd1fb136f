"""How the documentation is built: `sphinx-build -W docs docs/_build`."""

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx import addnodes

from innovation_graph import __version__

project = "innovation-graph"
author = "the innovation-graph developers"
project_copyright = author
version = release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_parser"]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

# Docstrings say `name` for code: a link where there is such a name, else plain code.
default_role = "py:obj"
autosummary_generate = True
add_module_names = False
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "innovation-graph"
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"**": ["sidebar-nav-bs"], "index": [], "tutorial": [], "comparisons": [], "glossary": []}
html_math_renderer = "mathml"


def _formula(translator: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, which browsers draw by themselves: the site needs no network."""
    text = node.astext().replace(r"\Big", "")  # MathML stretches a fence by itself, and docutils does not know the word
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(text, as_block=block)
    translator.body.append(f'<div class="math">{formula}</div>' if block else formula)
    raise nodes.SkipNode


def _without_values(_: Any, __: str, what: str, content: addnodes.desc_content) -> None:
    """Leave the value of a constant out: tables of functions are long and tell nothing."""
    for note in list(content.parent.findall(addnodes.desc_annotation)) if what in {"data", "attribute"} else []:
        if note.astext().startswith(" = "):
            note.parent.remove(note)


def setup(app: Any) -> None:
    """Tell Sphinx about formulas and constants."""
    app.connect("object-description-transform", _without_values)
    app.add_html_math_renderer("mathml", inline_renderers=(_formula, None), block_renderers=(_formula, None))
