"""ci/bench data: what it costs to compare a table of SQLite with one of PostgreSQL, beside the bare limits and the usual ways.

Everything is measured in one run on one machine, in turns, so that what else the machine does meets all; what counts are ratios.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import bare
import relay

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = ROOT / "build/release/bin/sluice"
COLUMNS = "id, owner, body, at, price, detail, amount"
# The text that both shells agree on; sqlite3 writes a whole number without its decimals, so that the sums differ and only cost counts.
LITE_TABLE = """CREATE TABLE items (id INTEGER PRIMARY KEY, owner UUID NOT NULL, body TEXT NOT NULL, at TIMESTAMP NOT NULL,
                price NUMERIC NOT NULL, detail JSON NOT NULL, amount INT)"""
PUSHDOWN = f"""SELECT count(*), sum(('x' || substring(md5(concat_ws('|', {', '.join(f'{name}::text' for name in COLUMNS.split(', '))})), 18))
               ::bit(64)::bigint) FROM items"""


def check(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"bench: {command} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Server:
    """A private PostgreSQL below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        bare.initialise(folder / "data")
        settings = [*bare.SETTINGS, "shared_buffers=2GB", "max_wal_size=16GB", "autovacuum=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen([bare.programs() / "postgres", "-D", folder / "data", "-k", folder, *options], cwd="/",
                                            stdout=log, stderr=log, **bare.unprivileged())
        bare.wait_until(lambda: bare.query(folder, "SELECT 1"), self.process, "PostgreSQL")

    def url(self, database, folder=None):
        return f"postgresql://sluice@{str(folder or self.folder).replace('/', '%2F')}:5432/{database}"

    def psql(self, database, *words):
        program = shutil.which("psql") or bare.programs() / "psql"
        return [program, "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "sluice", "-d", database, *words]

    def run(self, database, *words):
        return check(self.psql(database, *words))

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(bare.LIMIT)
            return
        self.process.kill()
        self.process.wait()


def make_rows(server, folder, rows):
    for database in ("voice", "copy"):
        server.run("postgres", "-c", f"CREATE DATABASE {database}")
    server.run("voice", "-v", f"rows={rows}", "-f", str(ROOT / "ci/benchmarks/data/make.sql"))
    path = folder / "items.db"
    lite = sqlite3.connect(path)
    lite.execute("PRAGMA journal_mode = wal")
    lite.execute("PRAGMA synchronous = off")
    lite.execute(LITE_TABLE)
    source = subprocess.Popen(server.psql("voice", "-c", f"""COPY (SELECT id, owner, body, to_char(at AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), price, detail, amount FROM items ORDER BY id) TO STDOUT"""), stdout=subprocess.PIPE, text=True)
    lite.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
                     ([None if cell == "\\N" else cell for cell in line.rstrip("\n").split("\t")] for line in source.stdout))
    if source.wait() != 0:
        raise SystemExit("bench: the rows could not be copied to SQLite")
    lite.commit()
    lite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    lite.close()
    copying = subprocess.Popen(server.psql("voice", "-c", "COPY items TO STDOUT (FORMAT binary)"), stdout=subprocess.PIPE)
    server.run("copy", "-c", """CREATE TABLE items (id bigint PRIMARY KEY, owner uuid NOT NULL, body text NOT NULL,
        at timestamptz NOT NULL, price numeric(12, 2) NOT NULL, detail jsonb NOT NULL, amount integer)""")
    check(server.psql("copy", "-c", "COPY items FROM STDIN (FORMAT binary)"), stdin=copying.stdout)
    if copying.wait() != 0:
        raise SystemExit("bench: the rows could not be copied to the second database")
    for database in ("voice", "copy"):
        server.run(database, "-c", "VACUUM ANALYZE items")
    return path


def timed(*commands):
    """Seconds until all of these commands, started at once, have ended; each is a shell's pipeline or a list of words."""
    began = time.perf_counter()
    children = [subprocess.Popen(command, shell=isinstance(command, str), stdout=subprocess.DEVNULL) for command in commands]
    codes = [child.wait() for child in children]
    seconds = time.perf_counter() - began
    if any(codes):
        raise SystemExit(f"bench: {commands} ended with {codes}")
    return seconds


def sluice(old, new, *options, expected=0):
    """Seconds, the report and the largest resident memory (bytes) of one comparison."""
    began = time.perf_counter()
    child = subprocess.Popen([SLUICE, "diff", old, new, "--format", "json", *options], stdout=subprocess.PIPE)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode != expected:
        raise SystemExit(f"bench: sluice ended with {child.returncode} where {expected} was due:\n{text[-2000:].decode()}")
    return seconds, json.loads(text)["tables"][0], usage.ru_maxrss * 1024


def words(server, statement):
    return server.psql("voice", "-c", statement)


def shell(server, path):
    """Both sides as text through md5sum, at the same time."""
    quoted = " ".join(f"'{word}'" for word in server.psql("voice"))
    lite = shutil.which("sqlite3")
    reader = f"'{lite}' '{path}'" if lite else f"'{sys.executable}' '{ROOT}/ci/benchmarks/data/lite.py' '{path}'"
    return (f"{quoted} -c 'COPY (SELECT {COLUMNS} FROM items ORDER BY id) TO STDOUT' | md5sum",
            f"{reader} 'SELECT {COLUMNS} FROM items ORDER BY id' | md5sum")


def change_rows(server, rows, every):
    """Alters the body of every so-many-th row; returns how many."""
    server.run("voice", "-c", f"UPDATE items SET body = body || '!' WHERE id % {every} = 0")
    return rows // every


