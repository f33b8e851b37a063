"""Documents as PDF: a template of ours set by typst with data as JSON, which it cannot run."""

from iwg_portal.base.documents.pdf import pdf, png

__all__ = ["pdf", "png"]
