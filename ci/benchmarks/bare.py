"""The bare limit: the same PostgreSQL and the same two processes, started and ended with nothing around them."""

import ctypes
import ctypes.util
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

SETTINGS = ["listen_addresses=", "unix_socket_permissions=0777", "max_connections=200", "timezone=UTC", "log_timezone=UTC",
            "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
POLL = 0.001  # seconds
LIMIT = 60  # seconds after which something that is not ready is an error

libpq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
libpq.PQconnectdb.restype = libpq.PQexec.restype = ctypes.c_void_p
libpq.PQconnectdb.argtypes = [ctypes.c_char_p]
libpq.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
for function in ("PQstatus", "PQresultStatus", "PQclear", "PQfinish"):
    getattr(libpq, function).argtypes = [ctypes.c_void_p]


def programs():
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise SystemExit("bench: no PostgreSQL server is installed; run ci/setup")
    return pathlib.Path(max(folders, key=lambda folder: int(folder.split("/")[-2])))


def unprivileged():
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}


def query(socket_folder, statement):
    """Whether one statement succeeded over a connection of its own."""
    connection = libpq.PQconnectdb(f"host={socket_folder} port=5432 user=sluice dbname=postgres".encode())
    try:
        if libpq.PQstatus(connection) != 0:
            return False
        result = libpq.PQexec(connection, statement.encode())
        status = libpq.PQresultStatus(result)
        libpq.PQclear(result)
        return status in (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
    finally:
        libpq.PQfinish(connection)


def healthy(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(12).endswith(b" 200")
    except OSError:
        return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(ready, child, what):
    began = time.perf_counter()
    while not ready():
        if child.poll() is not None:
            raise SystemExit(f"bench: {what} ended with {child.returncode} before it was ready")
        if time.perf_counter() - began > LIMIT:
            raise SystemExit(f"bench: {what} was not ready within {LIMIT} s")
        time.sleep(POLL)


def initialise(folder):
    """initdb as Sluice calls it."""
    command = [programs() / "initdb", "--pgdata", folder, "--username", "sluice", "--auth", "trust", "--encoding", "UTF8",
               "--locale", "C.UTF-8", "--no-sync"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **unprivileged())


def start_and_stop(binaries, folder, template):
    """One bare bring-up and tear-down below `folder`, in seconds by name; template None: with an initdb of its own."""
    seconds = {}
    began = last = time.perf_counter()

    def lap(name):
        nonlocal last
        now = time.perf_counter()
        seconds[name] = now - last
        last = now

    def start(name, database):
        port = free_port()
        command = [binaries / name, "--listen", f"127.0.0.1:{port}", "--db", database]
        return port, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    data = folder / "data"
    old_port, old = start("voice_agent_v1", folder / "captures.db")
    lap("exec of v1")
    if template is None:
        initialise(data)
    else:
        subprocess.run(["cp", "-a", "--reflink=auto", template, data], check=True, **unprivileged())
    lap("initdb" if template is None else "copy of an initdb folder")
    options = [word for setting in SETTINGS for word in ("-c", setting)]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([programs() / "postgres", "-D", data, "-k", folder, *options], cwd="/", stdout=log, stderr=log,
                                  **unprivileged())
    wait_until(lambda: query(folder, "SELECT 1"), server, "PostgreSQL")
    lap("postgres until SELECT 1")
    if not query(folder, "CREATE DATABASE voice"):
        raise SystemExit("bench: CREATE DATABASE failed")
    lap("CREATE DATABASE")
    new_port, new = start("voice_agent_v2", f"postgresql://sluice@{str(folder).replace('/', '%2F')}:5432/voice")
    wait_until(lambda: healthy(new_port), new, "v2")
    wait_until(lambda: healthy(old_port), old, "v1")
    lap("exec of v2 until both answer")
    seconds["bring-up"] = last - began

    for child, end in ((old, signal.SIGTERM), (new, signal.SIGTERM), (server, signal.SIGINT)):
        child.send_signal(end)
        child.wait(LIMIT)
    lap("tear-down")
    shutil.rmtree(data)
    lap("removal of the folder")
    return seconds
