"""The weekly operations for the secretariat: what the machine did, what did not arrive, what stands still; each with
its next step. It counts mails and names offices; of the texts of others it says nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from iwg_portal.jobs import queries as jobs
from iwg_portal.jobs.access import visible_runs
from iwg_portal.mail.access import visible_mails
from iwg_portal.mail.enums import MailState
from iwg_portal.mail.queries import LATE
from iwg_portal.pages.for_you import Line
from iwg_portal.pages.morning import MorningPage
from iwg_portal.pages.reports.parts import SHOWN, Part, Report, of_morning
from iwg_portal.pages.reports.status import owner_line
from meetings.access.action_points import visible_owners
from meetings.queries import as_of
from members.access import visible_proposals
from members.enums import LinkStatus

LAPSING = dt.timedelta(hours=72)


class OperationsReport(Report):
    """Eight queries, one more while some job has never run."""

    @cached_property
    def parts(self) -> list[Part]:
        today = MorningPage(self.viewer, self.now, self.today)
        then = MorningPage(self.viewer, self.until, self.on)
        return [
            self._jobs(),
            self._mail(),
            self._invitations(),
            of_morning(today.records(), is_today=True),
            self._actions(),
            of_morning(then.silent(), is_today=False),
            of_morning(today.terms(), is_today=True),
        ]

    def _jobs(self) -> Part:
        """The last runs of each job are kept, so failures of a week long ago may be forgotten; the card says so."""
        board = jobs.board(visible_runs(self.viewer), self.now)
        failed = [
            (line, past) for line in board for past in line.past if past.is_bad and self.in_period(past.started_at)
        ]
        waiting = [line for line in board if line.needs_you]
        url = reverse("operations")
        lines = [Line(url, line.job.words, line.job.often, str(line.standing.label), True) for line in waiting]
        lines += [
            Line(url, line.job.words, past.words, date_format(timezone.localtime(past.started_at), "DATETIME_FORMAT"))
            for line, past in failed
            if line not in waiting
        ]
        facts = [
            (_("Failed runs in the week, as far as they are kept"), len(failed)),
            (_("Jobs late or failed, today"), len(waiting)),
        ]
        return Part(
            _("Jobs"),
            facts,
            lines[:SHOWN],
            max(0, len(lines) - SHOWN),
            url,
            _("Operations"),
            note=_("Of each job only the last runs are kept."),
        )

    def _mail(self) -> Part:
        """By what has become of each mail until today."""
        settled = Q(settled_at__gte=self.since, settled_at__lt=self.until)
        rows = visible_mails(self.viewer).order_by()
        found = rows.aggregate(
            planned=Count("pk", filter=Q(planned_at__gte=self.since, planned_at__lt=self.until)),
            sent=Count("pk", filter=settled & Q(state=MailState.SENT)),
            bounced=Count("pk", filter=settled & Q(state=MailState.BOUNCED)),
            cancelled=Count("pk", filter=settled & Q(state=MailState.CANCELLED)),
            unknown=Count("pk", filter=Q(state=MailState.UNKNOWN)),
            late=Count("pk", filter=Q(state=MailState.DUE, not_before__lt=self.now - LATE)),
        )
        facts = [
            (_("Mails planned"), found["planned"]),
            (_("Mails sent"), found["sent"]),
            (_("Mails bounced"), found["bounced"]),
            (_("Mails cancelled"), found["cancelled"]),
            (_("Mails of which nobody knows whether they arrived, today"), found["unknown"]),
            (_("Mails that wait for longer than they should, today"), found["late"]),
        ]
        return Part(_("Mail"), facts, url=reverse("outbox"), label=_("Outgoing mail"))

    def _invitations(self) -> Part:
        open_ = visible_proposals(self.viewer).filter(link__status=LinkStatus.OPEN)
        lapsed = Q(link__expires_at__gte=self.since, link__expires_at__lt=self.until)
        lapsing = Q(link__expires_at__gte=self.now, link__expires_at__lt=self.now + LAPSING)
        found = list(open_.filter(lapsed | lapsing).order_by("link__expires_at", "id"))
        soon = [row for row in found if row.link.expires_at >= self.now]
        lines = [self._invitation(row) for row in found[:SHOWN]]
        facts = [
            (_("Invitations lapsed in the week"), len(found) - len(soon)),
            (_("Invitations that lapse within three days, today"), len(soon)),
        ]
        more, url = len(found) - len(lines), reverse("proposals")
        return Part(_("Invitations"), facts, lines, more, url, _("Proposals and invitations"))

    def _invitation(self, row: Any) -> Line:
        at = timezone.localtime(row.link.expires_at)
        soon = row.link.expires_at >= self.now
        words = _("lapses on %(day)s") if soon else _("lapsed on %(day)s")
        place = str(row.state or row.organisation or "")
        return Line(reverse("proposals"), row.full_name, place, words % {"day": date_format(at, "DATE_FORMAT")}, soon)

    def _actions(self) -> Part:
        owed = as_of.by_owner(visible_owners(self.viewer), self.since, self.until, self.due_before)
        late = [one for one in owed if one.overdue]
        facts = [
            (_("Action points done in the week"), sum(one.done for one in owed)),
            (_("Action points overdue at the end"), sum(one.overdue for one in owed)),
        ]
        return Part(
            _("Action points overdue, by owner"),
            facts,
            [owner_line(one) for one in late[:SHOWN]],
            max(0, len(late) - SHOWN),
            reverse("actions_overdue"),
            _("All that is overdue"),
        )
