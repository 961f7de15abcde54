"""Settings: every problem at once, by its key, with the remedy, and never with a value."""

import pytest

from vocabulary.errors import SettingsError
from vocabulary.settings import BrokerSettings, Key, Port, Settings, read_settings

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


class Shop(Settings):
    PREFIX = "SHOP_"

    name: str
    secret: Key
    port: Port = 80
    broker: BrokerSettings


GOOD = f'name = "file"\nsecret = "{KEY}"\n[broker]\nhost = "h"\nusername = "u"\npassword = "p"\n'


def read(text=GOOD, **environ):
    return read_settings(Shop, "shop.toml", text, environ)


def refused(text=GOOD, **environ):
    with pytest.raises(SettingsError) as refusal:
        read(text, **environ)
    return refusal.value


def test_a_file_alone_is_enough():
    assert (read().name, read().port, read().broker.host) == ("file", 80, "h")


def test_the_environment_alone_is_enough():
    told = read(
        "",
        SHOP_NAME="env",
        SHOP_SECRET=KEY,
        SHOP_BROKER__HOST="h",
        SHOP_BROKER__USERNAME="u",
        SHOP_BROKER__PASSWORD="p",
    )
    assert (told.name, told.broker.password.get_secret_value()) == ("env", "p")


def test_a_variable_wins_over_the_file():
    assert read(SHOP_NAME="env", SHOP_PORT="81").port == 81
    assert read(SHOP_NAME="env").name == "env"


def test_two_underscores_reach_into_a_table_and_leave_its_other_keys():
    broker = read(SHOP_BROKER__PORT="1884").broker
    assert (broker.host, broker.port) == ("h", 1884)


def test_variables_of_other_programs_are_none_of_ours():
    assert read(NAME="x", OTHER_NAME="y", shop_name="z").name == "file"


def test_every_problem_is_told_at_once_by_its_key():
    problems = refused('port = 0\nspeling = 1\nsecret = "c2hvcnQ="\n[broker]\nport = 70000').problems
    assert problems.keys() == {
        "name",
        "secret",
        "port",
        "speling",
        "broker.host",
        "broker.port",
        "broker.username",
        "broker.password",
    }


def test_an_error_says_where_what_and_how_to_set_it():
    lines = str(refused("")).splitlines()
    assert "shop.toml: name: Field required" in lines
    assert "SHOP_<KEY>" in lines[-1]


def test_a_key_that_is_none_of_32_bytes_says_how_to_make_one():
    assert "openssl rand -base64 32" in refused(SHOP_SECRET="not base64!").problems["secret"]


@pytest.mark.parametrize("name", ["SHOP_SPELING", "SHOP_BROKER__SPELING"])
def test_a_variable_that_no_key_has_is_refused(name):
    key = name.removeprefix("SHOP_").lower().replace("__", ".")
    assert refused(**{name: "1"}).problems.keys() == {key}


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(KEY, "hunter2"),
        GOOD.replace('"p"', '["hunter2"]'),
        GOOD.replace("[broker]", "[other]").replace('"p"', '"hunter2"'),
        'broker = "hunter2"',
        'secret = "hunter2',
        "secret = hunter2",
    ],
)
def test_a_value_is_never_repeated_in_an_error(text):
    assert "hunter2" not in str(refused(text))


def test_a_secret_is_not_shown_with_the_settings():
    told = read(SHOP_BROKER__PASSWORD="hunter2")
    assert KEY not in repr(told)
    assert "hunter2" not in repr(told)


def test_a_text_that_is_no_toml_is_refused_with_its_place():
    assert "line 2" in refused("name = 'x'\nport = = 1\n").problems["file"]


@pytest.mark.parametrize(
    "environ",
    [
        {"SHOP_NAME__INNER": "hunter2"},
        {"SHOP_BROKER": "hunter2", "SHOP_BROKER__HOST": "h"},
        {"SHOP_BROKER": "hunter2"},
    ],
)
def test_a_variable_that_treats_a_value_as_a_table_or_a_table_as_a_value_is_refused(environ):
    refusal = refused(**environ)
    assert refusal.problems.keys() <= {"name", "broker"}
    assert "hunter2" not in str(refusal)
