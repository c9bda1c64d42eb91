"""Settings of the documentation site: `make docs` builds and serves it.

Sphinx with MyST, as the JAX projects do. It needs no network. The pages that
are made from the code are written by `website`.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ.setdefault('JAX_PLATFORMS', 'cpu')

from website import pages  # noqa: E402

import jaxgan  # noqa: E402  Of this checkout.

project = 'jaxgan'
author = 'The jaxgan maintainers'
version = release = jaxgan.__version__
html_title = f'jaxgan {version}'

extensions = [
  'myst_nb',
  'sphinx.ext.autodoc',
  'sphinx.ext.napoleon',
  'sphinx_copybutton',
  'website',
]
# search.html is Sphinx's own; that page is reference/settings.
exclude_patterns = ['_static', 'website', 'results', 'images', 'search.md']
nitpicky = True
# Types of signatures; most are of other projects, which are not linked.
nitpick_ignore_regex = [('py:.*', '.*')]
# Without a language, a block is a command or its output.
highlight_language = 'text'
default_role = 'code'

myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 4
html_math_renderer = 'mathml'
# The site is built without them by default: training takes minutes.
nb_execution_mode = 'force' if os.environ.get('EXECUTE') else 'off'
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 1800
nb_execution_excludepatterns = [f'*/{name}.ipynb' for name in pages.LONG]
nb_merge_streams = True

autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_preserve_defaults = True
add_module_names = False
python_maximum_signature_line_length = 110
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
copybutton_prompt_text = '>>> '
copybutton_exclude = '.linenos, .gp, .go'

# Dashes of flags stay dashes.
smartquotes = False

html_theme = 'furo'
html_static_path = ['_static']
html_css_files = ['wide.css']
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
# Only `make linkcheck` looks at the network.
linkcheck_ignore = [r'https://(colab\.research\.google|github)\.com/.*OWNER.*']
