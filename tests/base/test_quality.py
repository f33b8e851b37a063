from iwg_portal.base.management.commands.quality import lock_problems

LOCK = """\
# made by a tool
django==5.2.8 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via iwg-portal
whitenoise==6.11 ; python_version < '4' \\
    --hash=sha256:cc
"""


def test_a_lock_that_holds_everything():
    assert lock_problems(LOCK, ["Django~=5.2.0", "whitenoise[brotli]"]) == []


def test_a_dependency_that_is_not_locked():
    assert lock_problems(LOCK, ["nh3"]) == ["nh3 is not locked"]


def test_a_lock_older_than_the_project():
    assert lock_problems(LOCK, ["Django>=6"]) == ["Django is locked as 5.2.8, but pyproject.toml wants >=6"]


def test_no_hash_and_an_address():
    lock = "--index-url https://example.org/simple\nnh3==0.3\n"
    assert lock_problems(lock, []) == ["an address or option does not belong here: --index-url", "nh3 has no hash"]
