"""Stored files: who reads which bytes, versions, withdrawal, and what a crash leaves behind."""

import os
import re
import stat
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.db.models import ProtectedError
from django.db.utils import IntegrityError, InternalError, NotSupportedError

from iwg_portal.activity.models import Event
from iwg_portal.base.uploads import check, storage
from members import access
from members.actions import files as actions
from members.enums import Audience
from members.models import FileVersion, StoredFile
from members.tasks import sweep_files
from tests.base import uploading as make
from tests.cast import PARTS
from tests.factories import StatusReportFactory, stored_file

pytestmark = pytest.mark.django_db

CANARY = b"canary-in-the-bytes"
OWN = {"own_delegate", "own_focal_point"}
READERS = {
    "delegation": OWN,
    "secretariat": OWN | {"secretariat"},
    "members": OWN | {"secretariat", "other_delegate", "chair"},
    "group": OWN | {"secretariat", "other_delegate", "chair", "observer", "partner", "administrator"},
    "public": set(PARTS),
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def focal(cast):
    return cast.viewer("own_focal_point")


def on_disk(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def sent(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body + "\n".join(f"{name}: {value}" for name, value in response.items()).encode()


def url(file, number=None):
    return f"/files/{file.pk}/" if number is None else f"/files/{file.pk}/v/{number}/"


# -- Reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", READERS)
def test_the_bytes_reach_those_of_the_audience_and_nobody_else(cast, focal, audience):
    file = stored_file(cast.own, focal, CANARY, audience=audience, name="canary-name.txt", title="canary-title")
    for part in PARTS:
        client = cast.client(part)
        may = part in READERS[audience]
        for address in (url(file), url(file, 1)):
            for method in (client.get, client.head):
                response = method(address)
                assert response.status_code == (200 if may else 302 if part == "anonymous" else 404), part
                assert (b"canary" in sent(response)) is may
        listed = client.get(f"/states/{cast.own.alpha2.lower()}/documents/")
        assert ("canary-title" in listed.content.decode()) is (may and listed.status_code == 200)
        page = client.get(f"/states/{cast.own.alpha2.lower()}/documents/{file.pk}/")
        assert page.status_code == listed.status_code if may else page.status_code in (302, 404)
        assert (b"canary" in page.content) is (may and page.status_code == 200)
        rows = access.visible_files(cast.viewer(part)).filter(pk=file.pk)
        assert rows.exists() is may
        assert access.visible_versions(cast.viewer(part)).filter(file=file).exists() is may


def test_what_may_not_be_read_answers_like_what_does_not_exist(cast, focal):
    file = stored_file(cast.own, focal, CANARY)
    for part in ("other_delegate", "observer", "stranger"):
        client = cast.client(part)
        there, not_there = client.get(url(file)), client.get(url(StoredFile(pk=uuid.uuid4())))
        assert (there.status_code, not_there.status_code) == (404, 404)
        assert strip(words(there)) == strip(words(not_there))
        etag = f'"{file.versions.get().sha256}"'
        assert client.get(url(file), headers={"If-None-Match": etag}).status_code == 404
        assert client.get(url(file), headers={"If-None-Match": "*"}).status_code == 404


def test_the_right_ends_with_the_term(cast, focal):
    file = stored_file(cast.own, focal, CANARY)
    client = cast.client("own_delegate")
    assert client.get(url(file)).status_code == 200
    cast.person("own_delegate").terms.update(ends_on="2023-01-01")
    assert client.get(url(file)).status_code == 404


def test_it_is_saved_and_never_shown(cast, focal):
    file = stored_file(cast.own, focal, CANARY, name="Décret 12.txt")
    response = cast.client("own_delegate").get(url(file))
    assert b"".join(response.streaming_content) == CANARY
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Length"] == str(len(CANARY))
    assert response["Content-Disposition"] == (
        "attachment; filename=\"Decret 12.txt\"; filename*=UTF-8''D%C3%A9cret%2012.txt"
    )
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "allow-" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


def test_the_same_bytes_are_not_sent_twice(cast, focal):
    file = stored_file(cast.own, focal, CANARY)
    client = cast.client("own_delegate")
    etag = client.get(url(file))["ETag"]
    again = client.get(url(file), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Content-Security-Policy"].startswith("sandbox")
    actions.add_version(file=file, checked=check(b"another", "b.txt"), by=focal)
    assert client.get(url(file), headers={"If-None-Match": etag}).status_code == 200


def test_head_costs_no_bytes(cast, focal):
    file = stored_file(cast.own, focal, CANARY)
    response = cast.client("own_delegate").head(url(file))
    assert response.content == b""
    assert response["Content-Length"] == str(len(CANARY))


def test_reading_costs_few_queries(cast, focal, django_assert_max_num_queries):
    file = stored_file(cast.own, focal, CANARY)
    client = cast.client("own_delegate")
    with django_assert_max_num_queries(6):
        client.get(url(file)).close()


def test_no_web_server_reads_the_folder(cast, focal, folder):
    file = stored_file(cast.own, focal, CANARY, audience="public")
    path = storage.place(file.versions.get().storage_name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(p.stat().st_mode) for p in (path.parent, path.parent.parent, folder)} == {0o700}
    default = settings.DATA_DIR / "files"
    assert not default.is_relative_to(settings.STATIC_ROOT)
    assert not any(default.is_relative_to(place) for place in settings.STATICFILES_DIRS)
    for address in (f"/static/{path.name}", f"/files/{path.name}", f"/static/../files/{path.name}", f"/{path.name}"):
        assert cast.client("own_focal_point").get(address).status_code == 404


# -- Storing -------------------------------------------------------------------------------------------------------


def test_store_version_and_withdraw(cast, focal, folder, django_capture_on_commit_callbacks):
    file = stored_file(cast.own, focal, b"one", name="one.txt")
    second = actions.add_version(file=file, checked=check(b"two", "two.txt"), by=focal)
    assert [(v.number, v.name, v.size) for v in file.versions.order_by("number")] == [
        (1, "one.txt", 3),
        (2, "two.txt", 3),
    ]
    client = cast.client("own_delegate")
    assert sent(client.get(url(file))).startswith(b"two")
    assert sent(client.get(url(file, 1))).startswith(b"one")
    with pytest.raises(ValidationError, match="same file as version 2"):
        actions.add_version(file=file, checked=check(b"two", "again.txt"), by=focal)
    assert len(on_disk(folder)) == 2
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw_file(file=file, by=focal)
    assert on_disk(folder) == []
    assert FileVersion.objects.filter(file=file).count() == 2
    for part in ("own_focal_point", "secretariat"):
        assert cast.client(part).get(url(file)).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.add_version(file=file, checked=check(b"three", "a.txt"), by=focal)
    kinds = Event.objects.filter(target_id=str(file.pk)).order_by("id").values_list("kind", "state_id")
    assert [kind for kind, _state in kinds] == [
        "file.stored",
        "file.version_added",
        "file.exported",
        "file.exported",
        "file.withdrawn",
    ]
    assert {state for _kind, state in kinds} == {cast.own.pk}
    assert second.scan == "not_scanned"


def test_the_log_knows_no_title_and_no_name(cast, focal):
    file = stored_file(cast.own, focal, CANARY, title="canary-title", name="canary-name.txt")
    event = Event.objects.get(target_id=str(file.pk))
    assert "canary" not in f"{event.target_label}{event.data}"


def test_nothing_is_changed_or_deleted_behind_the_actions(cast, focal):
    file = stored_file(cast.own, focal)
    for change in (
        lambda: FileVersion.objects.filter(file=file).update(sha256="0" * 64),
        lambda: FileVersion.objects.filter(file=file).delete(),
        lambda: StoredFile.objects.filter(pk=file.pk).update(state=cast.other),
        lambda: StoredFile.objects.filter(pk=file.pk).delete(),
    ):
        with pytest.raises((InternalError, NotSupportedError, ProtectedError)), transaction.atomic():
            change()


@pytest.mark.parametrize("part", [part for part in PARTS if part != "own_focal_point"])
def test_only_the_states_focal_point_writes(cast, focal, part):
    file = stored_file(cast.own, focal, audience="group")
    viewer, checked = cast.viewer(part), check(b"x", "a.txt")
    for act in (
        lambda: actions.store_file(checked=checked, title="x", state=cast.own, by=viewer),
        lambda: actions.add_version(file=file, checked=checked, by=viewer),
        lambda: actions.set_file_audience(file=file, audience="public", by=viewer),
        lambda: actions.withdraw_file(file=file, by=viewer),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert StoredFile.objects.count() == FileVersion.objects.count() == 1


def test_a_focal_point_writes_for_her_own_state_only(cast, focal):
    with pytest.raises(PermissionDenied):
        stored_file(cast.other, focal)
    with pytest.raises(PermissionDenied):
        stored_file(None, focal)


def test_files_of_the_group_belong_to_the_secretariat(cast):
    file = stored_file(None, cast.viewer("secretariat"), audience="members")
    assert cast.client("chair").get(url(file)).status_code == 200
    assert cast.client("observer").get(url(file)).status_code == 404
    with pytest.raises(ValidationError, match="no delegation"):
        stored_file(None, cast.viewer("secretariat"), audience="delegation")


def test_a_file_is_never_wider_than_what_it_is_attached_to(cast, focal):
    report = StatusReportFactory(state=cast.own, audience="members")
    with pytest.raises(ValidationError, match="more people"):
        stored_file(cast.own, focal, parent=report, audience="group")
    file = stored_file(cast.own, focal, parent=report, audience="members")
    with pytest.raises(ValidationError, match="more people"):
        actions.set_file_audience(file=file, audience="public", by=focal)
    narrow = stored_file(cast.own, focal, parent=report, audience="delegation")
    assert actions.narrow_files_of(parent=report, audience="secretariat", by=focal) == 1
    assert StoredFile.objects.get(pk=file.pk).audience == "secretariat"
    assert StoredFile.objects.get(pk=narrow.pk).audience == "delegation"
    # what is attached elsewhere is no document of the state
    assert not access.visible_files(focal).documents_of(cast.own).exists()


def test_an_unknown_audience_is_refused(cast, focal):
    with pytest.raises(ValidationError):
        stored_file(cast.own, focal, audience="everybody")
    with pytest.raises(IntegrityError, match="file_audience_known"), transaction.atomic():
        StoredFile.objects.create(state=cast.own, audience="", title="x", uploaded_by=focal.person)


# -- The disk ------------------------------------------------------------------------------------------------------


def test_a_transaction_that_is_rolled_back_leaves_nothing_visible(cast, focal, folder):
    @transaction.atomic
    def store_and_fail():
        stored_file(cast.own, focal, CANARY)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store_and_fail()
    assert not StoredFile.objects.exists()
    assert len(on_disk(folder)) == 1
    age(folder, 86_000)
    sweep_files()
    assert len(on_disk(folder)) == 1, "a young file may belong to a transaction that is still open"
    age(folder, 86_500)
    sweep_files()
    assert on_disk(folder) == []


def age(folder, seconds):
    for path in on_disk(folder):
        then = time.time() - seconds
        os.utime(path, (then, then))


def test_the_sweep_takes_drafts_and_withdrawn_bytes_and_nothing_else(cast, focal, folder):
    kept = stored_file(cast.own, focal, b"kept")
    withdrawn = stored_file(cast.own, focal, b"withdrawn")
    actions.withdraw_file(file=withdrawn, by=focal)  # its bytes stay: this transaction never commits
    draft = storage.place(uuid.uuid4()).with_suffix(".part")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_bytes(b"half")
    assert len(on_disk(folder)) == 3
    age(folder, 90_000)
    assert actions.sweep_strays() == 2
    assert [path.read_bytes() for path in on_disk(folder)] == [b"kept"]
    assert cast.client("own_delegate").get(url(kept)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_between_bytes_and_row_leaves_nothing_visible(cast, focal, folder):
    checked = check(CANARY, "a.txt")
    child = os.fork()
    if child == 0:
        try:
            for open_connection in connections.all():
                open_connection.connection = None  # the parent's; closing it would end the parent's session
            FileVersion.save = lambda self, *args, **kwargs: os._exit(9)
            actions.store_file(checked=checked, title="x", state=cast.own, by=focal)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(on_disk(folder)) == 1
    assert not StoredFile.objects.exists()
    assert not FileVersion.objects.exists()
    assert CANARY not in cast.client("own_focal_point").get(f"/states/{cast.own.alpha2.lower()}/documents/").content


def test_a_full_disk_leaves_neither_file_nor_row(cast, focal, folder, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"), transaction.atomic():
        stored_file(cast.own, focal)
    assert on_disk(folder) == []
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_versions_at_once_get_two_numbers(cast, focal):
    file = stored_file(cast.own, focal)

    def add(number):
        try:
            return actions.add_version(file=file, checked=check(b"v%d" % number, "a.txt"), by=focal).number
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [2, 3, 4, 5]


# -- Pages ---------------------------------------------------------------------------------------------------------


def page(cast, *rest):
    return "/".join(["/states", cast.own.alpha2.lower(), "documents", *map(str, rest), ""])


def typed(content=b"Article 1", name="law.txt", **changes):
    file = {"file": SimpleUploadedFile(name, content)} if content is not None else {}
    return {"title": "Law 12", "language": "fr", "audience": "secretariat", **file, **changes}


def words(response):
    return " ".join(response.content.decode().split())


def test_from_the_profile_to_a_withdrawn_document(cast, django_capture_on_commit_callbacks):
    client = cast.client("own_focal_point")
    assert page(cast) in words(client.get(f"/states/{cast.own.alpha2.lower()}/"))
    response = client.post(page(cast), typed(), follow=True)
    assert "The document is stored." in words(response)
    assert "not scanned for viruses" in words(response)
    file = StoredFile.objects.get()
    assert (file.title, file.language, file.audience, file.state) == ("Law 12", "fr", "secretariat", cast.own)
    assert "Law 12" in words(client.get(page(cast)))

    again = client.post(
        page(cast, file.pk), {"do": "version", "file": SimpleUploadedFile("b.txt", b"new")}, follow=True
    )
    assert "Version 2 is stored." in words(again)
    same = client.post(page(cast, file.pk), {"do": "version", "file": SimpleUploadedFile("b.txt", b"new")})
    assert "This is the same file as version 2." in words(same)

    wider = client.post(page(cast, file.pk, "readers"), {"audience": "public"}, follow=True)
    assert "TLP:CLEAR" in words(wider)
    assert cast.client("anonymous").get(url(file)).status_code == 200

    unsure = client.post(page(cast, file.pk), {"do": "withdraw"})
    assert "cannot be brought back" in words(unsure)
    with django_capture_on_commit_callbacks(execute=True):
        gone = client.post(page(cast, file.pk), {"do": "withdraw", "sure": "on"}, follow=True)
    assert "The document is withdrawn" in words(gone)
    assert client.get(page(cast, file.pk)).status_code == 404


def test_nothing_typed_is_lost_when_the_file_is_refused(cast, folder):
    response = cast.client("own_focal_point").post(page(cast), typed(b"MZ\0\0", "a.pdf", title="A long title"))
    assert response.status_code == 200
    assert "the file is of another kind" in words(response)
    assert 'value="A long title"' in words(response)
    assert '<option value="fr" selected>' in words(response)
    assert not StoredFile.objects.exists()
    assert on_disk(folder) == []


def test_a_missing_title_says_that_the_file_must_be_chosen_again(cast):
    response = cast.client("own_focal_point").post(page(cast), typed(title=""))
    assert "Give the document a title." in words(response)
    assert "Choose the file again" in words(response)


@pytest.mark.parametrize("changes", [{"content": "\n".join(make.td3()).encode()}, {"title": make.td3()[1]}])
def test_passenger_data_are_refused_and_only_the_detectors_name_is_noted(cast, folder, caplog, changes):
    caplog.set_level("DEBUG")
    response = cast.client("own_focal_point").post(page(cast), typed(**changes))
    assert "Passenger data do not belong here: nothing was kept." in words(response)
    assert not StoredFile.objects.exists()
    assert on_disk(folder) == []
    event = Event.objects.get(kind="passenger_data.refused")
    assert event.data == {"detectors": ["mrz"]}
    assert event.state_id == cast.own.pk
    assert "FALSE" not in caplog.text
    assert "X00000" not in caplog.text


def test_a_large_upload_never_touches_a_disk(cast, folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    content = b"line of a long text\n" * 600_000
    response = cast.client("own_focal_point").post(page(cast), typed(content))
    assert response.status_code == 302
    assert FileVersion.objects.get().size == len(content) > 10_000_000


def test_more_than_the_limit_is_refused_before_it_is_read(cast, settings):
    settings.MAX_FILE_BYTES = 1024 * 1024
    client = cast.client("own_focal_point")
    assert "larger than 1 MB" in words(client.post(page(cast), typed(b"x" * (1024 * 1024 + 10))))
    assert client.post(page(cast), typed(b"x" * 4 * 1024 * 1024)).status_code == 413


def test_ids_of_one_state_open_nothing_under_another(cast, focal):
    file = stored_file(cast.own, focal, audience="group")
    other = f"/states/{cast.other.alpha2.lower()}/documents/{file.pk}/"
    for part in ("own_focal_point", "other_delegate", "secretariat"):
        assert cast.client(part).get(other).status_code == 404
        assert cast.client(part).post(other, {"do": "withdraw", "sure": "on"}).status_code == 404
        assert cast.client(part).get(f"{other}readers/").status_code == 404


def test_the_list_costs_the_same_for_three(cast, focal, django_assert_num_queries, django_assert_max_num_queries):
    client = cast.client("own_delegate")
    stored_file(cast.own, focal)
    client.get(page(cast))  # the first time also notes that a restricted document was listed
    with django_assert_max_num_queries(12) as first:
        client.get(page(cast))
    for number in range(2):
        file = stored_file(cast.own, focal, title=f"{number}")
        actions.add_version(file=file, checked=check(b"%d" % number, "a.txt"), by=focal)
    with django_assert_num_queries(len(first)):
        client.get(page(cast))


def test_hidden_documents_are_not_counted(cast, focal):
    client = cast.client("other_delegate")
    before = words(client.get(page(cast)))
    stored_file(cast.own, focal, CANARY, audience=Audience.SECRETARIAT)
    assert strip(words(client.get(page(cast)))) == strip(before)


def strip(text):
    """Without what differs between two readings: the form's token, the time, and the address asked for."""
    return re.sub(r'value="\w{64}"|<time.*?</time>|/files/[0-9a-f-]{36}/', "", text)
