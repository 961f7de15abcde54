"""Settings files, secret files and the environment are read, or refused with what to look at."""

import pytest

from lumenward.environment import load, with_secret_files
from vocabulary.errors import SettingsError
from vocabulary.settings import Settings


class Shop(Settings):
    PREFIX = "LUMENWARD_TEST_SHOP_"

    name: str


def refused(file):
    with pytest.raises(SettingsError) as refusal:
        load(Shop, file)
    return refusal.value


def test_settings_come_from_the_file_that_is_named(tmp_path):
    file = tmp_path / "shop.toml"
    file.write_text('name = "Grüße"', encoding="utf-8")
    assert load(Shop, file).name == "Grüße"


def test_without_a_file_an_error_names_the_environment():
    assert refused(None).source == "the environment"


def test_a_file_that_is_missing_is_refused_by_its_path(tmp_path):
    refusal = refused(tmp_path / "missing.toml")
    assert refusal.source == str(tmp_path / "missing.toml")
    assert "No such file" in refusal.problems["file"]
    assert "Check the path" in refusal.remedy


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    assert "file" in refused(tmp_path).problems


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    file = tmp_path / "shop.toml"
    file.write_bytes(b'name = "\xff"')
    assert "utf-8" in refused(file).problems["file"]


def test_a_variable_that_ends_in_file_names_the_file_of_its_value(tmp_path):
    (tmp_path / "secret").write_text("  hunter2\n")
    environ = {"SHOP_SECRET_FILE": str(tmp_path / "secret"), "SHOP_NAME": "x"}
    assert with_secret_files(environ, "SHOP_") == {"SHOP_SECRET": "hunter2", "SHOP_NAME": "x"}


def test_a_key_inside_a_table_has_its_secret_file_too(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    environ = {"SHOP_BROKER__PASSWORD_FILE": str(tmp_path / "secret")}
    assert with_secret_files(environ, "SHOP_") == {"SHOP_BROKER__PASSWORD": "hunter2"}


def test_files_that_other_programs_name_are_not_opened(tmp_path):
    assert with_secret_files({"OTHER_SECRET_FILE": str(tmp_path / "missing")}, "SHOP_") == {}


def test_a_secret_file_that_is_missing_is_not_taken_as_an_empty_secret(tmp_path):
    with pytest.raises(FileNotFoundError):
        with_secret_files({"SHOP_SECRET_FILE": str(tmp_path / "missing")}, "SHOP_")


def test_a_value_and_the_file_of_the_same_value_are_refused_together(tmp_path):
    environ = {"SHOP_SECRET": "a", "SHOP_SECRET_FILE": str(tmp_path / "secret")}
    with pytest.raises(SettingsError, match="SHOP_SECRET"):
        with_secret_files(environ, "SHOP_")
