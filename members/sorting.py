"""Alphabetical order without a database collation: names are folded to plain letters when they are loaded."""

import re
import unicodedata

_ARTICLES = re.compile(r"\s*\((?:the|le|la|les|o|a|os|as)\)\s*$|^(?:the|le|la|les|l|o|a|os|as)\s+")


def fold(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces: ``Côte d’Ivoire`` → ``cote d ivoire``."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^0-9a-z()]+", " ", plain).split())


def fold_name(text: str) -> str:
    """``fold`` without article: ``Gambia (the)``, ``The Gambia`` and ``la Gambie`` lose theirs."""
    return _ARTICLES.sub("", fold(text)).replace("(", "").replace(")", "").strip()
