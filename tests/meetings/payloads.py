"""What somebody hostile types into a text field: none of it may reach a page as markup."""

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[click](javascript:alert(1))",
    "{{ 7|add:7 }}{% load x %}",
    '<div data-hx-get="/x" hx-trigger="load">',
    "<style>*{display:none}</style>",
    "</textarea><iframe src=//evil.invalid>",
    "\u202egnirts\u202c and \u0440\u0430\u0443\u0440\u0430l",
    "&lt;b&gt; %(actor)s \\u003cb\\u003e",
]
LIVE = (
    "<script>alert",
    "<img src=x",
    "<svg onload",
    'href="javascript',
    "<div data-hx-get",
    "<style>*",
    "<iframe",
    "14{%",
)


def is_harmless(page: str) -> bool:
    return not [mark for mark in LIVE if mark in page]
