"""Word documents of tests: templates that are made wrong in one way, and what stands in a finished document."""

import io
import zipfile

from docx import Document
from docx.oxml.ns import qn

from iwg_portal.summaries.letterhead import own_template


def changed(change):
    """The portal's own template after ``change(document)``."""
    document = Document(io.BytesIO(own_template()))
    change(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def with_parts(content=None, *, swap=None, **parts):
    """The archive with further parts; ``swap``: {part: (before, after)} in bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content or own_template())) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            for before, after in [(swap or {}).get(entry.filename)] if entry.filename in (swap or {}) else []:
                assert before in data, entry.filename
                data = data.replace(before, after)
            new.writestr(entry.filename, data, zipfile.ZIP_DEFLATED)
        for name, data in parts.get("add", {}).items():
            new.writestr(name, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def paragraphs(root):
    """Texts of the paragraphs below an element, in their order, tables included."""
    return ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in root.iter(qn("w:p"))]


def body_text(content):
    document = Document(io.BytesIO(content))
    return " ".join(" ".join(paragraphs(document.element.body)).split())


def edges(content):
    """What header and footer of the first section say."""
    section = Document(io.BytesIO(content)).sections[0]
    found = paragraphs(section.header._element) + paragraphs(section.footer._element)
    return " ".join(" ".join(found).split())


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
