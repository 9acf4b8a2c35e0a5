"""Templates of an operator's own: what they may replace, and what is said of those that can't be used."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.mailer import MailTemplatesInvalid, load_catalogue
from adapters.mailer.overrides import BUILT_IN, MOST_BYTES
from application.ports.mailer import MailDelayed
from domain.access import LossCause
from tests.support.mailer import CATALOGUE, NOTICE, hand_over, smtp_mailer
from tests.support.smtp import MailServer, mail_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


def put(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def faults(folder: Path) -> list[str]:
    with pytest.raises(MailTemplatesInvalid) as caught:
        load_catalogue(folder)
    return caught.value.faults


async def test_a_file_takes_the_place_of_ours_and_the_rest_stays(server: MailServer, tmp_path: Path) -> None:
    put(tmp_path, "de/reconnect.subject.txt", "\ufeffBitte melden,\n  {{ name }} & Söhne\n")
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=load_catalogue(tmp_path))

    await hand_over(mailer, replace(NOTICE, locale="de"))
    await hand_over(mailer, replace(NOTICE, locale="en"))

    german, english = server.received
    assert german["Subject"] == "Bitte melden, Ann Expert & Söhne"
    assert "Guten Tag Ann Expert," in german.as_string()
    assert english["Subject"] == "Action required: reconnect your Microsoft Outlook calendar"


async def test_a_folder_with_all_parts_is_a_language_more(server: MailServer, tmp_path: Path) -> None:
    put(tmp_path, "fr/reconnect.subject.txt", "Reconnectez {{ provider }}")
    put(tmp_path, "fr/reconnect.txt", "Depuis le {{ lost_on.strftime('%d/%m/%Y') }}: {{ url }}")
    put(tmp_path, "fr/reconnect.html", '<html lang="{{ language }}"><b>{{ name }}</b> {{ url }}')
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=load_catalogue(tmp_path))

    await hand_over(mailer, replace(NOTICE, locale="fr-CA", display_name="<i>Ann"))

    (mail,) = server.received
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (mail["Content-Language"], mail["Subject"]) == ("fr", "Reconnectez Microsoft Outlook")
    assert text.strip() == f"Depuis le 01/03/2027: {NOTICE.reconnect_url}"
    assert html.strip().startswith('<html lang="fr"><b>&lt;i&gt;Ann</b> https://calendar.example/')


def test_what_is_hidden_is_none_of_ours_and_linked_folders_are(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: the folders are links into a hidden one."""
    put(tmp_path, "..2027_03_01/de/reconnect.subject.txt", "Neu")
    put(tmp_path, "..2027_03_01/de/.reconnect.txt.swp", b"\xff")
    (tmp_path / "..data").symlink_to("..2027_03_01")
    (tmp_path / "de").symlink_to("..data/de")

    assert load_catalogue(tmp_path).sources == {
        **CATALOGUE.sources,
        "de/reconnect.subject.txt": "Neu",
    }


def test_copies_of_ours_are_right_as_they_are(tmp_path: Path) -> None:
    for path in BUILT_IN.glob("*/*"):
        put(tmp_path, f"{path.parent.name}-AT/{path.name}", path.read_bytes())

    assert load_catalogue(tmp_path).languages == {"de", "de-AT", "en", "en-AT"}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    put(tmp_path, "de/reconnect.subject.txt", "{% if name %}\n{{ nmae }}")
    put(tmp_path, "de/reconnect.html", "{{ url }} {{ nmae }} {{ zz }}")
    put(tmp_path, "en/reconnect.txt", "Hello\n{{ url | shout }}")
    put(tmp_path, "en/reconect.html", "")
    put(tmp_path, "Deutsch!/reconnect.txt", "")
    put(tmp_path, "reconnect.txt", "")
    put(tmp_path, "de/old/reconnect.txt", "")
    put(tmp_path, "fr/reconnect.txt", "{{ url }}")

    assert faults(tmp_path) == [
        "Deutsch!/reconnect.txt: must stand in the folder of a language, such as de or de-AT",
        "de/old: is no part of a mail",
        "en/reconect.html: is no part of a mail; did you mean reconnect.html?",
        "reconnect.txt: must stand in the folder of a language, such as de or de-AT",
        "fr/reconnect.subject.txt: is missing; a language that isn't built in needs all of"
        " reconnect.subject.txt, reconnect.txt, reconnect.html",
        "fr/reconnect.html: is missing; a language that isn't built in needs all of"
        " reconnect.subject.txt, reconnect.txt, reconnect.html",
        "de/reconnect.html: there is no variable nmae; did you mean name?",
        "de/reconnect.html: there is no variable zz",
        "de/reconnect.subject.txt, line 2: Unexpected end of template. Jinja was looking for the following tags: 'elif'"
        " or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
        "en/reconnect.txt, line 2: No filter named 'shout'.",
    ]


