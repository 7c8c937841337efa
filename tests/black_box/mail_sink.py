"""A real mail server. Prints its port, then one JSON line for each message, read by Python's own parser.

Arguments: none, or a certificate and its key (then it insists on STARTTLS, or with `--implicit` behind everything speaks
TLS from the first byte), then a user name and a password (then it insists on signing in).
"""

import asyncio
import base64
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

IS_IMPLICIT = sys.argv[-1] == "--implicit"
ARGUMENTS = [argument for argument in sys.argv[1:] if argument != "--implicit"]


def parts(message):
    for part in message.walk():
        if part.is_multipart():
            continue
        yield {
            "type": part.get_content_type(),
            "charset": part.get_content_charset(),
            "disposition": part.get_content_disposition(),
            "name": part.get_filename(),
            "id": part.get("Content-ID"),
            "content": base64.b64encode(part.get_payload(decode=True)).decode(),
            "text": part.get_content() if part.get_content_maintype() == "text" else None,
        }


class Sink:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        received = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "headers": [[name, str(value)] for name, value in message.items()],
            "addresses": {
                name: [[a.display_name, a.addr_spec] for a in message[name].addresses]
                for name in ("From", "To", "Cc", "Reply-To")
                if message[name] is not None
            },
            "structure": [part.get_content_type() for part in message.walk()],
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "parts": list(parts(message)),
        }
        print(json.dumps(received), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    name, password = (word.encode() for word in ARGUMENTS[2:4])
    fits = isinstance(data, LoginPassword) and (data.login, data.password) == (name, password)
    # What is not handled is answered with 535.
    return AuthResult(success=fits, handled=fits, auth_data=data if fits else None)


async def main():
    options = {"hostname": "sink.test"}
    listening = {}
    if len(ARGUMENTS) > 1:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*ARGUMENTS[:2])
        if IS_IMPLICIT:
            listening.update(ssl=context)
            # It looks for STARTTLS only.
            options.update(auth_require_tls=False)
        else:
            options.update(tls_context=context, require_starttls=True)
    if len(ARGUMENTS) > 3:
        options.update(authenticator=authenticate, auth_required=True)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop, **options), "127.0.0.1", 0, **listening)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
