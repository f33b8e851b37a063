"""Documents as PDF: a template of ours set by typst with data as JSON, which it cannot run. As DOCX: see ``word``."""

from iwg_portal.base.documents.frame import frame
from iwg_portal.base.documents.pdf import pdf, png, stamps

__all__ = ["frame", "pdf", "png", "stamps"]
