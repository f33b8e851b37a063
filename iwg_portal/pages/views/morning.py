from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from iwg_portal.base.render import render
from iwg_portal.mail.access import can_decide, visible_batches
from iwg_portal.mail.kinds import title_of
from iwg_portal.mail.queries import open_about
from iwg_portal.pages.morning import MorningPage
from iwg_portal.reminders import queries as reminders
from meetings.access import runs_meetings

PAGE = 60


@require_safe
def morning(request: HttpRequest) -> HttpResponse:
    """What has got stuck, for the secretariat and the chair."""
    if not runs_meetings(request.viewer):
        raise Http404
    page = MorningPage(request.viewer, timezone.now(), timezone.localdate())
    return render(request, "pages/morning.html", {"morning": page, "sees_mails": can_decide(request.viewer)})


@require_safe
def coming_mails(request: HttpRequest) -> HttpResponse:
    """To whom reminders go out on the next working day, as things stand; how many digests; what waits for many."""
    if not can_decide(request.viewer):
        raise Http404
    waiting = [(row, title_of(row.kind)) for row in open_about(visible_batches(request.viewer), Q())]
    day = reminders.coming_day(timezone.now())
    coming = reminders.coming(day)
    rows = Paginator(coming, PAGE).get_page(request.GET.get("page"))
    count = rows.paginator.count
    sentence = ngettext("%(count)s mail, as things stand now.", "%(count)s mails, as things stand now.", count)
    context = {"day": day, "rows": rows, "sentence": sentence % {"count": count}, "crumbs": _crumbs()}
    return render(
        request,
        "pages/coming_mails.html",
        context | {"waiting": waiting, "digests": reminders.coming_digests(day, coming)},
    )


@require_safe
def coming_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, in the language of its reader."""
    if not can_decide(request.viewer):
        raise Http404
    day = reminders.coming_day(timezone.now())
    found = next((mail for mail in reminders.coming(day) if mail.person.pk == pk), None)
    letter = reminders.letter(found, day) if found else None
    if letter is None:
        raise Http404
    crumbs = [*_crumbs(), {"url": reverse("coming_mails"), "label": _("What goes out next")}]
    return render(request, "pages/coming_mail.html", {"mail": found, "letter": letter, "crumbs": crumbs})


def _crumbs() -> list[dict[str, str]]:
    return [{"url": reverse("outbox"), "label": _("Mail")}]