@pytest.mark.parametrize(
    ("part", "text", "fault"),
    [
        ("reconnect.subject.txt", " \n{# nothing #}\n", "is an empty subject"),
        (
            "reconnect.subject.txt",
            "{% if cause != 'ACCOUNT_CLOSED' %}Hello{% endif %}",
            "is an empty subject (with provider='Microsoft', cause='ACCOUNT_CLOSED', reminder=False",
        ),
        ("reconnect.txt", "Hello {{ name }}", "doesn't show the link, {{ url }}"),
        ("reconnect.html", "{% if reminder %}{{ url }}{% endif %}", "doesn't show the link, {{ url }}"),
        ("reconnect.txt", "{{ url }}\n{{ name.split()[1] }}", ", line 2: UndefinedError, "),
        ("reconnect.txt", "{{ url }}\n\n{{ 1 // waiting }}", ", line 3: ZeroDivisionError, "),
        ("reconnect.txt", "{{ url }}{{ account.nick }}", ", line 1: UndefinedError, "),
        ("reconnect.txt", "{{ ''.__class__.__mro__ }}{{ url }}", ", line 1: SecurityError, "),
        ("reconnect.txt", "{% set x = [] %}{{ x.append(1) }}{{ url }}", ", line 1: SecurityError, "),
        ("reconnect.txt", "{% include 'no/such' %}{{ url }}", ", line 1: TemplateNotFound, no/such"),
        ("reconnect.txt", "{% include '../../../etc/passwd' %}", ", line 1: TemplateNotFound, "),
        ("reconnect.txt", f"{{{{ {'(' * 999}url{')' * 999} }}}}", "is nested too deeply"),
        ("reconnect.txt", "{% if url %}" * 99 + "{{ url }}" + "{% endif %}" * 99, "is nested too deeply"),
        ("reconnect.txt", b"\xff\xfe", "must be UTF-8"),
        ("reconnect.txt", "{{ url }}\0", "must have no NUL in it, which mail servers refuse"),
        ("reconnect.txt", b"x" * (MOST_BYTES + 1), "is larger than 256 KiB"),
    ],
)
def test_says_what_is_wrong_with_a_template(tmp_path: Path, part: str, text: str | bytes, fault: str) -> None:
    put(tmp_path, f"de/{part}", text)

    (told,) = faults(tmp_path)
    assert told.startswith(f"de/{part}{fault if fault.startswith(',') else f': {fault}'}")


def test_a_language_in_two_folders_is_a_fault(tmp_path: Path) -> None:
    """Case doesn't count, so that nobody could say whose words are sent."""
    for language in ("de-at", "de-AT"):
        for path in (BUILT_IN / "de").iterdir():
            put(tmp_path, f"{language}/{path.name}", path.read_bytes())
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("to this file system, too, case doesn't count")

    assert faults(tmp_path) == ["de-at: is the same language as de-AT"]


def test_a_link_to_nowhere_and_a_missing_folder_are_faults(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "reconnect.txt").symlink_to("nowhere")

    assert faults(tmp_path) == ["de/reconnect.txt: can't be read"]
    assert faults(tmp_path / "missing") == ["must be a folder that can be read"]


async def test_nothing_that_a_template_says_becomes_a_header(server: MailServer, tmp_path: Path) -> None:
    put(
        tmp_path,
        "en/reconnect.subject.txt",
        'Hi{{ "\\r\\nBcc: eve@example.com\\r\\n\\r\\n" }}{{ "\\u2028" }}there',
    )
    await hand_over(smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=load_catalogue(tmp_path)))

    (mail,) = server.received
    assert (mail["Bcc"], mail["Subject"]) == (None, "Hi Bcc: eve@example.com there")
    assert server.recipients == ["ann@example.com"]


async def test_a_template_that_fails_all_the_same_is_the_operators_and_no_address_pays(
    server: MailServer, tmp_path: Path
) -> None:
    """Samples can't have everybody's name."""
    put(tmp_path, "en/reconnect.txt", "{{ url }}{% if name == 'Ann Expert' %}{{ 1 // 0 }}{% endif %}")
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=load_catalogue(tmp_path))

    with pytest.raises(MailDelayed) as delayed:
        await hand_over(mailer, NOTICE)
    await hand_over(mailer, replace(NOTICE, display_name="Bob"))

    assert (delayed.value.reason, delayed.value.code, delayed.value.ours) == ("template failed", None, True)
    assert len(server.received) == 1


async def test_what_changes_after_the_start_is_sent_by_nobody(server: MailServer, tmp_path: Path) -> None:
    put(tmp_path, "en/reconnect.subject.txt", "Checked")
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}", catalogue=load_catalogue(tmp_path))
    put(tmp_path, "en/reconnect.subject.txt", "{{ unchecked }}")

    await hand_over(mailer, replace(NOTICE, cause=LossCause.ACCOUNT_CLOSED))

    assert server.received[0]["Subject"] == "Checked"
