"""A store that cannot be opened is refused in words, never by a driver's own error."""

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from monitor_api.app import open_records, open_stores
from monitor_api.errors import StoreUnavailable, StoreUnusable
from monitor_api.records.database import Database
from monitor_api.settings import ServerSettings
from tests.servers import postgres
from tests.service import settings
from vocabulary.errors import LumenwardError

CANNOT_BE_OPENED = {
    "no store of ours": "oracle://reader:hunter2@h/x",
    "a file is in the way": "sqlite:////dev/null/records.sqlite",
}


def refused(told):
    with pytest.raises(LumenwardError) as refusal:
        open_stores(told, {})
    return str(refusal.value)


@pytest.mark.parametrize("url", CANNOT_BE_OPENED.values(), ids=CANNOT_BE_OPENED.keys())
def test_a_records_store_that_cannot_be_opened_is_refused_without_its_password(url, tmp_path):
    words = refused(settings(tmp_path).model_copy(update={"records_url": url}))
    assert "records" in words
    assert "hunter2" not in words


def test_a_data_directory_that_cannot_be_made_is_refused_by_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(settings(tmp_path / "file" / "data"))


def test_a_url_that_is_none_opens_no_store():
    with pytest.raises(StoreUnusable, match="records"):
        Database("nonsense")


WITH_A_PASSWORD = ["postgresql://reader:hunter2@h/x", "postgresql://reader@h/x?password=hunter2", "hunter2"]


@pytest.mark.parametrize("url", WITH_A_PASSWORD)
def test_settings_refuse_a_url_that_holds_a_password_or_is_none_and_never_repeat_it(url, tmp_path):
    with pytest.raises(ValidationError) as refusal:
        ServerSettings.model_validate(settings(tmp_path).model_dump() | {"records_url": url})
    assert "records_url" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_password_of_its_own_reaches_the_server_and_nothing_that_is_shown(tmp_path, caplog):
    server = postgres.server()
    told = settings(tmp_path).model_copy(update={"records_url": server.tcp("postgres")})
    good = told.model_copy(update={"records_password": SecretStr(server.password)})
    database = open_records(good)
    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.close()
    shown = f"{good!r} {good.records} {database.engine!r} {caplog.text}"
    wrong = open_records(told.model_copy(update={"records_password": SecretStr("hunter2")}))
    with pytest.raises(StoreUnavailable) as refusal, wrong.read() as session:
        session.scalar(text("SELECT 1"))
    wrong.close()
    assert server.password not in shown
    assert "password authentication failed" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("name", ["records.sqlite", "telemetry.sqlite"])
def test_a_file_that_is_no_store_is_refused(name, tmp_path):
    (tmp_path / name).write_bytes(b"not a database, and long enough to be seen as none. " * 99)
    assert name.removesuffix(".sqlite") in refused(settings(tmp_path))
