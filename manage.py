#!/usr/bin/env python3
"""The one command-line entry of the portal."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("The portal needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

import contextlib
import os
import signal

# These read and write files only, or bring servers of their own. Every other command finds the embedded servers or
# starts them while it runs.
WITHOUT_SERVERS = frozenset(
    {
        "bench_faults", "build_map", "collectstatic", "compile_catalogues", "compilemessages", "diffsettings",
        "findstatic", "help", "makemessages", "messages", "quality", "rule_drops", "startapp", "startproject",
        "version",
    }
)  # fmt: skip
OWN_SERVERS = frozenset({"serve", "demo"})  # these hold them beyond this process's own work


def main() -> int:
    """Run one command. Trouble that its user can mend is one sentence and exit code 2, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iwg_portal.settings")
    os.environ["DATABASE_AS_OWNER"] = "1"  # web, worker and beat, which `serve` starts, work under DATABASE_ROLE
    if sys.argv[1:2] == ["demo"] and not os.environ.get("IWG_MODE"):
        os.environ["IWG_MODE"] = "demo"  # before the settings are read, which decide by it
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError as error:
        print(f"{error.name} is not installed for this Python; run “make demo” first.", file=sys.stderr)
        return 2
    from iwg_portal.base.embedded.programs import ServerProblem

    try:
        with _servers(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, ServerProblem) as problem:
        print(problem, file=sys.stderr)
        return 2
    except OperationalError as problem:
        if "--traceback" in sys.argv:
            raise
        print(f"The database does not answer: {str(problem).splitlines()[0]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _servers(arguments: list[str]) -> contextlib.AbstractContextManager[object]:
    """The embedded servers for as long as the command runs, or nothing when it needs none."""
    command = next((word for word in arguments if not word.startswith("-")), "help")
    if command in WITHOUT_SERVERS | OWN_SERVERS or {"--help", "-h", "--version"} & set(arguments):
        return contextlib.nullcontext()
    if command == "check" and "--database" not in arguments:
        return contextlib.nullcontext()

    import django
    from django.conf import settings
    from django.core.management import get_commands

    from iwg_portal.base.embedded import servers

    django.setup()  # get_commands() would remember an answer without our apps
    if command not in get_commands():
        return contextlib.nullcontext()  # Django says so
    # Without this SIGTERM would leave the servers running.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    return servers.running(settings.DATA_DIR, settings.EMBEDDED_DATABASE, settings.EMBEDDED_REDIS)


if __name__ == "__main__":
    sys.exit(main())
