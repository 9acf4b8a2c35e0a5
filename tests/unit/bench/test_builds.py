"""What the build before needs beyond the packages of this environment."""

from bench.builds import missing_requirements

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
