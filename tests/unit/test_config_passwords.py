"""Where passwords come from, and when a connection needs one."""

from pathlib import Path

import pytest

from mailbot.config import load
from tests.support.config_files import ENVIRON, GYM_IMAP, PASSWORD, Write, problems


def test_last_line_break_of_a_password_file_is_not_part_of_the_password(
    write_config: Write, tmp_path: Path
) -> None:
    path = write_config()
    (tmp_path / "gym").write_bytes(f" {PASSWORD} \r\n".encode())
    assert load(path, ENVIRON).imap["GYM"].password.get() == f" {PASSWORD} "


def test_password_file_with_several_lines_is_refused(
    subtests: pytest.Subtests, write_config: Write, tmp_path: Path
) -> None:
    for content, expected in [(b"", "empty"), (b"\n", "empty"), (b"a\nb\n", "only line"), (b"\xff", "UTF-8")]:
        with subtests.test(content=content):
            path = write_config()
            (tmp_path / "gym").write_bytes(content)
            (line,) = problems(path)
            assert line.startswith('[[school]] GYM: imap.password_file = "gym": must ')
            assert expected in line


def test_byte_order_mark_is_not_part_of_the_password(write_config: Write, tmp_path: Path) -> None:
    path = write_config()
    (tmp_path / "gym").write_bytes(f"\ufeff{PASSWORD}\n".encode())
    assert load(path, ENVIRON).imap["GYM"].password.get() == PASSWORD


def test_password_file_is_found_by_name_in_the_credential_directory(
    write_config: Write, tmp_path: Path
) -> None:
    path = write_config(('password_file = "gym"', 'password_file = "passwords/gym"'))
    (tmp_path / "credentials").mkdir()
    environ = {**ENVIRON, "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    (line,) = problems(path, environ)
    assert line.endswith("systemctl restart mailbot"), "systemd copies new files at the next start"
    (tmp_path / "credentials" / "passwords_gym").write_text("from systemd\n")
    assert load(path, environ).imap["GYM"].password.get() == "from systemd"


def test_empty_environment_variable_is_not_a_password(write_config: Write) -> None:
    assert problems(write_config(), {"RS_PASSWORD": ""}) == [
        '[[school]] RS2: imap.password_env = "RS_PASSWORD": must not be empty'
    ]


def test_systemd_credentials_take_precedence_over_the_folder_of_the_configuration(
    write_config: Write, tmp_path: Path
) -> None:
    path = write_config()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "gym").write_text("from systemd")
    settings = load(path, ENVIRON | {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert settings.imap["GYM"].password.get() == "from systemd"
    assert settings.smtp["GYM"].password is not None
    assert settings.smtp["GYM"].password.get() == PASSWORD


def test_smtp_without_a_username_has_no_login(write_config: Write) -> None:
    settings = load(write_config(('username = "bot@example"\npassword_file = "smtp"\n', "")), ENVIRON)
    assert (settings.smtp["GYM"].username, settings.smtp["GYM"].password) == ("", None)


def test_school_can_turn_off_the_common_smtp_login(write_config: Write) -> None:
    settings = load(write_config((GYM_IMAP, GYM_IMAP + '\nsmtp = { username = "" }')), ENVIRON)
    assert (settings.smtp["GYM"].username, settings.smtp["GYM"].password) == ("", None)
    assert settings.smtp["RS2"].username == "bot@example"


def test_password_may_be_sent_unencrypted_to_the_local_machine(
    subtests: pytest.Subtests, write_config: Write
) -> None:
    for host in ["localhost", "127.0.0.1", "127.8.8.8", "::1"]:
        with subtests.test(host=host):
            settings = load(
                write_config(("mail.example", host), ("[imap]", '[imap]\nsecurity = "none"')), ENVIRON
            )
            assert settings.imap["GYM"].security == "none"


def test_connection_without_a_login_may_be_unencrypted(write_config: Write) -> None:
    settings = load(
        write_config((GYM_IMAP, GYM_IMAP + '\nsmtp = { username = "", security = "none" }')), ENVIRON
    )
    assert (settings.smtp["GYM"].security, settings.smtp["GYM"].port) == ("none", 25)
