"""What is done about regional summaries, for the table of who writes what (tests/policy/write.csv)."""

from iwg_portal.summaries import actions
from iwg_portal.summaries.models import Summary
from tests.factories import frozen_summary


def build(cast, viewer):
    return bool(actions.ask(scope="both", by=viewer).pk)


def _move(cast, viewer, act, before, after):
    summary = frozen_summary(cast.person("secretariat"), state=before)
    act(summary=summary, by=viewer)
    return Summary.objects.get(pk=summary.pk).state == after


ACTS = {
    ("summary", "build"): build,
    ("summary", "approve"): lambda cast, by: _move(cast, by, actions.approve, "draft", "approved"),
    ("summary", "release"): lambda cast, by: _move(cast, by, actions.release, "approved", "released"),
    ("summary", "withdraw"): lambda cast, by: _move(cast, by, actions.withdraw, "released", "withdrawn"),
}
