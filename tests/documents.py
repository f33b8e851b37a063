"""Finished documents as their reader meets them."""

import io
import zipfile

import docx
import pypdfium2


def words_of(content):
    """The text of a PDF, all pages, words parted by single spaces, with the title that it bears."""
    file = pypdfium2.PdfDocument(content)
    pages = [page.get_textpage().get_text_range() for page in file]
    return " ".join(" ".join([str(file.get_metadata_dict().get("Title", "")), *pages]).split())


def docx_words(content):
    """The text of a DOCX: head, body with headings, foot."""
    file = docx.Document(io.BytesIO(content))
    section = file.sections[0]
    found = [*section.header.paragraphs, *file.paragraphs, *section.footer.paragraphs]
    return " ".join(" ".join(paragraph.text for paragraph in found).split())


def unpacked(content):
    """Every byte of a workbook or DOCX, properties too, as text."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return "\n".join(name + file.read(name).decode("utf-8", "replace") for name in file.namelist())
