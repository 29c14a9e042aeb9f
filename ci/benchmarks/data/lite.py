"""Reads a table of SQLite in the order of its key, through the C library alone: to nowhere, or, with a statement, as text to stdout."""

import ctypes
import ctypes.util
import sys

lite = ctypes.CDLL(ctypes.util.find_library("sqlite3") or "libsqlite3.so.0")
lite.sqlite3_exec.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]

# Without a statement: an aggregate over an ordered subquery touches every cell and gives one row.
STATEMENT = """SELECT count(*) FROM (SELECT id, length(owner) + length(body) + length(at) + length(price) + length(detail) +
               ifnull(amount, 0) AS cells FROM items ORDER BY id) WHERE cells > 0"""


def main():
    database = ctypes.c_void_p()
    if lite.sqlite3_open(sys.argv[1].encode(), ctypes.byref(database)) != 0:
        raise SystemExit(f"{sys.argv[1]} cannot be opened")
    if len(sys.argv) == 2:
        raise SystemExit(lite.sqlite3_exec(database, STATEMENT.encode(), None, None, None))
    import sqlite3

    for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
        sys.stdout.write("|".join("" if cell is None else str(cell) for cell in row) + "\n")


if __name__ == "__main__":
    main()
