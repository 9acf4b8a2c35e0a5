"""What the build before needs beyond the packages of this environment, and what it can't be given."""

from pathlib import Path

from bench.builds import NOW, Build, missing_requirements

LOCK = """\
attrs==26.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:bb
a-queue.extra==3.10.0 \\
    --hash=sha256:cc
"""


def test_names_what_is_not_installed_with_its_hashes_and_markers() -> None:
    wanted = missing_requirements(LOCK, lambda name: name == "attrs")

    assert wanted == [
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:bb",
        "a-queue.extra==3.10.0 \\\n    --hash=sha256:cc",
    ]


def test_names_nothing_where_everything_is_installed() -> None:
    assert missing_requirements(LOCK, lambda name: True) == []


def test_gives_a_build_no_setting_that_is_younger_than_it() -> None:
    known = frozenset({"CALENDARSYNC_DATABASE_URL"})
    before = Build(
        name="before", folder=Path("before"), paths=(Path("src"), Path("packages")), settings=known
    )

    given = before.environment(
        {
            "CALENDARSYNC_DATABASE_URL": "postgresql://localhost",
            "CALENDARSYNC_GOOGLE_CLIENT_ID": "bench",
            "CALENDARSYNC_TEST_CANARY": "yes",
            "HOME": "home",
        }
    )

    assert given == {
        "CALENDARSYNC_DATABASE_URL": "postgresql://localhost",
        "CALENDARSYNC_TEST_CANARY": "yes",
        "HOME": "home",
        "PYTHONPATH": "src:packages",
    }


def test_gives_this_build_all_settings() -> None:
    assert "CALENDARSYNC_GOOGLE_CLIENT_ID" in NOW.environment({"CALENDARSYNC_GOOGLE_CLIENT_ID": "bench"})
