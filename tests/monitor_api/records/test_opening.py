"""A store that cannot be opened is refused in words, never by a driver's own error."""

import pytest

from monitor_api.app import open_stores
from tests.service import settings
from vocabulary.errors import LumenwardError

CANNOT_BE_OPENED = {
    "no such kind": "nonsense",
    "no driver": "oracle://reader:hunter2@h/x",
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


@pytest.mark.parametrize("name", ["records.sqlite", "telemetry.sqlite"])
def test_a_file_that_is_no_store_is_refused(name, tmp_path):
    (tmp_path / name).write_bytes(b"not a database, and long enough to be seen as none. " * 99)
    assert name.removesuffix(".sqlite") in refused(settings(tmp_path))
