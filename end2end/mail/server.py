#!/usr/bin/env python3
"""A real mail server on loopback, for the tests: takes every message and tells it.

usage: server.py none|starttls|tls [CERTIFICATE KEY]

With a certificate it also asks for a user name and a password: keys and s3cret. It tells its port
in the first line and each message in one further line, as JSON. `refuse@example.org` is no address
of it, `later@example.org` is not at the moment. Needs `aiosmtpd`. Ends with its standard input.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def tell(value):
    print(json.dumps(value), flush=True)


class Mailbox:
    """Takes messages."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "refuse@example.org":
            return "550 no such address"
        if address == "later@example.org":
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        tell({
            "hello": session.host_name,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "tls": session.ssl is not None or mode == "tls",
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode(),
        })
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    known = LoginPassword(b"keys", b"s3cret")
    good = isinstance(data, LoginPassword) and data == known
    # Not handled: the library tells the client.
    return AuthResult(success=good, handled=False, auth_data=data)


async def serve():
    options, whole = {}, None
    if mode != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*sys.argv[2:4])
        options = {"authenticator": authenticate, "auth_required": True}
        if mode == "tls":
            # The whole connection is in TLS, which the library does not count as such.
            whole = context
            options |= {"auth_require_tls": False}
        else:
            options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Mailbox(), hostname="mail.example.org", loop=loop, **options),
        "127.0.0.1", 0, ssl=whole,
    )
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


mode = sys.argv[1]
asyncio.run(serve())
