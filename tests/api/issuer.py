"""An issuer of tokens on this machine: says which keys it signs with, and signs whatever a test wants signed."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwk, jwt

AUDIENCE = "https://registry.example"
NOW_S = 1_800_000_000
NOW_US = NOW_S * 1_000_000


class LocalIssuer:
    """What it answers is made of attributes that a test may change."""

    def __init__(self):
        self.key = jwk.generate_key("RSA", 2048, {"kid": "one"})
        self.published = [self.key]
        self.asked = []
        self.is_down = False
        self.document = {}
        self.keys_document = None

    def answer(self, path):
        """The status, and the body, of what is asked for."""
        self.asked.append(path)
        if self.is_down:
            return 500, b"{}"
        if path == "/.well-known/openid-configuration":
            told = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.document}
            return 200, json.dumps(told).encode()
        if path == "/keys":
            if self.keys_document is not None:
                return 200, self.keys_document
            keys = [key.as_dict(private=False) for key in self.published]
            return 200, json.dumps({"keys": keys}).encode()
        return 404, b""

    def claims(self, **changed):
        """What an access token says that holds; a claim that is None is left out."""
        said = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "somebody",
            "client_id": "an app",
            "jti": "1",
            "iat": NOW_S - 10,
            "exp": NOW_S + 300,
            **changed,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, key=None, header=None, **changed):
        """An access token, signed."""
        key = key or self.key
        head = {"alg": "RS256", "typ": "at+jwt", "kid": key.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, self.claims(**changed), key, algorithms=[head["alg"]])


def unsigned(header, claims, signature=b""):
    """A token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """An issuer that answers until the end of the block."""
    issuer = LocalIssuer()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = issuer.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
