"""What is done about regional summaries, for the table of who writes what (tests/policy/write.csv)."""

from iwg_portal.base.uploads import check
from iwg_portal.summaries import actions
from iwg_portal.summaries.letterhead import own_template
from iwg_portal.summaries.models import Summary, WordTemplate
from tests.factories import frozen_summary


def build(cast, viewer):
    return bool(actions.ask(scope="both", by=viewer).pk)


def _move(cast, viewer, act, before, after):
    summary = frozen_summary(cast.person("secretariat"), state=before)
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
    ("summary", "withdraw"): lambda cast, by: _move(cast, by, actions.withdraw, "released", "withdrawn"),
    ("word template", "replace"): replace_template,
    ("word template", "take back"): restore_template,
}
