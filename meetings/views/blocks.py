"""What the page of a record sends: blocks to save, and every few seconds the question what is new.

A browser with JavaScript asks for JSON; one without gets a redirect back to the block, with the receipt as a message.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from iwg_portal.base import marks, typed
from meetings.access.meetings import visible_items
from meetings.access.records import can_write, visible_blocks, visible_removed_blocks
from meetings.actions import blocks as actions
from meetings.actions.mentions import directory
from meetings.actions.records import be_here, park_late
from meetings.forms.records import BlockForm
from meetings.models import Meeting
from meetings.queries import records as query
from meetings.views.records import block_html, edit_page, here_words, writers_meeting
from members.access import own_parked_texts, visible_states
from members.actions.files import note_refused_passenger_data
from members.models import State


@require_POST
def record_save(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = writers_meeting(request, pk)
    form = BlockForm(request.POST)
    if not form.is_valid():
        return _refused(request, meeting, form)
    speaker, unheard = _speaker(request, form)
    draft = _draft(request, form, speaker, named=not unheard)
    do = form.cleaned_data["do"] or "save"
    receipt = _done(meeting, draft, do, form, request)
    words = _words(receipt, do)
    if unheard:
        words.append(_("“%(name)s” names no state of the group, so nobody was noted as speaker.") % {"name": unheard})
    with timezone.override(meeting.tz):
        if _wants_json(request):
            return JsonResponse(_told(request, meeting, receipt, words))
        return _back(request, meeting, receipt, words)


@require_POST
def record_news(request: HttpRequest, pk: int) -> HttpResponse:
    """What others have changed after the cursor ``since``, who else is here, whether the record is still open. It is a
    POST because it notes that she is here herself."""
    meeting = writers_meeting(request, pk)
    viewer = request.viewer
    items = list(query.accepted(visible_items(viewer), meeting))
    at = next((item for item in items if str(item.pk) == request.POST.get("item")), None)
    be_here(meeting=meeting, by=viewer, item=at)
    blocks = visible_blocks(viewer).filter(record=meeting.record)
    removed = visible_removed_blocks(viewer).filter(record=meeting.record)
    since = query.since(request.POST.get("since", ""))
    everything = blocks.order_by() | removed.order_by()
    answer: dict[str, Any] = {
        "cursor": query.cursor(everything),
        "here": here_words(viewer, meeting, items),
        "open": can_write(viewer, meeting),
        "sign": query.agenda_sign(items),
        "blocks": [],
        "gone": [],
        "order": {},
    }
    if since is not None and query.since(answer["cursor"]) != since:
        with timezone.override(meeting.tz):
            _add_changes(request, meeting, items, blocks, since, answer)
        late = removed.filter(updated_at__gt=since).select_related("updated_by")
        answer["gone"] = [{"id": str(row.pk), "by": str(row.updated_by), "version": row.version} for row in late]
    return JsonResponse(answer)


def _add_changes(
    request: HttpRequest, meeting: Meeting, items: Any, blocks: Any, since: Any, answer: dict[str, Any]
) -> None:
    """The changed blocks; and the order of every item, since what is left behind is numbered anew."""
    for section in query.sections(items, blocks):
        changed = [row for row in section.rows if row.block.updated_at > since]
        answer["order"][str(section.item.pk)] = [[str(row.block.pk), row.heading] for row in section.rows]
        answer["blocks"] += [
            {
                "id": str(row.block.pk),
                "item": section.item.pk,
                "kind": row.block.kind,
                "number": section.number,
                "version": row.block.version,
                "text": row.block.text,
                "by": str(row.block.updated_by),
                "said_by": row.block.said_by.name if row.block.said_by else "",
                "receipt": f"{_stands(row.block.updated_at, row.block.version)} · {row.block.updated_by}",
                "chips": [vars(chip) for chip in row.chips],
                "html": block_html(request, meeting, row),
            }
            for row in changed
        ]


# -- One save ----------------------------------------------------------------------------------------------------------


def _draft(request: HttpRequest, form: BlockForm, speaker: State | None, *, named: bool) -> actions.Draft:
    data = form.cleaned_data
    fields = [(name, value) for name, value in typed.keepable(request.POST) if name != "parked"]
    return actions.Draft(
        block=data["block"],
        client_id=data["client_id"],
        text=data["text"],
        base=data["base"],
        item=data["item"],
        kind=data["kind"] or "text",
        after=data["after"],
        said_by=speaker,
        names_speaker=named and "said_by" in request.POST,
        lift=data["lift"],
        drop=form.dropped,
        revive=data["revive"],
        # Sent again later, it brings its block back if that was removed.
        fields=[*fields, *([] if data["revive"] else [("revive", "1")])],
    )


def _speaker(request: HttpRequest, form: BlockForm) -> tuple[State | None, str]:
    """The state that was typed as speaker, and what was typed if it is none."""
    text = form.cleaned_data["said_by"].strip()
    if not text:
        return None, ""
    owner = directory(request.viewer).called(text)
    number = owner.pk if owner and owner.kind == "state" else 0
    found = visible_states(request.viewer).filter(pk=number).first()
    return found, "" if found else text


def _done(meeting: Meeting, draft: actions.Draft, do: str, form: BlockForm, request: HttpRequest) -> actions.Receipt:
    whole = {"meeting": meeting, "draft": draft, "by": request.viewer}
    if do == "remove":
        return actions.remove_block(**whole)
    if do in ("up", "down"):
        return actions.move_block(**whole, up=do == "up")
    if do == "place":
        return actions.place_block(**whole)
    if do == "bring_back":
        return actions.bring_back(**whole, number=form.cleaned_data["number"])
    kept = own_parked_texts(request.viewer).filter(pk=form.cleaned_data["parked"] or 0).first()
    return actions.write_block(**whole, kept=kept)


def _refused(request: HttpRequest, meeting: Meeting, form: BlockForm) -> HttpResponse:
    """Too long, or passenger data: it stays in her form with a sentence. A form that is broken otherwise is kept."""
    note_refused_passenger_data(form=form, by=request.viewer, target=meeting.record)
    fields = typed.keepable(request.POST)
    sentences = [sentence for sentences in form.errors.values() for sentence in sentences]
    if form.is_about_words:
        keep = not any(error.code == "passenger_data" for error in form.errors.as_data()["text"])
        if _wants_json(request):
            return JsonResponse({"outcome": "invalid", "words": sentences, "keep": keep}, status=422)
        hidden = [pair for pair in fields if pair[0] != "text"]
        return edit_page(request, meeting, {"words": sentences, "fields": hidden, "text": request.POST.get("text", "")})
    kept = bool(request.POST.get("text", "").strip()) and "text" not in form.errors
    if kept:
        park_late(meeting=meeting, by=request.viewer, fields=fields)
    words = [_words_of("gone")] if kept else [_("Nothing was sent.")]
    if _wants_json(request):
        return JsonResponse({"outcome": "parked" if kept else "invalid", "words": words, "keep": True}, status=422)
    messages.warning(request, words[0])
    return redirect("record", pk=meeting.pk)


# -- The answer --------------------------------------------------------------------------------------------------------


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _told(request: HttpRequest, meeting: Meeting, receipt: actions.Receipt, words: list[str]) -> dict[str, Any]:
    block = str(request.POST.get("block"))
    chips: tuple[query.Chip, ...] = ()
    if receipt.outcome == "saved" and request.POST.get("kind") == "action":
        chips = query.chips_of(visible_blocks(request.viewer).filter(pk=block, record=meeting.record))
    return {
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "version": receipt.version,
        "own": receipt.own,
        "text": receipt.text,
        "receipt": _receipt_words(receipt),
        "words": words,
        "chips": [vars(chip) for chip in chips],
    }


def _back(request: HttpRequest, meeting: Meeting, receipt: actions.Receipt, words: list[str]) -> HttpResponse:
    sentence = " ".join([*([f"{_receipt_words(receipt)}."] if receipt.outcome == "saved" else []), *words])
    doubtful = receipt.outcome != "saved" or receipt.clash
    (messages.warning if doubtful else messages.success)(request, sentence)
    place = "kept" if receipt.outcome == "parked" else f"block-{request.POST.get('block')}"
    return redirect(f"{reverse('record', args=[meeting.pk])}#{place}")


def _receipt_words(receipt: actions.Receipt) -> str:
    return _stands(receipt.at, receipt.version) if receipt.at else ""


def _stands(at: dt.datetime, version: int) -> str:
    local = timezone.localtime(at)
    return _("On the server %(shown)s, version %(version)s") % {
        "shown": f"{local:%H:%M:%S} {marks.zone(local)}",
        "version": version,
    }


def _words(receipt: actions.Receipt, do: str) -> list[str]:
    words = [_words_of(receipt.reason, stands=receipt.outcome == "stands")] if receipt.reason else []
    if receipt.clash:
        words.append(_("Somebody had changed the same lines: both texts stand there, with names. Keep what is right."))
    elif receipt.merged:
        words.append(_("Somebody had changed this block meanwhile: both changes were put together."))
    if receipt.unknown:
        names = ", ".join(f"@{name}" for name in receipt.unknown)
        words.append(_("%(names)s: no state or organisation of the group has this name.") % {"names": names})
    return words


def _words_of(reason: str, *, stands: bool = False) -> str:
    """Why a text was kept instead of written, or (``stands``) why nothing was changed."""
    if stands:
        return {
            "closed": _("The record is not open for writing any more: nothing was changed."),
            "removed": _("This block has been removed already."),
            "gone": _("This block is not there any more."),
            "overtaken": _("Somebody changed this block meanwhile, so it was not removed. Read it and decide again."),
            "changed": _("Somebody changed this block meanwhile, so it was not moved. Read it and decide again."),
            "no_item": _("This item is not on the agenda any more: nothing was changed."),
            "bound": _(
                "This block has a number, an owner, a date or an addressee, which would be lost: its kind stays. "
                "Take them away first, or write a new block."
            ),
        }[reason]
    return {
        "closed": _("The record is not open for writing any more. Your text was kept for you."),
        "removed": _("This block was removed meanwhile. Your text was kept for you: bring the block back with it."),
        "gone": _("There is no place for this text any more. It was kept for you."),
        "too_long": _("Both texts together are too long for one block. Yours was kept for you."),
    }[reason]
