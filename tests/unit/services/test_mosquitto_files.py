import pytest

from fjarrkoll.services import password_line
from fjarrkoll.services.mosquitto import SHIPPED, with_values


def test_a_setting_is_replaced_where_it_stands_and_added_where_it_is_not() -> None:
    text = "# listener is explained here\nlistener 1883\nlistener_extra x\n"
    changed = with_values(text, {"listener": "4711 127.0.0.1", "sys_interval": "1"})
    assert changed == "# listener is explained here\nlistener 4711 127.0.0.1\nlistener_extra x\nsys_interval 1\n"


def test_a_setting_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="listener is set on 2 lines"):
        with_values("listener 1\nlistener 2\n", {"listener": "3"})


@pytest.mark.parametrize("name", ["listener", "persistence_location", "password_file", "acl_file"])
def test_the_shipped_configuration_has_each_line_that_is_replaced_locally(name: str) -> None:
    lines = (SHIPPED / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(f"{name} ") for line in lines) == 1


def test_password_line_is_the_same_for_the_same_salt_and_differs_otherwise() -> None:
    salt = bytes(12)
    assert password_line("ingest", "secret", salt) == password_line("ingest", "secret", salt)
    assert password_line("ingest", "secret") != password_line("ingest", "secret")
    user, rest = password_line("ingest", "secret").split(":")
    assert user == "ingest"
    assert rest.split("$")[1] == "7"


@pytest.mark.parametrize("name", ["", "a:b", "a\nb", "a\rb", "a\0b"])
def test_password_line_refuses_names_that_would_break_the_file(name: str) -> None:
    with pytest.raises(ValueError, match="no colon and no line break"):
        password_line(name, "secret")
