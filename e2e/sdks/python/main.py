"""The functions of scenarios 1 to 3, with the official SDK for Python:

    python main.py <port> <milliseconds that the shop keeps goods for a cart>

It ends when its standard input does: then its parent is gone.
"""

import sys
import threading
import traceback
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from statefun import RequestReplyHandler, StatefulFunctions

import dialogue
import greeter
import shop


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # A runtime opens up to 1024 connections at once. The default is 5, and who
    # does not get one tries again after a second, or is reset.
    request_queue_size = 1024


class Handler(BaseHTTPRequestHandler):
    """Answers requests with what self.functions say."""

    protocol_version = "HTTP/1.1"  # keeps connections open
    wbufsize = -1  # head and body go at once: apart, the body waits 40 ms
    functions: RequestReplyHandler

    def do_POST(self):
        request = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.answer(200, self.functions.handle_sync(request))
        except Exception:
            traceback.print_exc()
            self.answer(500, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        pass


def main(port, hold):
    functions = StatefulFunctions()
    greeter.bind(functions)
    shop.bind(functions, timedelta(milliseconds=hold))
    dialogue.bind(functions)
    Handler.functions = RequestReplyHandler(functions)

    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
