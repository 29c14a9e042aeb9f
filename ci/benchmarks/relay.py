"""A relay between unix sockets that counts what passes: the bytes that one comparison sends and gets."""

import contextlib
import pathlib
import socket
import threading


class Relay:
    """Listens in `folder` as a PostgreSQL would and hands everything to the one that listens in `server`."""

    def __init__(self, folder, server):
        self.bytes = 0
        self._lock = threading.Lock()
        self._server = str(pathlib.Path(server) / ".s.PGSQL.5432")
        folder.mkdir()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    self.bytes += len(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self._listener.close()
