"""What somebody hostile types into a text field: none of it may reach a page as markup, nor be carried out."""

from html.parser import HTMLParser

# Each holds ``evil``, so that what of it comes alive is told from what a page has itself.
PAYLOADS = [
    # Elements that run, load or frame something
    "<script>evil(1)</script>",
    "<ScRiPt >evil(1)</sCrIpT>",
    "<script src=//evil.invalid></script>",
    "<script\n>evil(1)</script\n>",
    "<script/evil>evil(1)</script>",
    "<<script>evil(1)//<</script>",
    "<scr<script>ipt>evil(1)</scr</script>ipt>",
    "</script><script>evil(1)</script>",
    "</title><script>evil(1)</script>",
    "</textarea><iframe src=//evil.invalid></iframe>",
    "</style><script>evil(1)</script>",
    "</option></select><script>evil(1)</script>",
    "<iframe srcdoc='<script>evil(1)</script>'></iframe>",
    "<iframe src=javascript:evil(1)></iframe>",
    "<object data=//evil.invalid></object>",
    "<embed src=//evil.invalid>",
    "<base href=//evil.invalid>",
    "<meta http-equiv=refresh content=0;url=//evil.invalid>",
    "<link rel=stylesheet href=//evil.invalid>",
    "<style>*{background:url(//evil.invalid)}</style>",
    "<style>@import '//evil.invalid';</style>",
    "<form action=//evil.invalid><button>OK</button></form>",
    "<math><mi//xlink:href='data:x,<script>evil(1)</script>'>",
    "<svg><script>evil(1)</script></svg>",
    "<noscript><p title='</noscript><script>evil(1)</script>'>",
    "<template><script>evil(1)</script></template>",
    # Attributes that run something
    "<img src=x onerror=evil(1)>",
    "<img/src=x/onerror=evil(1)>",
    "<img src=x onerror\n=\nevil(1)>",
    '<img """><script>evil(1)</script>">',
    "<img src=`x` onerror=evil(1)>",
    "<svg onload=evil(1)>",
    "<svg/onload=evil(1)>",
    '"><svg onload=evil(1)>',
    "'><svg onload=evil(1)>",
    '" autofocus onfocus="evil(1)',
    "' autofocus onfocus='evil(1)",
    '" onmouseover="evil(1)" x="',
    "<body onload=evil(1)>",
    "<details open ontoggle=evil(1)>",
    "<video><source onerror=evil(1)></video>",
    "<audio src=x onerror=evil(1)>",
    "<input autofocus onfocus=evil(1)>",
    "<marquee onstart=evil(1)>",
    "<a href=javascript:evil(1)>x</a>",
    "<a href='jav&#x09;ascript:evil(1)'>x</a>",
    "<a href=data:text/html,<script>evil(1)</script>>x</a>",
    "<p style=background:url(//evil.invalid)>",
    # What the house's own scripts would act on
    '<div data-hx-get="/evil" data-hx-trigger="load">',
    '<div hx-post="/evil" hx-trigger="load">',
    '" data-hx-get="/evil" data-hx-trigger="load',
    "<button formaction=//evil.invalid>x</button>",
    # Text that is made into markup
    "[evil](javascript:evil(1))",
    "[evil](JaVaScRiPt:evil(1))",
    "[evil](data:text/html;base64,PHNjcmlwdD4=)",
    "[evil](vbscript:evil(1))",
    "![evil](javascript:evil(1))",
    "<javascript:evil(1)>",
    "[evil]: javascript:evil(1)",
    "```html\n<script>evil(1)</script>\n```",
    # Templates, encodings, comments
    "{{ 1337|add:1 }}evil",
    "{% load evil %}{{ 1337|add:1 }}evil",
    "${1337+1}evil",
    "%(evil)s %s {evil} {0}",
    "&lt;script&gt;evil(1)&lt;/script&gt;",
    "&#60;script&#62;evil(1)&#60;/script&#62;",
    "%3Cscript%3Eevil(1)%3C/script%3E",
    "\\u003cscript\\u003eevil(1)",
    "＜script＞evil(1)＜/script＞",
    "<!--evil--><!--[if IE]><script>evil(1)</script><![endif]-->",
    "<![CDATA[<script>evil(1)</script>]]>",
    "'; DROP TABLE evil; --",
    # Letters that deceive
    "\u202elive\u202c evil and \u0440\u0430\u0443\u0440\u0430l",
    "\u2067evil\u2069 مرحبا بالعالم",
]
LOADING = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "base",
    "math",
    "marquee",
    "link",
    "meta",
    "form",
    "template",
}


def packed(most: int) -> list[str]:
    """All of them in few texts of at most ``most`` characters."""
    texts: list[str] = []
    for payload in PAYLOADS:
        assert len(payload) <= most, payload
        if texts and len(texts[-1]) + 1 + len(payload) <= most:
            texts[-1] += f" {payload}"
        else:
            texts.append(payload)
    return texts


class Live(HTMLParser):
    """What a browser would carry out of what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            words = "".join((value or "").split()).lower()
            runs = name.startswith("on") or (name in ("href", "src", "action", "data") and _runs(words))
            loads = "evil" in words and (
                tag in LOADING or name.startswith(("hx-", "data-hx-")) or name in ("style", "srcdoc", "formaction")
            )
            if runs or loads or "evil" in name:
                self.found.append((tag, name, value))

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and "evil" in data:
            self.found.append((self.inside, data))

    def handle_comment(self, data: str) -> None:
        if "evil" in data:
            self.found.append(("comment", data))

    handle_decl = unknown_decl = handle_pi = handle_comment


def _runs(address: str) -> bool:
    return address.startswith(("javascript:", "vbscript:")) or (address.startswith("data:") and "image/" not in address)


def is_harmless(page: str) -> bool:
    live = Live()
    live.feed(page)
    live.close()
    assert not live.found, live.found
    return "1338evil" not in page
