"""The glossary as a file: three languages side by side, a row for each term that the page shows."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.base.extracts import Column, Extract
from iwg_portal.pages.glossary import LANGUAGES, Entry, GlossaryPage
from members.enums import Audience


class GlossaryFile(GlossaryPage):
    """In the alphabetical order of the reader's language; what is only mentioned comes last, as on the page."""

    def extract(self, *, person: str) -> Extract:
        names = {"en": _("English"), "fr": _("French"), "pt": _("Portuguese")}
        columns = [Column("key", _("Key"), _("Names the term, whatever the language."), 20)]
        for code in LANGUAGES:
            words = {"language": names[code]}
            columns += [
                Column(f"term_{code}", _("Term, %(language)s") % words, _("The group’s word for it."), 32),
                Column(f"abbreviation_{code}", _("Abbreviation, %(language)s") % words, _("Where there is one."), 14),
                Column(f"definition_{code}", _("Definition, %(language)s") % words, _("In the group’s own words."), 70),
                Column(f"note_{code}", _("Note, %(language)s") % words, _("What else there is to know."), 40),
            ]
        columns.append(Column("see_also", _("See also"), _("Keys of related terms, parted by commas."), 30))
        rows = [_row(entry) for entry in (*self.named, *self.mentioned)]
        filters = [(_("Words"), self.text)] if self.text else []
        return Extract("glossary", _("Glossary"), Audience.GROUP, person, timezone.now(), columns, rows, filters)


def _row(entry: Entry) -> list[str]:
    wordings = {wording.language: wording for wording in entry.wordings}
    ordered = [wordings[code] for code in LANGUAGES]
    texts = [text for one in ordered for text in (one.term, one.abbreviation, one.definition, one.note)]
    return [entry.key, *texts, ", ".join(key for key, _term in entry.see_also)]
