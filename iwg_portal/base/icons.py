"""Icons of ``static/icons.svg``, read once and written into the page: they cost no further request."""

import re
from functools import cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

_SYMBOL = re.compile(r'<symbol id="([\w-]+)" viewBox="0 0 24 24">(.*?)</symbol>')


@cache
def _shapes() -> dict[str, str]:
    sprite = settings.BASE_DIR / "static" / "icons.svg"
    return dict(_SYMBOL.findall(sprite.read_text(encoding="utf-8")))


def icon(name: str) -> SafeString:
    """The icon as inline SVG, hidden from screen readers: the word beside it says the same.

    Raises ``KeyError`` for a name that is not in the sprite.
    """
    return mark_safe(f'<svg class="iwg-icon" viewBox="0 0 24 24" aria-hidden="true">{_shapes()[name]}</svg>')
