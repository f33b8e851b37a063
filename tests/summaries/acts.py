"""What is done about regional summaries, for the table of who writes what (tests/policy/write.csv)."""

from iwg_portal.base.uploads import check
from iwg_portal.summaries import actions
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import Summary, WordTemplate
from tests.factories import frozen_summary


def build(cast, viewer):
    return bool(actions.ask(scope="both", by=viewer).pk)


def build_aggregated(cast, viewer):
    return actions.ask(scope="both", form="aggregated", by=viewer).audience == "group"


def _move(cast, viewer, act, before, after, form="named"):
    summary = frozen_summary(cast.person("secretariat"), state=before, form=form)
    act(summary=summary, by=viewer)
    return Summary.objects.get(pk=summary.pk).state == after


def replace_template(cast, viewer):
    actions.replace_template(checked=check(own_template(), "ours.docx"), languages=["fr"], by=viewer)
    return WordTemplate.objects.filter(ended_at=None).exists()


def restore_template(cast, viewer):
    replace_template(cast, cast.viewer("secretariat"))
    actions.restore_template(language="fr", by=viewer)
    return not WordTemplate.objects.filter(ended_at=None).exists()


ACTS = {
    ("summary", "build"): build,
    ("summary", "approve"): lambda cast, by: _move(cast, by, actions.approve, "draft", "approved"),
    ("summary", "release"): lambda cast, by: _move(cast, by, actions.release, "approved", "released"),
    ("aggregated", "build"): build_aggregated,
    ("aggregated", "approve"): lambda c, by: _move(c, by, actions.approve, "draft", "approved", "aggregated"),
    ("aggregated", "release"): lambda c, by: _move(c, by, actions.release, "approved", "released", "aggregated"),
    ("summary", "withdraw"): lambda cast, by: _move(cast, by, actions.withdraw, "released", "withdrawn"),
    ("word template", "replace"): replace_template,
    ("word template", "take back"): restore_template,
}
