"""Entry points for Celery: each calls one action."""

from iwg_portal.celery import app
from members import actions
from members.actions import files


@app.task(name="members.mail_audit_head")
def mail_audit_head() -> None:
    """The head of the log's chain goes to the secretariat and the chair, once a day."""
    actions.mail_audit_head()


@app.task(name="members.verify_log")
def verify_log() -> None:
    """Walk the log's whole chain; a break is an error in the server's log, and a line in the daily mail."""
    actions.verify_log()


@app.task(name="members.discard_old_parked")
def discard_old_parked() -> int:
    """What somebody had typed when her session ended waits for a week."""
    return actions.discard_old_parked()


@app.task(name="members.forget_ended_sessions")
def forget_ended_sessions() -> int:
    """A session that is over leaves the list of its person's devices."""
    return actions.forget_ended_sessions()


@app.task(name="members.sweep_files")
def sweep_files() -> int:
    """Files that a crash or a rolled back transaction left on the disk go after a day."""
    return files.sweep_strays()


@app.task(name="members.lapse_unconfirmed")
def lapse_unconfirmed() -> int:
    """End the offices that nobody confirmed."""
    return actions.lapse_unconfirmed()


@app.task(name="members.apply_retention")
def apply_retention() -> None:
    """Remove personal data whose time is over."""
    actions.apply_retention()
