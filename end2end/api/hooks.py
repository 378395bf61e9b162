"""What schemathesis loads before a run: a lock around Python's parser, and credentials.

CPython up to 3.12 counts the depth of the tree that `ast.parse` builds in one place for all
threads (python/cpython#106905), so two threads that parse at once end in "AST constructor recursion
depth mismatch". Hypothesis parses source and printed values in every worker; the lock lets one
parse at a time, and costs nothing that is noticed.
"""

import ast
import functools
import json
import os
import threading
import urllib.request

import schemathesis

_PARSING = threading.RLock()


def _one_at_a_time(parse):
    @functools.wraps(parse)
    def parse_alone(*args, **kwargs):
        with _PARSING:
            return parse(*args, **kwargs)

    return parse_alone


ast.parse = _one_at_a_time(ast.parse)


URL = os.environ["LATCHKEY_TEST_URL"]
WHO = os.environ.get("LATCHKEY_TEST_WHO")
PASSWORD = os.environ["LATCHKEY_TEST_PASSWORD"]
# Each may end the token that asks: every request has one of its own.
ENDING = {"logout", "endUserSessions"}


def login():
    body = json.dumps({"userName": WHO, "password": PASSWORD, "domainType": "unixpwd"})
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/netbackup/login", body.encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["token"]


if WHO:

    @schemathesis.auth(refresh_interval=None)
    class Token:
        """A token, taken anew once the one at hand has ended."""

        def __init__(self):
            self.held = None
            self.lock = threading.Lock()

        def get(self, case, context):
            if context.operation.definition.raw.get("operationId") in ENDING:
                return login()
            with self.lock:
                if self.held is None or not self.lives(self.held):
                    self.held = login()
                return self.held

        def lives(self, token):
            request = urllib.request.Request(f"{URL}/netbackup/authorization-context")
            request.add_header("Authorization", token)
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status == 200
            except urllib.error.HTTPError:
                return False

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"
