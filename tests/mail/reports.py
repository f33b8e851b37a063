"""Reports about mail that did not arrive, as mail servers of three makes write them. All names are invented."""

HEAD = """\
From: IWG Portal <portal@demo.invalid>
To: {address}
Subject: Reminder
Message-ID: {name}
"""


def crlf(text):
    return text.replace("\n", "\r\n").encode()


def postfix(address, name, status="5.1.1", action="failed", *, body="Text of the mail.\n", more=""):
    return crlf(
        f"""\
Return-Path: <>
Date: Mon, 29 Jun 2026 09:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.test.invalid (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: portal@demo.invalid
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F1C2.1782723600/mx.test.invalid"
Content-Transfer-Encoding: 8bit
Message-Id: <20260629090000.5D2@mx.test.invalid>

This is a MIME-encapsulated message.

--4F1C2.1782723600/mx.test.invalid
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

<{address}>: host mail.test.invalid said: 550 {status} User unknown

--4F1C2.1782723600/mx.test.invalid
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test.invalid
X-Postfix-Queue-ID: 4F1C2
Arrival-Date: Mon, 29 Jun 2026 08:59:58 +0000 (UTC)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.test.invalid
Diagnostic-Code: smtp; 550 {status} User unknown
{more}
--4F1C2.1782723600/mx.test.invalid
Content-Description: Undelivered Message
Content-Type: message/rfc822

{HEAD.format(address=address, name=name)}
{body}
--4F1C2.1782723600/mx.test.invalid--
"""
    )


def exim(address, name, status="5.0.0", action="failed"):
    return crlf(
        f"""\
From: Mail Delivery System <Mailer-Daemon@mx.test.invalid>
To: portal@demo.invalid
Subject: Mail delivery failed: returning message to sender
Content-Type: multipart/report; report-type=delivery-status; boundary=1782723600-eximdsn-77
MIME-Version: 1.0
X-Failed-Recipients: {address}
Auto-Submitted: auto-replied

--1782723600-eximdsn-77
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1782723600-eximdsn-77
Content-type: message/delivery-status

Reporting-MTA: dns; mx.test.invalid

Action: {action}
Final-Recipient: rfc822;{address}
Status: {status}

--1782723600-eximdsn-77
Content-type: text/rfc822-headers

{HEAD.format(address=address, name=name)}
--1782723600-eximdsn-77--
"""
    )


def exchange(address, name, status="5.1.10", action="failed"):
    return crlf(
        f"""\
From: <postmaster@test.invalid>
To: <portal@demo.invalid>
Subject: =?utf-8?B?Tm9uIHJlbWlzwqA6IFJhcHBlbA==?=
MIME-Version: 1.0
Content-Type: multipart/report; report-type="Delivery-Status";
\tboundary="0f1e2d3c-4b5a"
X-MS-Exchange-Message-Is-Ndr:

--0f1e2d3c-4b5a
Content-Type: multipart/alternative; differences=Content-Type; boundary="inner"

--inner
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

{address} n=E2=80=99a pas =C3=A9t=C3=A9 trouv=C3=A9.

--inner--

--0f1e2d3c-4b5a
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.test.invalid
Received-From-MTA: dns;EX02.test.invalid
Arrival-Date: Mon, 29 Jun 2026 08:59:58 +0000

Final-Recipient: RFC822;{address.upper()}
Action: {action.title()}
Status: {status} (Recipient not found)
Diagnostic-Code: smtp;550 {status} RESOLVER.ADR.RecipientNotFound
X-Display-Name: {address}

--0f1e2d3c-4b5a
Content-Type: message/rfc822

{HEAD.format(address=address, name=name)}
Text of the mail.

--0f1e2d3c-4b5a--
"""
    )
