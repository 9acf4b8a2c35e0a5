"""The settings from the environment."""

import base64
import hashlib
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from yarl import URL

from adapters.caldav.settings import AppleSettings
from adapters.google.settings import SHARED_SCOPES, GoogleSettings
from adapters.graph.settings import NotificationUrls
from adapters.postgres.cells import DEFAULT_CELL
from server.addresses import Address
from server.runtime.calendar_providers import (
    apple_settings,
    gives_back,
    google_settings,
    microsoft_settings,
)
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import PREFIX, Mail, Scopes, Settings, SettingsInvalid, load_settings, variable

MICROSOFT = "https://graph.microsoft.com/v1.0"
KEY = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
NEEDED = {
    "DATABASE_URL": "postgresql://user:hunter2@db.example/calendarsync",
    "ENCRYPTION_KEYS": f"one:{KEY}",
    "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
    "MICROSOFT_CLIENT_SECRET": "hunter2-secret",
    "SMTP_URL": "smtp://user:hunter2@mail.example",
    "MAIL_FROM": "CalendarSync <calendars@example.com>",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Only what is needed is set."""
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    for name, value in NEEDED.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


def _faults(**given: object) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(**given)
    return caught.value.faults


def test_what_is_needed_is_enough() -> None:
    settings = load_settings()

    assert settings.grpc_address == Address("127.0.0.1", 50051)
    assert settings.microsoft_authority == "https://login.microsoftonline.com/common"
    assert settings.read_budget_seconds == settings.shutdown_grace_seconds == 20
    assert settings.public_url is None


def test_all_faults_are_told_at_once_by_name(environment: pytest.MonkeyPatch) -> None:
    environment.delenv(PREFIX + "DATABASE_URL")
    environment.delenv(PREFIX + "MICROSOFT_CLIENT_SECRET")
    environment.setenv(PREFIX + "SMTP_URL", "http://mail.example")
    environment.setenv(PREFIX + "SWEEP_SECONDS", "often")
    environment.setenv(PREFIX + "HTTP_ADDRESS", "0.0.0.0:8080")
    environment.setenv(PREFIX + "PUBLIK_URL", "https://calendars.example")

    faults = _faults()

    told = "\n".join(faults)
    for name in (
        "DATABASE_URL",
        "MICROSOFT_CLIENT_SECRET",
        "SMTP_URL",
        "SWEEP_SECONDS",
        "PUBLIC_URL",
        "PUBLIK_URL",
    ):
        assert PREFIX + name in told, name
    assert "did you mean CALENDARSYNC_PUBLIC_URL?" in told


@pytest.mark.parametrize("name", [name for name in NEEDED if not name.startswith("MICROSOFT_")])
def test_what_is_missing_or_empty_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(PREFIX + name, "")

    assert _faults() == [f"{PREFIX}{name}: is missing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://admin:hunter2@db/x"),
        ("DATABASE_URL", "postgresql+asyncpg://admin:hunter2@db/x"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "host=db password=hunter2 hunter2=x"),
        ("DATABASE_URL", "postgresql://admin:hunter2%@db/x"),
        ("DATABASE_URL", "postgresql://admin:hun@ter2@hunter2/x"),
        ("DATABASE_URL", "postgresql://admin:hunter2@db:99999/x"),
        ("DATABASE_URL", "postgresql://admin:hunter2@db:x/x"),
        ("DATABASE_URL", "host=a,b,c port=1,2 password=hunter2"),
        ("DATABASE_URL", "postgresql://db/x?hunter2=1"),
        ("DATABASE_URL", "postgresql://db/x?sslmode=hunter2"),
        ("DATABASE_URL", "postgresql://db/x?connect_timeout=hunter2"),
        ("ENCRYPTION_KEYS", "hunter2"),
        ("ENCRYPTION_KEYS", "one:aHVudGVyMg=="),
        ("SMTP_URL", "hunter2://x"),
        ("MAIL_FROM", "hunter2"),
        ("GRPC_ADDRESS", "hunter2"),
        ("GRPC_ADDRESS", "hunter2:99999"),
        ("HTTP_ADDRESS", "hunter2"),
        ("PUBLIC_URL", "http://hunter2.example"),
        ("PUBLIC_URL", "ftp://hunter2.example"),
        ("PUBLIC_URL", "https://user:hunter2@calendars.example"),
        ("PUBLIC_URL", "https://calendars.example?hunter2"),
        ("MICROSOFT_AUTHORITY", "http://hunter2.example/common"),
        ("MICROSOFT_GRAPH_URL", "hunter2"),
        ("MICROSOFT_CA_FILE", "/nowhere/hunter2.pem"),
        ("GOOGLE_SCOPES", "hunter2"),
        ("GOOGLE_TOKEN_URL", "http://hunter2.example/token"),
        ("GOOGLE_CA_FILE", "/nowhere/hunter2.pem"),
        ("GOOGLE_PERSON_PER_MINUTE", "0"),
        ("APPLE_CALENDARS", "hunter2"),
        ("APPLE_START_URL", "http://hunter2.example"),
        ("APPLE_HOSTS", "calendars.example:443,hunter2"),
        ("APPLE_CA_FILE", "/nowhere/hunter2.pem"),
        ("APPLE_DOUBT_SECONDS", "0"),
        ("APPLE_PERSON_PER_MINUTE", "0"),
        ("RETURN_URLS", "https://app.example,hunter2"),
        ("DATABASE_POOL_SIZE", "hunter2"),
        ("DATABASE_POOL_SIZE", "0"),
        ("READ_BUDGET_SECONDS", "-1"),
        ("PUSH", "hunter2"),
        ("MAIL", "hunter2"),
        ("READ_AHEAD_DAYS", "0"),
        ("READ_AHEAD_DAYS", "366"),
        ("DEFAULT_MAX_AGE_SECONDS", "hunter2"),
        ("DEFAULT_MAX_AGE_SECONDS", "86401"),
        ("POLL_SECONDS", "hunter2"),
        ("POLL_SECONDS", "0"),
        ("POLL_WITH_PUSH_SECONDS", "0"),
        ("CHANGES_KEPT_DAYS", "0"),
        ("AUDIT_KEPT_DAYS", "30"),
        ("KNOWN_TIMES_MB", "0"),
        ("LOG_FORMAT", "hunter2"),
        ("LOG_LEVEL", "hunter2"),
    ],
)
def test_faults_never_repeat_the_value(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(PREFIX + name, value)

    (fault,) = _faults()

    assert fault.startswith(PREFIX + name)
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://u:p@db:99999/x"),
        ("DATABASE_URL", "host=db port=0"),
        ("SMTP_URL", "smtp://mail.example:99999"),
        ("PUBLIC_URL", "https://calendars.example:99999"),
        ("MICROSOFT_GRAPH_URL", "https://graph.example:0"),
        ("GRPC_ADDRESS", "127.0.0.1:99999"),
        ("HTTP_ADDRESS", "127.0.0.1:100000"),
    ],
)
def test_a_port_that_is_none_is_named_as_the_fault(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(PREFIX + name, value)

    (fault,) = _faults()

    assert "port" in fault
    assert "65535" in fault


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://user:p%40ss@db.example:5432/calendarsync?sslmode=verify-full",
        "postgres://db1,db2/calendarsync?target_session_attrs=read-write",
        "host=/var/run/postgresql dbname=calendarsync",
        "host=@abstract dbname=calendarsync",
        "postgresql://[::1]:5432/calendarsync",
    ],
)
def test_a_database_is_named_as_postgresql_names_it(environment: pytest.MonkeyPatch, dsn: str) -> None:
    environment.setenv(PREFIX + "DATABASE_URL", f"  {dsn}\n")

    assert load_settings().database_url.get_secret_value() == dsn


@pytest.mark.parametrize("spelt", ["off", "OFF"])
def test_without_mail_no_mail_server_is_needed(environment: pytest.MonkeyPatch, spelt: str) -> None:
    environment.setenv(PREFIX + "MAIL", spelt)
    for name in ("SMTP_URL", "MAIL_FROM"):
        environment.delenv(PREFIX + name)

    settings = load_settings()

    assert (settings.mail, settings.smtp_url, settings.mail_from) == (Mail.OFF, None, None)


def test_templates_of_mails_are_looked_at_with_all_else(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "reconnect.txt").write_text("{{ nmae }}")
    (tmp_path / "de" / "reconnect.html").write_text("{% if %}")
    environment.setenv(PREFIX + "MAIL_TEMPLATES", str(tmp_path))
    environment.setenv(PREFIX + "SWEEP_SECONDS", "often")

    told = _faults()

    assert [one.partition(":")[0] for one in told] == [
        PREFIX + "SWEEP_SECONDS",
        PREFIX + "MAIL_TEMPLATES",
        PREFIX + "MAIL_TEMPLATES",
    ]
    assert f"{PREFIX}MAIL_TEMPLATES: de/reconnect.txt: there is no variable nmae; did you mean name?" in told
    environment.setenv(PREFIX + "MAIL", "off")
    environment.delenv(PREFIX + "SWEEP_SECONDS")
    assert len(_faults()) == 2
    environment.setenv(PREFIX + "MAIL_TEMPLATES", str(tmp_path / "missing"))
    assert _faults() == [f"{PREFIX}MAIL_TEMPLATES: must be a folder that can be read"]


@pytest.mark.parametrize("language", ["de", "de-AT", "EN-gb"])
def test_mails_may_be_in_any_language_there_is(environment: pytest.MonkeyPatch, language: str) -> None:
    environment.setenv(PREFIX + "DEFAULT_LANGUAGE", language)
    assert load_settings().default_language == language


def test_a_default_language_without_mails_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "DEFAULT_LANGUAGE", "fr")
    assert _faults() == [f"{PREFIX}DEFAULT_LANGUAGE: there are no mails in it, only in: de, en"]


def test_without_mail_what_else_is_wrong_is_told_alone(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "MAIL", "Off")
    environment.setenv(PREFIX + "SWEEP_SECONDS", "often")
    environment.delenv(PREFIX + "SMTP_URL")

    (fault,) = _faults()

    assert fault.startswith(PREFIX + "SWEEP_SECONDS")


def test_nothing_secret_is_in_the_settings_own_text() -> None:
    assert "hunter2" not in repr(load_settings())
    assert KEY not in repr(load_settings())


def test_lists_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "RETURN_URLS", "https://app.example/calendars, http://localhost:3000/")

    assert load_settings().return_urls == ("https://app.example/calendars", "http://localhost:3000")


def test_names_are_read_in_any_case_and_the_projects_test_settings_are_left_alone(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv(PREFIX + "TEST_DATABASE_URL", "postgresql://x")
    environment.setenv("calendarsync_log_level", "debug")

    assert load_settings().log_level == "DEBUG"


def test_an_address_without_a_port_of_its_own_is_allowed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "GRPC_ADDRESS", "127.0.0.1:0")
    environment.setenv(PREFIX + "HTTP_ADDRESS", "[::1]:0")

    settings = load_settings()

    assert settings.grpc_address.port == 0
    assert str(settings.http_address) == "[::1]:0"


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://calendars.example/", "https://calendars.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/sync/", "http://127.0.0.1:8080/sync"),
    ],
)
def test_the_public_address_is_https_except_for_this_machine(
    environment: pytest.MonkeyPatch, url: str, stored: str
) -> None:
    environment.setenv(PREFIX + "PUBLIC_URL", url)

    assert load_settings().public_url == stored


def test_the_public_address_is_needed_where_others_reach_the_http_side(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv(PREFIX + "HTTP_ADDRESS", "0.0.0.0:8080")

    (fault,) = _faults()

    assert fault.startswith(PREFIX + "PUBLIC_URL")


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("127.0.0.1:9090", True),
        ("[::1]:9090", True),
        ("localhost:9090", True),
        ("10.1.2.3:9090", True),
        ("100.64.0.1:9090", True),
        ("[fd00::1]:9090", True),
        ("0.0.0.0:9090", False),
        ("[::]:9090", False),
        ("203.0.113.5:9090", False),
        ("[2001:db8::1]:9090", False),
        ("operations.internal:9090", False),
    ],
)
def test_what_is_measured_is_told_on_private_networks_only(
    environment: pytest.MonkeyPatch, address: str, taken: bool
) -> None:
    environment.setenv(PREFIX + "OPERATIONS_ADDRESS", address)
    if taken:
        assert str(load_settings().operations_address) == address
        return

    (fault,) = _faults()
    assert fault.startswith(
        PREFIX + "OPERATIONS_ADDRESS: must be an address of this machine or of a private network"
    )

    environment.setenv(PREFIX + "POLL_SECONDS", "often")
    assert fault in _faults()


def test_each_provider_alone_is_enough(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().google_client_id is None

    for name in ("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"):
        environment.delenv(PREFIX + name)
    environment.setenv(PREFIX + "GOOGLE_CLIENT_ID", "1234.apps.googleusercontent.com")
    environment.setenv(PREFIX + "GOOGLE_CLIENT_SECRET", "hunter2-google")

    settings = load_settings()
    assert microsoft_settings(settings, public_url="https://calendars.example") is None
    assert settings.google_calendar_url == "https://www.googleapis.com/calendar/v3"
    assert settings.google_scopes is Scopes.LEAST


def test_experts_sign_in_by_https_except_on_this_machine(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "GOOGLE_AUTHORIZATION_URL", "http://localhost:8080/auth")
    assert load_settings().google_authorization_url == "http://localhost:8080/auth"

    environment.setenv(PREFIX + "GOOGLE_AUTHORIZATION_URL", "http://accounts.example/auth")
    assert _faults() == [PREFIX + "GOOGLE_AUTHORIZATION_URL: must be a URL that begins with https://"]


def test_googles_settings_reach_its_adapter(environment: pytest.MonkeyPatch) -> None:
    given = {
        "GOOGLE_CLIENT_ID": "1234.apps.googleusercontent.com",
        "GOOGLE_CLIENT_SECRET": "hunter2-google",
        "GOOGLE_NEXT_CLIENT_SECRET": "hunter2-next",
        "GOOGLE_SCOPES": "Shared",
        "GOOGLE_PERSON_PER_MINUTE": "300",
        "GOOGLE_PROJECT_PER_MINUTE": "5000",
        "GOOGLE_PROJECT_PER_DAY": "2000000",
        "GOOGLE_CALENDAR_URL": "https://calendar.example/v3",
    }
    for name, value in given.items():
        environment.setenv(PREFIX + name, value)

    settings = google_settings(load_settings(), public_url="https://calendars.example")

    assert settings == GoogleSettings(
        client_id="1234.apps.googleusercontent.com",
        client_secret="hunter2-google",
        next_client_secret="hunter2-next",
        scopes=SHARED_SCOPES,
        person_per_minute=300,
        project_per_minute=5000,
        daily_requests=2_000_000,
        calendar_url="https://calendar.example/v3",
        notification_url="https://calendars.example/notifications/google",
    )


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, 1_000_000),
        ({"GOOGLE_PROJECT_PER_DAY": "2000000"}, 2_000_000),
        ({"GOOGLE_PROJECT_PER_DAY": "2000000", "GOOGLE_PROCESS_PER_DAY": "500000"}, 500_000),
    ],
)
def test_a_process_has_all_of_googles_day_or_the_part_that_it_is_given(
    environment: pytest.MonkeyPatch, given: dict[str, str], part: int
) -> None:
    environment.setenv(PREFIX + "GOOGLE_CLIENT_ID", "1234.apps.googleusercontent.com")
    environment.setenv(PREFIX + "GOOGLE_CLIENT_SECRET", "hunter2-google")
    for name, value in given.items():
        environment.setenv(PREFIX + name, value)
    settings = google_settings(load_settings(), public_url="https://calendars.example")
    assert settings is not None
    assert settings.daily_requests == part


@pytest.mark.parametrize("whole", [{}, {"GOOGLE_PROJECT_PER_DAY": "1000000"}])
def test_a_part_of_googles_day_is_not_more_than_the_whole(
    environment: pytest.MonkeyPatch, whole: dict[str, str]
) -> None:
    environment.setenv(PREFIX + "GOOGLE_PROCESS_PER_DAY", "1000001")
    for name, value in whole.items():
        environment.setenv(PREFIX + name, value)

    assert _faults() == [
        f"{PREFIX}GOOGLE_PROCESS_PER_DAY: must not be more than {PREFIX}GOOGLE_PROJECT_PER_DAY"
    ]


@pytest.mark.parametrize(
    ("push", "public_url", "url"),
    [
        ("auto", "https://calendars.example", "https://calendars.example/notifications/google"),
        ("auto", "http://localhost:80", None),
        ("off", "https://calendars.example", None),
    ],
)
def test_google_is_asked_for_notifications_where_they_can_arrive(
    environment: pytest.MonkeyPatch, push: str, public_url: str, url: str | None
) -> None:
    environment.setenv(PREFIX + "GOOGLE_CLIENT_ID", "1234.apps.googleusercontent.com")
    environment.setenv(PREFIX + "GOOGLE_CLIENT_SECRET", "hunter2-google")
    environment.setenv(PREFIX + "PUSH", push)

    settings = google_settings(load_settings(), public_url=public_url)

    assert settings is not None
    assert settings.notification_url == url


def test_without_any_provider_there_is_nothing_to_serve(environment: pytest.MonkeyPatch) -> None:
    for name in ("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"):
        environment.delenv(PREFIX + name)

    (fault,) = _faults()

    either = " or ".join(
        PREFIX + one for one in ("MICROSOFT_CLIENT_ID", "GOOGLE_CLIENT_ID", "APPLE_CALENDARS")
    )
    assert fault.startswith(f"{either}: one of them is needed")

    environment.setenv(PREFIX + "APPLE_CALENDARS", "Off")
    assert _faults() == [fault]


def test_apple_has_to_be_switched_on_and_is_enough_then(environment: pytest.MonkeyPatch) -> None:
    assert apple_settings(load_settings()) is None

    for name in ("MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"):
        environment.delenv(PREFIX + name)
    environment.setenv(PREFIX + "APPLE_CALENDARS", "On")

    settings = load_settings()
    assert apple_settings(settings) == AppleSettings()
    assert microsoft_settings(settings, public_url="https://calendars.example") is None


def test_apples_settings_reach_its_adapter(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("", encoding="ascii")
    given = {
        "APPLE_CALENDARS": "on",
        "APPLE_START_URL": "https://dav.example/calendars/",
        "APPLE_HOSTS": "dav1.example:443, [::1]:8443",
        "APPLE_CA_FILE": str(ca_file),
        "APPLE_PERSON_PER_MINUTE": "60",
    }
    for name, value in given.items():
        environment.setenv(PREFIX + name, value)

    settings = apple_settings(load_settings())

    assert settings == AppleSettings(
        start_url="https://dav.example/calendars",
        allowed_hosts=r"dav1\.example:443|::1:8443",
        ca_file=ca_file,
        per_minute=60,
    )
    assert settings.trusts(URL("https://[::1]:8443/somewhere"))
    assert not settings.trusts(URL("https://dav1-example:443/"))
    assert not settings.trusts(URL("https://p37-caldav.icloud.com:443/"))


@pytest.mark.parametrize(
    ("start", "trusted", "others"),
    [
        (
            "https://caldav.icloud.com",
            "https://p37-caldav.icloud.com:443/1/",
            ["https://p37-caldav.icloud.com.cn/1/", "https://p37-caldav.icloud.com:8443/1/"],
        ),
        (
            "https://caldav.icloud.com.cn",
            "https://p7-caldav.icloud.com.cn/1/",
            ["https://p7-caldav.icloud.com/1/"],
        ),
        (
            "https://dav.example",
            "https://dav.example/1/",
            ["https://p7-dav.example/1/", "https://p7-caldav.icloud.com/1/"],
        ),
    ],
)
def test_passwords_go_to_the_partitions_of_that_very_icloud_and_to_none_of_others(
    environment: pytest.MonkeyPatch, start: str, trusted: str, others: list[str]
) -> None:
    environment.setenv(PREFIX + "APPLE_CALENDARS", "on")
    environment.setenv(PREFIX + "APPLE_START_URL", start)

    settings = apple_settings(load_settings())

    assert settings is not None
    assert settings.trusts(URL(trusted))
    assert [one for one in others if settings.trusts(URL(one))] == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"GOOGLE_CLIENT_ID": "one"},
            "GOOGLE_CLIENT_SECRET: is missing, and CALENDARSYNC_GOOGLE_CLIENT_ID is no use without it",
        ),
        (
            {"GOOGLE_CLIENT_SECRET": "one"},
            "GOOGLE_CLIENT_ID: is missing, and CALENDARSYNC_GOOGLE_CLIENT_SECRET is no use without it",
        ),
        (
            {"GOOGLE_NEXT_CLIENT_SECRET": "one"},
            "GOOGLE_CLIENT_ID: is missing, and CALENDARSYNC_GOOGLE_NEXT_CLIENT_SECRET is no use without it",
        ),
        (
            {"GOOGLE_CLIENT_ID": "one", "GOOGLE_CLIENT_SECRET": "two", "GOOGLE_NEXT_CLIENT_SECRET": "two"},
            "GOOGLE_NEXT_CLIENT_SECRET: is the same as CALENDARSYNC_GOOGLE_CLIENT_SECRET",
        ),
        (
            {"MICROSOFT_CLIENT_ID": "", "GOOGLE_CLIENT_ID": "one", "GOOGLE_CLIENT_SECRET": "two"},
            "MICROSOFT_CLIENT_ID: is missing, and CALENDARSYNC_MICROSOFT_CLIENT_SECRET is no use without it",
        ),
    ],
)
def test_half_a_registration_is_refused(
    environment: pytest.MonkeyPatch, given: dict[str, str], fault: str
) -> None:
    for name, value in given.items():
        environment.setenv(PREFIX + name, value)

    assert _faults() == [PREFIX + fault]


def test_a_secret_or_a_certificate_is_needed_and_not_both(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text("a key", encoding="utf-8")
    environment.setenv(PREFIX + "MICROSOFT_CLIENT_CERTIFICATE_FILE", str(file))
    assert "not both" in _faults()[0]

    environment.delenv(PREFIX + "MICROSOFT_CLIENT_SECRET")
    assert load_settings().microsoft_client_certificate_file == file


def test_beside_the_first_credential_there_may_be_one_other_of_either_kind(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text("a key", encoding="utf-8")
    environment.setenv(PREFIX + "MICROSOFT_NEXT_CLIENT_CERTIFICATE_FILE", str(file))
    assert load_settings().microsoft_next_client_certificate_file == file

    environment.setenv(PREFIX + "MICROSOFT_NEXT_CLIENT_SECRET", "hunter3")
    assert "only one of the two, beside the first" in _faults()[0]

    environment.delenv(PREFIX + "MICROSOFT_NEXT_CLIENT_CERTIFICATE_FILE")
    environment.setenv(PREFIX + "MICROSOFT_NEXT_CLIENT_SECRET", "hunter2-secret")
    assert _faults() == [
        f"{PREFIX}MICROSOFT_NEXT_CLIENT_SECRET: is the same as {PREFIX}MICROSOFT_CLIENT_SECRET"
    ]


def test_weak_keys_are_refused_and_not_repeated(environment: pytest.MonkeyPatch) -> None:
    zeros = base64.b64encode(bytes(32)).decode()
    environment.setenv(PREFIX + "ENCRYPTION_KEYS", f"one:{KEY},two:{zeros}")
    (fault,) = _faults()
    assert fault.startswith(f"{PREFIX}ENCRYPTION_KEYS: key 2 is all zeros")
    assert zeros not in fault
    assert KEY not in fault


@pytest.mark.parametrize(
    ("given", "too_rare"),
    [
        ({}, []),
        ({"POLL_SECONDS": "899"}, []),
        ({"POLL_SECONDS": "900"}, ["POLL_SECONDS"]),
        ({"POLL_WITH_PUSH_SECONDS": "899"}, []),
        ({"POLL_WITH_PUSH_SECONDS": "900"}, ["POLL_WITH_PUSH_SECONDS"]),
        ({"SWEEP_SECONDS": "600"}, []),
        ({"DEFAULT_MAX_AGE_SECONDS": "300"}, ["POLL_SECONDS", "POLL_WITH_PUSH_SECONDS"]),
        ({"DEFAULT_MAX_AGE_SECONDS": "60", "POLL_SECONDS": "30", "POLL_WITH_PUSH_SECONDS": "40"}, []),
        (
            {"DEFAULT_MAX_AGE_SECONDS": "1", "POLL_SECONDS": "seldom"},
            ["POLL_SECONDS", "POLL_WITH_PUSH_SECONDS"],
        ),
    ],
)
def test_polling_alone_must_keep_readings_young_enough(
    environment: pytest.MonkeyPatch, given: dict[str, str], too_rare: list[str]
) -> None:
    for name, value in given.items():
        environment.setenv(PREFIX + name, value)

    if too_rare:
        told = [fault.partition(": must ")[0] for fault in _faults() if "must be less than" in fault]
        assert told == [PREFIX + name for name in too_rare]
    else:
        load_settings()


@pytest.mark.parametrize(
    ("push", "public_url", "graph", "url"),
    [
        ("auto", "https://calendars.example", MICROSOFT, "https://calendars.example/notifications/microsoft"),
        (
            "AUTO",
            "http://localhost:80",
            "https://127.0.0.1:9/v1.0",
            "http://localhost:80/notifications/microsoft",
        ),
        ("auto", "https://127.0.0.1:80", MICROSOFT, None),
        ("auto", "http://localhost:80", MICROSOFT, None),
        ("off", "https://calendars.example", MICROSOFT, None),
        ("off", "http://localhost:80", "https://127.0.0.1:9/v1.0", None),
        ("on", "https://calendars.example", MICROSOFT, "https://calendars.example/notifications/microsoft"),
    ],
)
def test_notifications_are_asked_for_where_they_can_arrive(
    environment: pytest.MonkeyPatch, push: str, public_url: str, graph: str, url: str | None
) -> None:
    environment.setenv(PREFIX + "PUSH", push)
    environment.setenv(PREFIX + "MICROSOFT_GRAPH_URL", graph)

    settings = microsoft_settings(load_settings(), public_url=public_url)

    assert settings is not None
    assert settings.notification_urls == (url and NotificationUrls(changes=url, lifecycle=f"{url}/lifecycle"))


@pytest.mark.parametrize(
    "public_url", ["http://localhost:80", "https://[::1]:80", "http://calendars.example"]
)
def test_notifications_that_are_insisted_on_and_cannot_arrive_are_a_fault(
    environment: pytest.MonkeyPatch, public_url: str
) -> None:
    environment.setenv(PREFIX + "PUSH", "on")

    with pytest.raises(ProcessFailed, match="CALENDARSYNC_PUSH is on"):
        microsoft_settings(load_settings(), public_url=public_url)


def test_fields_given_by_the_program_go_before_the_environment() -> None:
    settings = load_settings(microsoft_client_id="another", http_address=Address("127.0.0.1", 0))

    assert settings.microsoft_client_id == "another"
    assert settings.http_address.port == 0
    assert isinstance(settings, Settings)


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_no_fault_repeats_what_is_set(environment: pytest.MonkeyPatch, field: str) -> None:
    canary = "canary8c41f0"
    for value in (
        canary,
        f"https://{canary}:{canary}@host/x?{canary}#{canary}",
        f"{canary}:{canary},{canary}",
        f"host={canary} password='{canary}",
        f"/nowhere/{canary}.pem",
    ):
        environment.setenv(variable(field), value)
        told = ""
        try:
            load_settings()
        except SettingsInvalid as invalid:
            told = str(invalid)
        assert canary not in told


def test_the_cell_is_the_schema_of_before_unless_another_is_named(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().cell == "public"
    environment.setenv(PREFIX + "CELL", "east")
    assert load_settings().cell == "east"
    environment.setenv(PREFIX + "CELL", "East; DROP")
    assert [one for one in _faults() if "CELL: must be a lower-case letter" in one]


def test_of_several_hosts_the_one_is_taken_that_can_be_written_to(environment: pytest.MonkeyPatch) -> None:
    def dsn(given: str) -> str:
        environment.setenv(PREFIX + "DATABASE_URL", given)
        return load_settings().database_url.get_secret_value()

    two = "postgresql://user:hunter2@one.example,two.example/calendarsync"
    assert conninfo_to_dict(dsn(two)) == {**conninfo_to_dict(two), "target_session_attrs": "read-write"}
    chosen = two + "?target_session_attrs=primary"
    assert dsn(chosen) == chosen
    assert dsn(NEEDED["DATABASE_URL"]) == NEEDED["DATABASE_URL"]


@pytest.mark.parametrize(
    ("setting", "cell", "gives"),
    [
        ("auto", DEFAULT_CELL, True),
        ("auto", "west", False),
        ("on", "west", True),
        ("off", DEFAULT_CELL, False),
    ],
)
def test_a_cell_gives_nothing_back_unless_it_is_told_to(setting: str, cell: str, gives: bool) -> None:
    assert gives_back(load_settings(give_back=setting, cell=cell)) is gives
