"""One sentence per kind of event, in the reader's language. A kind without a sentence fails a test."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from iwg_portal.activity.models import Event

SENTENCES = {
    "status.reported": _("%(actor)s reported a new status for %(target)s."),
    "status.reported_on_behalf": _("%(actor)s reported a new status on behalf of %(target)s."),
    "workbook.uploaded": _("%(actor)s uploaded a status workbook for the round %(target)s."),
    "workbook.discarded": _("%(actor)s discarded a status workbook for the round %(target)s."),
    "workbook.imported": _("%(actor)s imported a status workbook for the round %(target)s."),
    "status.imported": _("%(actor)s imported the status of %(target)s from a workbook."),
    "audience.narrowed": _("%(actor)s narrowed who reads %(target)s."),
    "audience.widened": _("%(actor)s widened who reads %(target)s."),
    "release.changed": _("%(actor)s changed what %(target)s releases."),
    "assessment.published": _("%(actor)s published the assessment of %(target)s."),
    "assessment.corrected": _("%(actor)s corrected the assessment of %(target)s."),
    "summary.asked": _("%(actor)s asked for the regional summary %(target)s."),
    "summary.built": _("The figures of the regional summary %(target)s, asked for by %(actor)s, were frozen."),
    "summary.failed": _("The regional summary %(target)s could not be built."),
    "summary.approved": _("%(actor)s approved the regional summary %(target)s."),
    "summary.released": _("%(actor)s released the regional summary %(target)s to the member states."),
    "summary.opened": _("%(actor)s released the aggregated regional summary %(target)s to the whole group."),
    "summary.withdrawn": _("%(actor)s withdrew the regional summary %(target)s."),
    "summary.template_replaced": _("%(actor)s replaced the Word template of the regional summaries (%(target)s)."),
    "summary.template_restored": _("%(actor)s went back from the Word template %(target)s to the portal’s own."),
    "calendar.made": _("%(actor)s made an address for the own calendar."),
    "calendar.renewed": _("%(actor)s made the address of the own calendar anew."),
    "calendar.ended": _("%(actor)s ended the address of the own calendar."),
    "data_token.made": _("%(actor)s made a token for reading data."),
    "data_token.ended": _("%(actor)s ended a token of %(target)s for reading data."),
    "data.read": _("A program read data for %(actor)s: %(target)s."),
    "reference.loaded": _("%(actor)s loaded the reference data for %(target)s."),
    "person.added": _("%(actor)s added %(target)s."),
    "term.added": _("%(actor)s gave a further office to %(target)s."),
    "person.reactivated": _("%(actor)s reopened the account of %(target)s."),
    "person.deactivated": _("%(actor)s closed the account of %(target)s."),
    "person.details_changed": _("%(actor)s changed details of the own account."),
    "person.forgotten": _("%(actor)s removed the personal data of %(target)s, whose time was over."),
    "term.ended": _("%(actor)s ended an office of %(target)s."),
    "term.confirmed": _("%(actor)s confirmed that %(target)s is still in office."),
    "term.lapsed": _("%(actor)s ended an office of %(target)s that nobody had confirmed."),
    "passphrase.link_asked": _("%(actor)s was asked for a link to a new passphrase."),
    "passphrase.set_by_link": _("%(actor)s set a new passphrase by a link in a mail."),
    "passphrase.changed": _("%(actor)s changed the passphrase."),
    "proposal.made": _("%(actor)s proposed a person: %(target)s."),
    "proposal.withdrawn": _("%(actor)s withdrew a proposal: %(target)s."),
    "proposal.declined": _("%(actor)s declined a proposal: %(target)s."),
    "proposal.granted": _("%(actor)s granted a proposal: %(target)s."),
    "invitation.sent_again": _("%(actor)s sent an invitation again: %(target)s."),
    "invitation.revoked": _("%(actor)s revoked an invitation: %(target)s."),
    "invitation.accepted": _("%(actor)s accepted an invitation: %(target)s."),
    "person.language_chosen": _("%(actor)s chose a language."),
    "mail.tested": _("%(actor)s had a test mail sent."),
    "mail.sent_again": _("%(actor)s had the mail %(target)s sent again."),
    "mail.arrived": _("%(actor)s noted that the mail %(target)s arrived."),
    "mail.address_failed": _("Mail does not reach its address any more: %(target)s."),
    "mail.address_tried_again": _("%(actor)s had the portal try the address of %(target)s again."),
    "mail.given_up": _("%(actor)s cancelled the mail %(target)s."),
    "mail.batch_released": _("%(actor)s let a mail to many leave: %(target)s."),
    "mail.batch_held": _("%(actor)s held a mail to many: %(target)s."),
    "mail.batch_stopped": _("%(actor)s stopped a mail to many: %(target)s."),
    "mail.batch_worded": _("%(actor)s added words to a mail to many: %(target)s."),
    "mail.batch_lapsed": _("A mail to many was held until it was too late: %(target)s."),
    "reminder.plan_kept": _("%(actor)s changed when the portal reminds: %(target)s."),
    "reminder.plan_restored": _("%(actor)s took reminders back to what the portal has: %(target)s."),
    "digest.chosen": _("%(actor)s chose how often a digest comes."),
    "digest.stopped_from_mail": _("%(actor)s stopped the digests, by the link in a mail."),
    "job.asked": _("%(actor)s had the job %(target)s run again."),
    "access.denied": _("%(actor)s was refused a page: %(target)s."),
    "restricted.read": _("%(actor)s read what %(target)s shares with the secretariat only."),
    "file.exported": _("%(actor)s downloaded %(target)s."),
    "person.signed_in": _("%(actor)s signed in."),
    "person.sessions_ended": _("%(actor)s ended sessions of %(target)s."),
    "factor.added": _("%(actor)s added a second factor."),
    "factor.removed": _("%(actor)s removed a second factor."),
    "factor.codes_renewed": _("%(actor)s made new recovery codes."),
    "factor.recovery_code_used": _("%(actor)s used a recovery code."),
    "factor.closed": _("Too many wrong codes were tried for %(target)s."),
    "factor_reset.asked": _("%(actor)s asked to reset the second factor of %(target)s."),
    "factor_reset.confirmed": _("%(actor)s confirmed the reset of the second factor of %(target)s."),
    "factor_reset.withdrawn": _("%(actor)s withdrew the reset of the second factor of %(target)s."),
    "text.parked": _("What %(actor)s had typed was kept, because it came too late."),
    "text.discarded": _("%(actor)s discarded a kept text."),
    "holidays.entered": _("%(actor)s entered public holidays of %(target)s."),
    "holidays.removed": _("%(actor)s took out a public holiday of %(target)s."),
    "file.stored": _("%(actor)s uploaded a document: %(target)s."),
    "file.version_added": _("%(actor)s uploaded a new version of %(target)s."),
    "file.audience_changed": _("%(actor)s changed who may read %(target)s."),
    "file.withdrawn": _("%(actor)s withdrew %(target)s."),
    "passenger_data.refused": _("The portal refused passenger data that %(actor)s sent for %(target)s."),
    "record.closed": _("%(actor)s closed the draft of a record: %(target)s."),
    "record.reopened": _("%(actor)s opened the draft of a record again: %(target)s."),
    "record.circulated": _("%(actor)s circulated a record: %(target)s."),
    "record.withdrawn": _("%(actor)s took back a record that was under silence procedure: %(target)s."),
    "record.commented": _("%(actor)s commented on a record: %(target)s."),
    "record.commented_unnamed": _("Somebody commented on a record: %(target)s."),
    "record.opened": _("%(actor)s opened a record that is under silence procedure: %(target)s."),
    "record.agreed": _("%(actor)s agreed to a record: %(target)s."),
    "record.agreed_unnamed": _("A member state agreed to a record: %(target)s."),
    "record.objected": _("%(actor)s objected to a record: %(target)s."),
    "record.objected_unnamed": _("A member state objected to a record: %(target)s."),
    "record.approved": _("%(actor)s approved a record for the chair: %(target)s."),
    "record.comment_settled": _("%(actor)s noted how far a comment on a record is dealt with: %(target)s."),
    "record.adopted": _("A record was adopted by silence: %(target)s."),
    "meeting.created": _("%(actor)s prepared a meeting: %(target)s."),
    "meeting.changed": _("%(actor)s changed the meeting %(target)s."),
    "meeting.cloned": _("%(actor)s prepared a meeting like an earlier one: %(target)s."),
    "meeting.announced": _("%(actor)s announced the meeting %(target)s."),
    "meeting.started": _("%(actor)s opened the meeting %(target)s."),
    "meeting.cancelled": _("%(actor)s cancelled the meeting %(target)s."),
    "agenda.item_added": _("%(actor)s added an item to the agenda of %(target)s."),
    "agenda.item_changed": _("%(actor)s changed an item of the agenda of %(target)s."),
    "agenda.item_moved": _("%(actor)s changed the order of the agenda of %(target)s."),
    "agenda.item_withdrawn": _("%(actor)s took an item off the agenda of %(target)s."),
    "agenda.item_brought_back": _("%(actor)s brought an item back to the agenda of %(target)s."),
    "agenda.item_left_open": _("%(actor)s left an item of %(target)s open for the next meeting."),
    "agenda.item_concluded": _("%(actor)s marked an item of %(target)s as concluded."),
    "agenda.item_proposed": _("%(actor)s proposed an item for the agenda of %(target)s."),
    "agenda.item_accepted": _("%(actor)s put a proposed item on the agenda of %(target)s."),
    "agenda.item_declined": _("%(actor)s declined an item proposed for the agenda of %(target)s."),
    "agenda.items_carried": _("%(actor)s took open items over to the agenda of %(target)s."),
    "group.created": _("%(actor)s entered a group: %(target)s."),
    "group.changed": _("%(actor)s changed the group %(target)s."),
    "group.co_chair_added": _("%(actor)s entered a co-chair of the group %(target)s."),
    "group.co_chair_ended": _("%(actor)s entered the last day of a co-chair of the group %(target)s."),
    "group.co_chair_removed": _("%(actor)s removed a co-chair of the group %(target)s that was entered by mistake."),
    "turn.planned": _("%(actor)s planned a turn in the rotation: %(target)s."),
    "turn.dropped": _("%(actor)s took a turn out of the rotation: %(target)s."),
    "record.written": _("%(actor)s wrote in a record: %(target)s."),
    "block.removed": _("%(actor)s removed a paragraph of a record: %(target)s."),
    "block.brought_back": _("%(actor)s brought back an earlier text in a record: %(target)s."),
    "decision.changed": _("%(actor)s changed type or addressee of a decision: %(target)s."),
    "decision.carried_out": _("%(actor)s noted that a decision is carried out: %(target)s."),
    "decision.superseded": _("%(actor)s noted that another decision takes its place: %(target)s."),
    "decision.reactivated": _("%(actor)s noted that a decision is active again: %(target)s."),
    "action.edited": _("%(actor)s edited an action point: %(target)s."),
    "action.reported": _("%(actor)s reported on an action point: %(target)s."),
    "action.handed_over": _("%(actor)s handed over an action point: %(target)s."),
    "action.time_granted": _("%(actor)s granted more time for an action point: %(target)s."),
    "lesson.drafted": _("%(actor)s drafted a lesson."),
    "lesson.changed": _("%(actor)s changed the draft of a lesson."),
    "lesson.submitted": _("%(actor)s submitted a lesson."),
    "lesson.returned": _("%(actor)s made a submitted lesson a draft again."),
    "lesson.edited": _("%(actor)s edited the approved text of a lesson."),
    "lesson.approved": _("%(actor)s approved a lesson."),
    "lesson.translated": _("%(actor)s translated a lesson."),
    "lesson.readers_changed": _("%(actor)s changed who reads a lesson."),
    "lesson.withdrawn": _("%(actor)s withdrew a lesson."),
    "lesson.useful": _("%(actor)s said that a lesson is useful."),
    "lesson.not_useful": _("%(actor)s took back that a lesson is useful."),
    "paper.added": _("%(actor)s entered a paper: %(target)s."),
    "paper.changed": _("%(actor)s changed what is said about a paper: %(target)s."),
    "paper.file_added": _("%(actor)s stored a file of a paper: %(target)s."),
    "paper.language_withdrawn": _("%(actor)s withdrew a paper in one language: %(target)s."),
    "paper.withdrawn": _("%(actor)s withdrew a paper: %(target)s."),
    "papers.looked_at": _("%(actor)s noted that she knows the papers of %(target)s."),
    "registration.answered": _("%(actor)s answered the invitation to %(target)s."),
    "registration.nominated": _("%(actor)s nominated somebody for %(target)s."),
    "registration.taken_back": _("%(actor)s took a nomination for %(target)s back."),
    "registration.noted": _("An answer or a nomination for %(target)s was noted."),
    "attendance.noted": _("%(actor)s noted who was at %(target)s."),
    "attendance.declared": _("%(actor)s declared that the delegation had come to %(target)s."),
    "attendance.declared_by_one": _("A delegation declared that it had come to %(target)s."),
    "demonstration.loaded": _("%(actor)s loaded demonstration data for %(target)s."),
}


def sentence(event: Event, *, named: bool = True, target: str | None = None) -> str:
    """What happened, in the active language; a kind that is no longer known is named by itself.

    ``named`` False: the reader may not know who it was. ``target``: what it happened to, in the reader's words; else
    in those of the day.
    """
    shown = event.target_label if target is None else target
    if not named:
        actor = gettext("Somebody of another delegation or organisation")
    elif event.actor_id is None and event.actor_label == "system":
        actor = gettext("The portal")
    else:
        actor = event.actor_label
    known = SENTENCES.get(event.kind)
    if known is None:
        return f"{actor}: {event.kind} {shown}"
    words = str(known) % {"actor": actor, "target": shown}
    if event.data.get("via") == "mail":
        return gettext("%(sentence)s From a mail, without signing in.") % {"sentence": words}
    return words


def kinds() -> list[tuple[str, str]]:
    """Every kind and its sentence with gaps, in the alphabetical order of the active language: for a choice."""
    gaps = {"actor": "…", "target": "…"}
    return sorted(((kind, str(text) % gaps) for kind, text in SENTENCES.items()), key=lambda pair: pair[1].casefold())
