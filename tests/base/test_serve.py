"""The portal as a whole: started, found, disturbed, killed, started again, ended. Few tests, because each is slow."""

import signal
import socket
import subprocess
import sys

import psutil
import psycopg2
import pytest
from django.conf import settings

from iwg_portal.base import health, supervisor
from iwg_portal.base.embedded import paths
from iwg_portal.base.embedded.programs import ServerProblem
from iwg_portal.base.management.commands import serve
from tests.base.portal import Portal, command, data_folder, environment, poll, processes_of


def rows(folder, statement):
    connection = psycopg2.connect(host=str(paths.socket_dir(folder)), user=paths.USER, dbname=paths.DATABASE)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_a_portal_is_started_killed_started_again_and_leaves_nothing():
    with data_folder() as folder:
        portal = Portal(folder)
        portal.wait()
        assert portal.get("healthz") == 200
        poll(lambda: portal.get("readyz") == 200)  # web, worker, beat and both servers do their part
        rows(folder, "INSERT INTO base_heartbeat (name, at) VALUES ('kept', now())")

        second = command("serve", DATA_DIR=str(folder), PORT="0")
        assert second.returncode == 2
        assert len(second.stderr.splitlines()) == 1
        assert f"process {portal.process.pid}, {portal.address}" in second.stderr

        server = int((paths.home(folder) / "postgres" / "postmaster.pid").read_text().split()[0])
        listed = command("showmigrations", "base", DATA_DIR=str(folder))
        assert "[X] 0001_heartbeat" in listed.stdout
        assert psutil.pid_exists(server), "a command that finds the servers leaves them running"

        web = next(p for p in psutil.Process(portal.process.pid).children() if "gunicorn" in " ".join(p.cmdline()))
        assert "DATABASE_AS_OWNER" not in web.environ(), "what is served works under the portal's role"
        web.kill()
        poll(lambda: "The web process ended (signal 9)" in portal.output() and portal.get("healthz") == 200)

        portal.end(signal.SIGKILL)
        again = Portal(folder)
        again.wait()
        running = {p.pid for p in processes_of(folder)}
        # Asked for at once: of a process that ends while the list is walked there is nothing to ask.
        walked = psutil.process_iter(["ppid", "name"])
        assert not running & {p.pid for p in walked if p.info["ppid"] == 1 and "gunicorn" in (p.info["name"] or "")}
        assert again.get("healthz") == 200
        assert rows(folder, "SELECT count(*) FROM base_heartbeat WHERE name = 'kept'") == [(1,)]

        assert again.end(signal.SIGTERM) == 0
        assert [p.cmdline() for p in processes_of(folder)] == []


def test_a_taken_port_is_one_sentence():
    with data_folder() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("serve", DATA_DIR=str(folder), PORT=str(port))
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"Port {port} is taken" in done.stderr
        assert processes_of(folder) == []


def test_a_process_that_keeps_failing_stops_the_portal_with_a_sentence(tmp_path):
    program = """
import os, socket, sys
from iwg_portal.base import supervisor
supervisor.FIRST_PAUSE = 0.01
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
order = supervisor.Order(
    data_dir=sys.argv[1], address="x", listener=listener.fileno(), serve_lock=os.open(os.devnull, os.O_RDONLY),
    servers_lock=None, database=False, redis=False, commands={"web": [sys.executable, "-c", "raise SystemExit(3)"]},
)
sys.exit(supervisor.Supervisor(order).run())
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "The web process ended 5 times in a row (last: exit code 3)" in done.stderr
    assert "Traceback" not in done.stderr


def test_servers_that_do_not_start_are_given_time(tmp_path, monkeypatch):
    """Five tries within a quarter of a second would end the portal over a server that needs two seconds."""
    now, tries = [1000.0], []

    def ensure():
        tries.append(now[0])
        raise ServerProblem("PostgreSQL did not start.")

    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now[0])
    with socket.socket() as listener, open(tmp_path / "lock", "w") as lock:
        order = supervisor.Order(str(tmp_path), "x", listener.fileno(), lock.fileno(), None, False, False)
        watching = supervisor.Supervisor(order)
        monkeypatch.setattr(watching.servers, "ensure", ensure)
        problem = ""
        while not problem:
            problem = watching._watch_servers()
            now[0] += 0.05
    assert problem == "PostgreSQL did not start."
    assert len(tries) == supervisor.PATIENCE
    assert tries[-1] - tries[0] > 10


@pytest.mark.parametrize("given", ["abc", "70000", "-1"])
def test_a_port_that_is_none_is_one_sentence(given, monkeypatch):
    from iwg_portal.base.management.commands import serve

    monkeypatch.setenv("PORT", given)
    with pytest.raises(ServerProblem, match="PORT must be a number"):
        serve._host_and_port()


def test_links_in_mails_lead_to_where_the_portal_listens(monkeypatch, tmp_path):
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    assert serve._environment(tmp_path, 3, "http://localhost:8123/")["PUBLIC_URL"] == "http://localhost:8123"
    monkeypatch.setenv("PUBLIC_URL", "https://demo.example.org")
    assert serve._environment(tmp_path, 3, "http://localhost:8123/")["PUBLIC_URL"] == "https://demo.example.org"


@pytest.mark.parametrize(
    ("embedded", "where"), [(True, "The data folder /"), (False, "The database of DATABASE_URL was last used")]
)
def test_what_a_newer_portal_left_is_not_served(embedded, where, monkeypatch, settings):
    settings.EMBEDDED_DATABASE = embedded
    monkeypatch.setattr(health, "newer_migrations", lambda: ["members.9999_later"])
    monkeypatch.setattr(serve, "call_command", lambda *a, **k: pytest.fail("nothing is migrated"))
    with pytest.raises(ServerProblem, match=r"a newer version of the portal \(members\.9999_later\)") as problem:
        serve._migrate()
    assert str(problem.value).startswith(where)
