"""Classification of the replies of real mail servers, as documented by providers or quoted by users.

Microsoft 365, Google, IONOS, GMX and web.de, Strato, OVH, T-Online, Plesk, cPanel, Exim, mailcow, Mailu,
Postfix with policyd, postfwd and policyd-rate-limit, Dovecot's quota service, postgrey.
"""

import pytest

from mailbot.smtp.reply import RULES, About, classify, enhanced_status, shape

ACCOUNT = (
    "554 5.7.1 Kontingent für ausgehende E-Mails überschritten, 200 je Stunde",
    "550 Nachrichten pro Tag: Maximum erreicht",
    "553 Diese Absenderadresse dürfen Sie nicht nutzen",
    "550 5.7.1 Account locked from sending, contact support",
    "550 5.7.1 Absender-Postfach gesperrt",
    "550 Maximale Anzahl ausgehender E-Mails erreicht",
    "553 5.7.1 Absender bot@schule.example gehört nicht zum angemeldeten Konto",
    "550 5.7.1 Login locked after suspicious activity",
    "550 5.7.1 Nombre de messages autorisés par jour dépassé",
    "421 4.7.0 Too many open SMTP sessions",
    "550 5.7.1 Versand über dieses Konto wegen auffälliger Nutzung eingeschränkt",
    "550 5.7.1 Service unavailable; you have exceeded the number of messages you may send today",
    "550 Versandkontingent erschöpft, bitte versuchen Sie es morgen erneut",
    "550 5.4.6 Maximum hourly outgoing message count exceeded",
    "550 5.7.0 Daily sending quota for this user exceeded",
    "553 From header must match an address that you own",
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
    "554 5.2.252 SendAsDenied; support@school.example not allowed to send as gym@school.example; "
    "STOREDRV.Submission.Exception:SendAsDeniedException",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
    "Failed to process message due to a permanent exception with message Cannot submit message.",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender "
    "[MW2PR1901MB2155.namprd19.prod.outlook.com]",
    "550 5.7.1 Client does not have permissions to send as this sender",
    "550 5.1.8 Access denied, bad outbound sender AS(42004)",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    "550 5.7.705 Access denied, tenant has exceeded threshold. For more information please go to "
    "http://go.microsoft.com/fwlink/?LinkId=524931 AS831",
    "550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit "
    "for sending email to external recipients",
    "550 5.7.501 Access denied, spam abuse detected",
    "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for "
    "more information.",
    "550 5.4.5 Daily user sending quota exceeded. o65sm25351206pga.71 - gsmtp",
    "550 5.4.5 Daily SMTP relay sending limit exceeded for customer. For more 5.4.5 information see "
    "https://support.google.com/a/answer/166852",
    "450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error.",
    "452 4.5.3 Your message has too many recipients. For more information regarding Google's "
    "sending limits, visit https://x",
    "450 Requested mail action not taken: mailbox unavailable Mail send limit exceeded.",
    "451 Requested action aborted Mails per session limit",
    "421 Rate limit reached. Please try again later",
    "550 5.7.1 Your mail limit has been reached.",
    "554 5.7.0 Your message could not be sent. The limit on the number of allowed outgoing messages "
    "was exceeded. Try again later.",
    "553 5.7.1 <support@schule.example>: Sender address rejected: not owned by user bot@schule.example",
    "553 5.7.1 <support@schule.example>: Sender address rejected: not logged in",
    "554 5.7.1 <lena@schule.example>: Recipient address rejected: Policy Rejection- Quota Exceeded.",
    "450 4.7.1 <lena@schule.example>: Recipient address rejected: Policy Rejection- Quota Exceeded.",
    "450 4.7.1 <gym@schule.example>: Sender address rejected: Deferring: Too many messages from "
    "sender in last 60",
    "550 5.4.5 <lena@schule.example>: Recipient address rejected: Domain Sending Quota Exceeded",
    "450 4.7.1 <END-OF-MESSAGE>: End-of-data rejected: Number messages per hour exceeded. Error:RATE_MSG",
    "554 5.7.1 <lena@schule.example>: Recipient address rejected: rate limit exceeded",
    "554 5.7.1 <DATA>: Data command rejected: only 10 messages per day",
    "554 5.7.1 message count quota exceeded",
    '451 4.7.1 Ratelimit "user" exceeded',
    "554 5.7.1 <bot@schule.example>: SASL login name rejected: You are sending too many emails too fast.",
    "554 sorry, too many emails (#5.7.1)",
    "550 Domain schule.example has exceeded the max emails per hour (125/100 (125%)) allowed. "
    "Message discarded.",
    "550 Domain schule.example has exceeded the max defers and failures per hour (5/5 (38%)) "
    "allowed. Message discarded.",
    "550 User bot@schule.example has exceeded its 24-hour sending limit. Messages to 25 recipients "
    "out of 25 allowed have been sent.",
    "550 limit per hour reached, retry later",
    "550 Daily limit has been exceeded for bot@schule.example",
    "550 Stop, you are sending too fast!",
    "550 Too many messages. Try again in 92 seconds.",
    "550 User has exceeded outgoing email quota",
    '550 OutgoingMail mail from "schule.example" has been suspended.',
    "552 Your account has been suspended. Please contact us to reactivate",
    "525 5.7.13 User account disabled",
    "554 You've reached your daily relay quota - 50.62.77.48",
    "550 send mail rejected: exceeded hour limit",
    "550 5.7.1 Service unavailable, please try again later",
    "550 Versandlimit erreicht",
    "550 Zu viele Nachrichten, bitte spaeter erneut versuchen",
    "550 5.7.1 Access denied, your sending account is blocked: send limit",
    "550 5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials for relay for one of the domains",
    "421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
    "550 5.7.30 Basic authentication is not supported for Client Submission.",
    "550 5.7.57 Client not authenticated to send mail.",
    "550 Sender address is not allowed.",
    "554 Message rejected: Email address is not verified.",
    "450 4.7.1 Error: too much mail from 192.0.2.1",
    "550 Sender has exceeded the allowed number of messages",
    "550 5.7.1 Outgoing mail is disabled for this account",
    "550 5.7.1 Sending paused for this account",
    "550 5.7.1 Ihr Postfach ist gesperrt: für den Versand gesperrt",
    "550 5.7.1 Absenderadresse nicht erlaubt",
    "550 5.7.1 Quota d'envoi atteint",
    "450 4.7.1 sending limit exceeded for this sender",
    "450 4.7.1 sending limit exceeded for this account",
    "450 sending limit exceeded, too many recipients",
    "550 5.4.5 Daily recipient limit exceeded",
    "550 you have exceeded your daily recipient limit",
    "552 sending limit exceeded: recipients per day",
    "550 recipient limit per hour exceeded",
    "450 4.7.1 <lena@schule.example>: Recipient address rejected: sending limit exceeded",
    "554 5.7.1 <lena@schule.example>: Recipient address rejected: Sendekontingent überschritten",
    "550 Zu viele Empfänger pro Stunde",
    "553 5.7.1 Sie dürfen diese Absenderadresse nicht verwenden",
    "550 5.7.1 Limite giornaliero di invio superato",
    "550 5.7.1 Límite de envío diario excedido",
    "550 5.7.1 Daglimiet voor verzenden bereikt",
    "550 5.7.1 You are over your sending allowance",
    "550 5.7.0 From address is not one of your addresses",
    "554 5.7.8 Account locked",
    "554 5.7.1 Relay access denied: account suspended for outgoing spam",
)
DOMAIN = (
    "550 5.7.1 Message refused due to SPF policy; 192.0.2.1 is not allowed to send mail from schule.example",
    "554 5.7.1 DKIM signature verification failed",
    "550 5.7.509 Access denied, sending domain school.example does not pass DMARC verification",
    "550 5.7.509: Access denied, sending domain school.example does not pass DMARC verification and has "
    "a DMARC policy of reject.",
    "550 5.7.515 Access denied, sending domain school.example doesn't meet the required authentication level",
    "550 5.7.26 Unauthenticated email from schule.example is not accepted due to domain's DMARC policy.",
    "550 5.7.1 rejected by DMARC policy for schule.example",
    "554 5.7.1 DMARC policy violation",
    "550 5.7.23 SPF validation failed",
    "550 5.7.1 DKIM check failed",
    "550 mail from schule.example failed DMARC",
)
RECIPIENT = (
    "550 Unbekannter Empfänger",
    "550 mailbox disabled for sending and receiving",
    "550 Adresse existiert nicht",
    "452 4.2.2 Kontingent des Postfachs ausgeschöpft",
    "550 5.2.1 This account is locked",
    "550 5.1.1 <kim@hgs.example>: account is suspended for spam",
    "550 5.2.1 Destination account suspended for abuse",
    "554 5.7.1 <max@support.example>: Recipient address rejected: account is locked",
    "550 5.7.1 Der Empfänger akzeptiert keine Mails von Ihnen",
    "552 Boîte aux lettres pleine",
    "552 Casella di posta piena",
    "552 Buzón lleno",
    "552 Postvak vol",
    "550 Utente sconosciuto",
    "550 Onbekende ontvanger",
    "450 4.7.1 sending limit exceeded for this recipient",
    "450 4.2.1 Sending limit exceeded for this recipient, try again later",
    "450 <lena@x.example>: Recipient address rejected: sending limit exceeded for this recipient",
    "452 4.5.3 hourly sending limit to this recipient exceeded",
    "450 4.7.1 message rate limit exceeded for recipient lena@x.example",
    "450 4.7.1 Too many messages to recipient per hour",
    "552 5.2.2 recipient exceeded the daily limit of messages",
    "552 5.2.2 recipient exceeded sending limit",
    "552 5.2.2 recipient exceeded dropfile size quota",
    "452 4.2.2 The recipient has exceeded the maximum number of messages users can send to it",
    "550 5.7.1 Empfänger unbekannt",
    "551 5.7.1 User not local",
    "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized to send to this group",
    "550 5.7.1 You are not allowed to send mail to this recipient",
    "550 5.7.1 You do not have permission to send to this recipient",
    "550 5.7.1 Sender rejected by recipient: you are not allowed to send to this list",
    "550 User suspended",
    "550 recipient account suspended",
    "550 Account suspended: lena@schule.example",
    "550 5.7.1 user account temporarily disabled",
    "550 Message limit for recipient reached",
    "550 Recipient has exceeded the number of messages it can receive per hour",
    "550 The mail box of the recipient exceeded the daily limit",
    "550 5.7.1 The recipient's server limits mails from your domain",
    "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
    "554 5.2.2 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; "
    "mailbox full",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient lena@schule.example not found by SMTP "
    "address lookup",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
    "550 5.7.124 Sender not in allowed-senders list",
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents "
    "additional messages from being delivered. Please resend your message at a later time.",
    "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents "
    "additional messages from being delivered.",
    "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your "
    "message at a later time.",
    "452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient "
    "to https://support.google.com",
    "552 5.2.2 The email account that you tried to reach is over quota.",
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking "
    "the recipient's email address",
    "550 5.2.1 The email account that you tried to reach is disabled.",
    "550 Quota Exceeded",
    "550 Unknown User",
    "550 Requested action not taken: mailbox unavailable",
    "550 5.1.1 <lena@gmx.example> User is unknown {mx004}",
    "550 5.2.1 <lena@gmx.example> User is inactive",
    "550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.",
    "550 Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.",
    "552 5.2.2 Over STORAGE quota",
    "552 5.2.2 Mailbox full",
    "422 4.2.2 Quota limit exceeded (Speicherplatz des Kontos ueberschritten)",
    "550 5.1.1 <b@x.example> unknown",
    "550 5.1.1 <lena@schule.example>: Recipient address rejected: User unknown in local recipient table",
    "550 <lena@schule.example>: Recipient address rejected: User unknown in virtual mailbox table",
    "552 5.2.2 <lena@schule.example>: Recipient address rejected: Mailbox is full",
    "552 5.2.2 <lena@schule.example> Quota exceeded (mailbox for user is full)",
    "452 4.2.2 <lena@schule.example> Quota exceeded (mailbox for user is full)",
    "552 quota exceeded",
    "452 quota exceeded",
    "550 5.2.1 mailbox disabled",
    "550 5.2.0 No such mailbox",
    "554 delivery error: dd This user doesn't have a yahoo.de account [0]",
    "554 delivery error: dd Sorry your message to lena@yahoo.de cannot be delivered. This mailbox "
    "is disabled (554.30).",
    "552 5.2.1 <lena@schule.example>: Recipient address rejected: User disabled",
    "550 unrouteable address",
    "450 4.2.0 <lena@schule.example>: Recipient address rejected: Greylisted, see "
    "http://postgrey.schweikert.ch/help/x.html",
)
MAIL = (
    "550 Die Mail ist zu groß",
    "554 5.7.1 Attachment blocked: suspicious activity",
    "554 5.4.14 Hop count exceeded",
    "550 5.7.1 Anhänge dieses Typs sind unerwünscht",
    "554 Message score over limit",
    "550 Message contains too many recipients",
    "552 attachment exceeding daily limit",
    "550 message contains a DMARC report as attachment",
    "550 5.7.1 Message classified as spam, DMARC pass",
    "552 5.3.4 Message size exceeds fixed maximum message size",
    "554 5.2.0 MessageSubmissionExceededException.MapiExceptionMaxSubmissionExceeded; Message size "
    "exceeds maximum size limit.",
    "550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
    "552 5.7.0 This message was blocked because its content presents a potential security issue.",
    "571 5.7.1 message classified as spam (Nachricht als Spam eingestuft)",
    "550 5.7.1 Refused by local policy. No SPAM please! (B-EX "
    "155302::1746872527-DA5A4E5B-9B48BD03/20/8334951246) see https://www.strato-hosting.co.uk/faq",
    "554 5.7.1 message content rejected",
    "552 spam score (6.9) exceeded threshold (state 18)",
    "550 spam",
    "552 too large",
    "552 message size limit exceeded",
    "554 5.4.6 Routing loop detected: too many hops",
    "550 5.7.1 This message looks like spam and was not sent",
)
UNCLEAR = (
    "421 4.7.26 This mail is unauthenticated",
    "550 5.7.1 Absender darf an diese Liste nicht senden",
    "550 Kontingent des Empfängers überschritten",
    "550 Too many invalid recipients",
    "550 5.7.1 Unable to relay: address not local",
    "550 5.7.1 Relaying denied. Recipient not local",
    "550 User not local or invalid address - Relay denied",
    "550 recipient not local, authentication required",
    "554 Transaction failed Reject due to policy restrictions. For explanation visit "
    "https://postmaster.gmx.net/de/case?c=r0735&i=ip&v=185.79.233.85",
    "550 5.7.1 Refused by local policy (MBL-R)",
    "451 4.7.1 Greylisting in action, please come back later",
    "450 4.7.1 greylisted, come again in five minutes",
    "452 4.3.1 Insufficient system storage",
    "451 4.3.0 Temporary system problem. Try again later.",
    "554 5.7.1 blocked",
    "554 no",
    "554 5.7.1 <lena@gmx.example>: Relay access denied",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
    "https://www.spamhaus.org/query/ip/192.0.2.1",
    "550 5.2.0 STOREDRV.Submission.Exception:ObjectNotFoundException; Failed to process message",
    "550 Administrative prohibition",
)