def measure(server, path, rows, repetitions):
    old, new = f"sqlite:{path}", server.url("voice")
    ways = {
        "COPY binary to nowhere": lambda: timed(words(server, "COPY items TO STDOUT (FORMAT binary)")),
        "sluice, hash": lambda: sluice(old, new, "--strategy", "hash")[0],
        "psql | md5sum with sqlite3 | md5sum": lambda: timed(*shell(server, path)),
        "md5 of every row in PostgreSQL": lambda: timed(words(server, "SET max_parallel_workers_per_gather = 0; " + PUSHDOWN)),
        "PostgreSQL, ordered scan to nowhere": lambda: timed(words(server, "COPY (SELECT * FROM items ORDER BY id) TO STDOUT")),
        "SQLite, ordered scan to nowhere": lambda: timed([sys.executable, ROOT / "ci/benchmarks/data/lite.py", path]),
        "sluice, merge": lambda: sluice(old, new, "--strategy", "merge")[0],
    }
    seconds = {name: [] for name in ways}
    for number in range(repetitions + 1):
        for name, way in ways.items():
            taken = way()
            if number > 0:  # the first round fills the caches
                seconds[name].append(taken)
            print(f"bench: round {number} of {repetitions}: {name}: {taken:.2f} s", file=sys.stderr, flush=True)
    figures = {name: statistics.median(values) for name, values in seconds.items()}
    memory = {"hash": sluice(old, new, "--strategy", "hash")[2], "merge": sluice(old, new, "--strategy", "merge")[2]}

    counter = relay.Relay(server.folder / "r", server.folder)
    sluice(server.url("voice", server.folder / "r"), server.url("copy", server.folder / "r"), "--strategy", "hash")
    counter.close()

    changed = change_rows(server, rows, rows // 10)
    found = []
    for _ in range(repetitions):
        taken, table, memory["10 rows"] = sluice(old, new, "--strategy", "hash", expected=1)
        found.append(taken)
        seen = [entry for entry in table["differences"] if entry["column"] == "body" and entry["new"] == entry["old"] + "!"]
        if len(seen) != changed or table["rows"]["changed"] != changed:
            raise SystemExit(f"bench: {len(seen)} of {changed} changed rows were found with both values")
    figures["sluice, hash, 10 rows differ"] = statistics.median(found)
    changed += change_rows(server, rows, 10) - changed
    _, table, memory["10% differ"] = sluice(old, new, expected=1)
    figures["rows found of 10%"] = table["rows"]["changed"] / changed
    return seconds, figures, memory, counter.bytes


def show(figures, memory, wire):
    """Prints every bar; returns whether all are held."""
    copy, equal = figures["COPY binary to nowhere"], figures["sluice, hash"]
    slower = max(figures["PostgreSQL, ordered scan to nowhere"], figures["SQLite, ordered scan to nowhere"])
    largest = max(memory.values())
    bars = [("a  hash, equal, over a bare COPY", equal / copy, "<=", 0.9, "x"),
            ("b  shell's md5sum over hash", figures["psql | md5sum with sqlite3 | md5sum"] / equal, ">=", 2.5, "x"),
            ("c  md5 of every row in PostgreSQL over hash", figures["md5 of every row in PostgreSQL"] / equal, ">=", 2.5, "x"),
            ("d  10 rows differ, over equal", figures["sluice, hash, 10 rows differ"] / equal, "<=", 1.5, "x"),
            ("e  merge, over the slower bare scan", figures["sluice, merge"] / slower, "<=", 1.4, "x"),
            ("f  largest memory", largest / 2**20, "<", 64, "MiB"),
            ("g  PostgreSQL with PostgreSQL over the wire", wire / 2**20, "<", 1, "MiB")]
    for name, seconds in figures.items():
        print(f"  {name:<44} {seconds:8.2f}{' s' if name != 'rows found of 10%' else ''}")
    for name, size in memory.items():
        print(f"  memory, {name:<36} {size / 2**20:8.1f} MiB")
    held = True
    for name, value, sign, bar, unit in bars:
        good = value <= bar if sign == "<=" else value >= bar if sign == ">=" else value < bar
        held = held and good
        print(f"  {name:<44} {value:8.2f} {unit:<4} bar {sign} {bar:<4} {'held' if good else 'missed'}")
    return {name: value for name, value, *_ in bars}


def main():
    parser = argparse.ArgumentParser(prog="ci/bench data")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--below", default="/tmp", help="folder that holds the databases; a short path")
    arguments = parser.parse_args()
    if arguments.rows < 1000 or arguments.repetitions < 1:
        parser.error("at least 1000 rows and one repetition")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sld-", dir=arguments.below))
    server = None
    try:
        folder.chmod(0o1777)
        server = Server(folder)
        load = os.getloadavg()[0]
        path = make_rows(server, folder, arguments.rows)
        seconds, figures, memory, wire = measure(server, path, arguments.rows, arguments.repetitions)
        print(f"{arguments.rows} rows, {arguments.repetitions} repetitions, medians, on {os.cpu_count()} processors; "
              f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after (2 or 3 is ours)")
        bars = show(figures, memory, wire)
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder)
    out = ROOT / "out/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "data.json").write_text(json.dumps({"rows": arguments.rows, "load": load, "seconds": seconds, "figures": figures,
                                               "memory": memory, "wire_bytes": wire, "bars": bars}, indent=1) + "\n")


if __name__ == "__main__":
    main()
