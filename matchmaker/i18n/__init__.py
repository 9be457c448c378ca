"""Languages of the portal: catalogues are found by looking, so that dropping one in adds a language."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

__all__ = ["_", "lazy", "ngettext"]