def about(reply: str) -> About:
    code, _, text = reply.partition(" ")
    return classify(int(code), text).about


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        pytest.param(ACCOUNT, About.ACCOUNT, id="account"),
        pytest.param(DOMAIN, About.DOMAIN, id="domain"),
        pytest.param(RECIPIENT, About.RECIPIENT, id="recipient"),
        pytest.param(MAIL, About.MAIL, id="size or content"),
        pytest.param(UNCLEAR, About.UNCLEAR, id="unclear"),
    ],
)
def test_replies_are_classified_by_code_and_words(replies: tuple[str, ...], expected: About) -> None:
    assert {reply: found for reply in replies if (found := about(reply)) is not expected} == {}


def test_words_within_addresses_and_links_are_ignored() -> None:
    assert (
        about("554 5.7.1 <limit@schule.example> refused, see https://x.example/rate-limit") is About.UNCLEAR
    )


def test_every_rule_has_a_reason_and_a_reply_that_needs_it() -> None:
    replies = (*ACCOUNT, *DOMAIN, *RECIPIENT, *MAIL, *UNCLEAR)
    used = {classify(int(reply[:3]), reply[4:]) for reply in replies}
    assert [rule for rule in RULES if rule not in used or not rule.reason] == []


def test_enhanced_status_code_is_at_the_beginning_or_after_a_number_sign(subtests: pytest.Subtests) -> None:
    for text, status in [
        ("5.1.1 no such user", "1.1"),
        ("sorry, too many emails (#5.7.1)", "7.1"),
        ("refused for 5.7.1.2", ""),
        ("5.7.1.2 is blocked", ""),
        ("no", ""),
    ]:
        with subtests.test(text=text):
            assert enhanced_status(text) == status


def test_shape_of_a_reply_ignores_addresses_ids_and_numbers() -> None:
    one = "5.7.1 <lena@schule.example>: blocked by policy 17, id A1B2C3 (https://x.example/a)"
    other = "5.7.1 <max@support.example>: blocked by policy 4, id Z9Y8 (https://x.example/b)"
    assert shape(one) == shape(other) == "blocked by policy id"
    assert shape(one) != shape("5.7.1 <lena@schule.example>: refused by policy 17")
