"""Where the embedded servers of a data folder live. Imported by settings: no Django app, nothing is started.

Everything here is a pure function of the data folder, the machine's users and the permissions on the way to it, so
that two commands started at different times agree on the same sockets.
"""

import hashlib
import os
import pwd
import re
import secrets
import stat
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

DATABASE = USER = "portal"
APP_ROLE = "iwg_app"  # under which web, worker and beat work (base.roles); USER owns the tables
PG_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# The kernel's limit is 108 bytes on Linux and 104 on macOS, with the closing zero byte.
MAX_SOCKET_BYTES = 99
# Who runs the servers when we are root: PostgreSQL refuses to. `nobody` comes last because other users' files look
# as if they were its own inside a user namespace.
SERVICE_USERS = ("postgres", "_postgres", "daemon", "nobody")


def local_secret(data_dir: Path) -> str:
    """The data folder's own secret key (64 characters), made at the first call.

    Creates the folder and ``secret-key`` (mode 0600). Raises ImproperlyConfigured when that is not possible.
    """
    return _own_secret(data_dir, "secret-key", 48)


def local_factor_key(data_dir: Path) -> str:
    """The same for the key under which the seeds of second factors are encrypted (Fernet: 32 bytes in base64)."""
    # token_urlsafe leaves out the padding that the form of the key asks for.
    return _own_secret(data_dir, "factor-key", 32)[:43] + "="


def _own_secret(data_dir: Path, name: str, size: int) -> str:
    file = data_dir / name
    least = size * 4 // 3
    try:
        make_data_dir(data_dir)
        try:
            return _read_secret(file, least)
        except FileNotFoundError:
            pass
        draft = data_dir / f".{name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(size) + "\n")
        try:
            os.link(draft, file)  # unlike a rename, this never replaces the key of a process that was faster
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
        return _read_secret(file, least)
    except OSError as error:
        raise ImproperlyConfigured(cannot_write(data_dir, error)) from None


def make_data_dir(data_dir: Path) -> None:
    """Create the folder; as root others may pass through it (not list it), because the servers run as another user."""
    if not data_dir.is_dir():
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)


def cannot_write(data_dir: Path, error: OSError) -> str:
    """One sentence for a folder that cannot be used."""
    reason = (error.strerror or str(error)).lower()
    try:
        owner = data_dir.stat().st_uid
        if owner != os.geteuid():
            reason = f"it belongs to another user, {pwd.getpwuid(owner).pw_name}"
    except (OSError, KeyError):
        pass
    return f"The data folder {data_dir} cannot be written ({reason}); set DATA_DIR to a folder of your own."


def _read_secret(file: Path, least: int) -> str:
    secret = file.read_text().strip()
    if len(secret) < least:
        raise ImproperlyConfigured(f"{file} is damaged (shorter than {least} characters); delete it and start again.")
    return secret


def service_user(data_dir: Path) -> pwd.struct_passwd | None:
    """Who runs the servers: None means ourselves; as root the owner of the database's files, else SERVICE_USERS."""
    if os.geteuid() != 0:
        return None
    for place in (data_dir / "postgres", _spare_home(data_dir) / "postgres"):
        try:
            owner = place.stat().st_uid
            if owner != 0:
                return pwd.getpwuid(owner)
        except (OSError, KeyError):
            continue
    for name in SERVICE_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ImproperlyConfigured(
        "PostgreSQL does not run as root and this machine has no unprivileged user for it; run as another user."
    )


def can_pass(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may go through the folder and every folder above it; a missing one counts as passable."""
    for place in (folder, *folder.parents):
        try:
            info = place.stat()
        except OSError:
            continue
        if info.st_uid == user.pw_uid:
            right = stat.S_IXUSR
        elif info.st_gid == user.pw_gid:
            right = stat.S_IXGRP
        else:
            right = stat.S_IXOTH
        if not info.st_mode & right:
            return False
    return True


def home(data_dir: Path) -> Path:
    """The folder that holds ``postgres/`` and ``valkey/``: the data folder itself.

    Only as root, below a folder that the servers' user cannot pass (/root), it is a folder under /var/tmp.
    """
    user = service_user(data_dir)
    return data_dir if user is None or can_pass(data_dir.parent, user) else _spare_home(data_dir)


def _key(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]


def shared_dir() -> Path:
    """Root's folder for what the servers' user must reach and cannot reach where it is."""
    return Path("/var/tmp/iwg-portal")


def _spare_home(data_dir: Path) -> Path:
    return shared_dir() / _key(data_dir)


def socket_dir(data_dir: Path) -> Path:
    """The private folder (0700) of the two sockets; a short one under /tmp when the path is too long or unusual."""
    folder = home(data_dir) / "run"
    length = len(os.fsencode(folder / PG_SOCKET))
    # PostgreSQL takes a list of folders here and both clients a URL: only plain characters pass through all of them.
    if length <= MAX_SOCKET_BYTES and re.fullmatch(r"[A-Za-z0-9/._+-]+", str(folder)):
        return folder
    return Path(f"/tmp/iwg-portal-{os.geteuid()}-{_key(data_dir)}")


def database_url(data_dir: Path) -> str:
    """The URL of the embedded PostgreSQL, whether it runs or not."""
    return f"postgres://{USER}@{quote(str(socket_dir(data_dir)), safe='')}/{DATABASE}"


def redis_url(data_dir: Path) -> str:
    """The URL of the embedded Valkey, whether it runs or not."""
    return f"unix://{socket_dir(data_dir) / VALKEY_SOCKET}"


def broker_url(redis_url: str) -> str:
    """The same Redis as Celery names it, which calls the number of the database behind a socket ``virtual_host`` and
    would take number 0 for any other word."""
    return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
