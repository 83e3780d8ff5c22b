"""How pages are made of Jinja templates: escaped, and a name that nobody defines is an error."""

from collections.abc import Mapping

import jinja2


def template_environment(templates: Mapping[str, str]) -> jinja2.Environment:
    """An environment for the page's own filters to be added to.

    Args:
        templates: name -> text; templates include each other by name.
    """
    return jinja2.Environment(
        loader=jinja2.DictLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
