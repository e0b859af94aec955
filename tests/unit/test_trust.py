"""Whether From is authenticated: header fields as servers and forgers write them."""

from collections.abc import Collection

import pytest

from mailbot.core.classify.trust import Evidence, Trust
from mailbot.core.classify.trust import trust as judge
from mailbot.core.model.facts import SentMail
from mailbot.core.model.mail import Address, Mail
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.parse import parse
from tests.support.mail_builder import mail

MAX = "max@support.example"
US = "mx.schule.example"


def trust(
    found: Mail,
    authserv_id: str,
    answered: SentMail | None,
    keyed: SentMail | None,
    own: Collection[str] = (),
    parents: Collection[str] = ("support.example",),
) -> Trust:
    """Judge a mail by its evidence."""
    return judge(Evidence(found, authserv_id, answered, keyed, own, parents))


PROOFS = [
    ("rspamd", f"{US}; dkim=pass header.d=support.example header.s=2024 header.b=abc; spf=pass"
     " (mx.schule.example: domain of max@support.example designates 192.0.2.1 as permitted sender)"
     " smtp.mailfrom=max@support.example; dmarc=pass (policy=reject) header.from=support.example"),
    ("gmail", f"{US};\r\n       dkim=pass header.i=@support.example header.s=20230601 header.b=V1;\r\n"
     "       spf=pass (google.com: domain of max@support.example designates 2a00::1 as permitted sender)"
     " smtp.mailfrom=max@support.example;\r\n       dmarc=pass (p=NONE sp=QUARANTINE dis=NONE)"
     " header.from=support.example"),
    ("opendmarc", f"{US}; dmarc=pass (p=none dis=none) header.from=support.example"),
    ("dmarc without its domain", f"{US}; dmarc=pass"),
    ("version after the authserv-id", f"{US} 1; dmarc=pass header.from=support.example"),
    ("version of the method", f"{US}; dkim/1=pass header.d=support.example"),
    ("any case", f"{US.upper()}; DMARC=PASS header.FROM=Support.Example"),
    ("quoted authserv-id", f'"{US}"; dmarc=pass header.from=support.example'),
    ("quoted value", f'{US}; dkim=pass reason="good; really" header.d="support.example"'),
    ("comments everywhere", f"(ours) {US} (a (nested; one))"
     f"; (b) spf = (c) pass smtp.mailfrom = support.example"),
    ("dkim of the parent domain", f"{US}; dkim=pass header.d=example.support.example"
     "; dkim=pass header.d=support.example"),
    ("spf by domain only", f"{US}; spf=pass smtp.mailfrom=support.example"),
    ("the second of two signatures", f"{US}; dkim=pass header.d=list.example"
     f"; dkim=pass header.i=@support.example"),
    ("one passes, one fails", f"{US}; spf=fail smtp.mailfrom=x@support.example"
     f"; dkim=pass header.d=support.example"),
]  # fmt: skip

NO_PROOFS = [
    ("nothing", ""),
    ("none", f"{US}; none"),
    ("another server", "mx.evil.example; dmarc=pass header.from=support.example"),
    ("a server whose name begins like ours", f"{US}.evil.example; dmarc=pass header.from=support.example"),
    ("microsoft without authserv-id", "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=support.example;"
     " dkim=pass (signature was verified) header.d=support.example;dmarc=pass action=none"
     " header.from=support.example;compauth=pass reason=100"),
    ("dmarc of another domain", f"{US}; dmarc=pass header.from=evil.example"),
    ("dmarc of a look-alike", f"{US}; dmarc=pass header.from=supp0rt.example"),
    ("dmarc of a domain that ends alike", f"{US}; dmarc=pass header.from=notsupport.example"),
    ("dmarc of a subdomain", f"{US}; dmarc=pass header.from=evil.support.example"),
    ("dkim not aligned", f"{US}; dkim=pass header.d=evil.example"),
    ("dkim of a subdomain", f"{US}; dkim=pass header.d=user.support.example"),
    ("dkim of a top-level domain", f"{US}; dkim=pass header.d=example"),
    ("dkim without a domain", f"{US}; dkim=pass"),
    ("spf not aligned", f"{US}; spf=pass smtp.mailfrom=bounce@evil.example"),
    ("spf of HELO", f"{US}; spf=pass smtp.helo=support.example"),
    ("all fail", f"{US}; dkim=fail header.d=support.example; spf=softfail smtp.mailfrom=support.example;"
     " dmarc=fail header.from=support.example"),
    ("other results", f"{US}; dmarc=bestguesspass header.from=support.example; dkim=none; spf=neutral"),
    ("other methods", f"{US}; arc=pass header.d=support.example; auth=pass smtp.auth=max@support.example"),
    ("pass in a comment", f"{US}"
     f"; (dmarc=pass header.from=support.example) dmarc=fail header.from=support.example"),
    ("pass in a comment that never ends", f"{US}; dmarc=fail (dmarc=pass"
     f"; dmarc=pass header.from=support.example"),
    ("pass in quotation marks", f'{US}; dmarc=fail reason="; dmarc=pass header.from=support.example"'),
    ("pass in a quoted local part", f'{US}; spf=fail smtp.mailfrom="; dmarc=pass ;"@evil.example'),
    ("our domain in a quoted local part", f'{US}; spf=pass smtp.mailfrom="x@support.example"@evil.example'),
    ("a property twice", f"{US}; spf=pass smtp.mailfrom=evil.example smtp.mailfrom=support.example"),
    ("an escaped quotation mark", f'{US}; spf=fail smtp.mailfrom="\\"; dmarc=pass; \\""@evil.example'),
]  # fmt: skip


def from_max(*results: str) -> Mail:
    """Return a mail of Max with these header fields, the topmost first."""
    headers = (("authentication-results", " ".join(value.split("\r\n"))) for value in results)
    return Mail(senders=(Address(MAX),), headers=(("from", MAX), *headers))


def test_authentication_result_proves_the_sender(subtests: pytest.Subtests) -> None:
    for name, value in PROOFS:
        with subtests.test(name):
            assert trust(from_max(value), US, None, None).trusted


def test_authentication_result_proves_nothing(subtests: pytest.Subtests) -> None:
    for name, value in NO_PROOFS:
        with subtests.test(name):
            assert not trust(from_max(value), US, None, None).trusted


def test_results_are_ignored_without_a_configured_authserv_id(subtests: pytest.Subtests) -> None:
    for name, value in PROOFS:
        with subtests.test(name):
            assert not trust(from_max(value), "", None, None).trusted


def test_only_the_topmost_result_of_our_server_is_used() -> None:
    good, bad = f"{US}; dmarc=pass", f"{US}; dmarc=fail"
    assert trust(from_max(good, bad), US, None, None).trusted
    assert not trust(from_max(bad, good), US, None, None).trusted


def test_results_of_other_servers_above_ours_are_skipped() -> None:
    assert trust(from_max("relay.example; dkim=fail", f"{US}; dmarc=pass"), US, None, None).trusted


@pytest.mark.parametrize("domain", ["schule.support.example", "a.b.support.example"])
def test_parent_domain_of_the_organisation_proves_its_subdomains(domain: str) -> None:
    below = Mail(
        senders=(Address(f"max@{domain}"),),
        headers=from_max(f"{US}; dkim=pass header.d=support.example").headers,
    )
    assert trust(below, US, None, None).trusted


def sent(to: str = MAX) -> SentMail:
    """Return a mail that the desk sent."""
    return SentMail(to, Role.SUPPORTER, NotificationKind.NEW_TICKET, "GYM-1", shows=(("GYM-1", None),))


def test_answer_to_a_mail_sent_to_this_person_is_trusted() -> None:
    assert trust(from_max(), US, sent(), None).trusted


def test_action_key_of_a_mail_sent_to_this_person_is_trusted() -> None:
    assert trust(from_max(), US, None, sent()).trusted


def test_mail_or_key_of_another_person_is_not_trusted(subtests: pytest.Subtests) -> None:
    for to in ["erika@support.example", "lena@schule.example", ""]:
        with subtests.test(to=to):
            assert not trust(from_max(), US, sent(to), None).trusted
            assert not trust(from_max(), US, None, sent(to)).trusted
            assert "another address" in trust(from_max(), US, sent(to), None).reason


def test_own_action_key_in_an_answer_to_a_forwarded_mail_is_trusted() -> None:
    assert trust(from_max(), US, sent("erika@support.example"), sent()).trusted


def test_other_registered_address_of_a_person_is_trusted() -> None:
    home = Mail(senders=(Address("max@zuhause.example"),), headers=(("from", "max@zuhause.example"),))
    assert trust(home, US, sent(), None, {MAX, "max@zuhause.example"}).trusted
    assert not trust(home, US, sent(), None).trusted


def test_mail_with_no_or_several_from_addresses_is_not_trusted(subtests: pytest.Subtests) -> None:
    for senders in [(), (Address(MAX), Address("eve@evil.example")), (Address(MAX),) * 2]:
        with subtests.test(senders=senders):
            several = Mail(senders=senders, headers=from_max(f"{US}; dmarc=pass").headers)
            assert not trust(several, US, sent(), sent()).trusted


def test_mail_with_a_misleading_from_is_not_trusted(subtests: pytest.Subtests) -> None:
    for sender in [
        f"{MAX}, eve@evil.example",
        f'"{MAX}" <eve@evil.example>',
        f"{MAX} <eve@evil.example>",
        "=?utf-8?q?max=40support=2Eexample?= <eve@evil.example>",
        "eve@evil.example",
        "max@support.example.evil.example",
        "Max Mustermann",
        "",
    ]:
        with subtests.test(sender=sender):
            built = (
                mail()
                .sender(sender)
                .header("Authentication-Results", f"{US}; dmarc=pass header.from=evil.example")
            )
            found = parse(built.text("#close").build())
            believed = trust(found, US, sent(), sent()).trusted
            assert not (believed and found.sender is not None and found.sender.email == MAX)


def test_folded_authentication_results_are_read() -> None:
    value = f"{US};\n\tdkim=pass (2048-bit key;\n unprotected) header.d=support.example;\n dmarc=pass"
    found = parse(mail().sender(MAX).header("Authentication-Results", value).text("x").build())
    assert trust(found, US, None, None).trusted


def test_every_trust_decision_has_a_reason() -> None:
    reasons = {
        trust(from_max(), US, sent(), None).reason,
        trust(from_max(), US, None, sent()).reason,
        trust(from_max(f"{US}; dmarc=pass"), US, None, None).reason,
        trust(from_max(), US, None, None).reason,
        trust(from_max(), US, sent("x@y.example"), None).reason,
        trust(Mail(), US, None, None).reason,
    }
    assert len(reasons) == 6


@pytest.mark.parametrize(
    ("sender", "shared"), [("max@schule.co.uk", "co.uk"), ("max@schule.github.io", "github.io")]
)
def test_shared_domain_does_not_prove_its_subdomains(sender: str, shared: str) -> None:
    results = f"{US}; dkim=pass header.d={shared}; spf=pass smtp.mailfrom=x@{shared}"
    found = Mail(senders=(Address(sender),), headers=(("from", sender), ("authentication-results", results)))
    assert not trust(found, US, None, None).trusted


def test_domains_are_compared_as_a_labels(subtests: pytest.Subtests) -> None:
    for sender, claimed, passes in [
        ("eva@weissgasse.example", "weißgasse.example", False),
        ("eva@weissgasse.example", "WEISSGASSE.example.", True),
        ("eva@weißgasse.example", "weißgasse.example", True),
        ("eva@weißgasse.example", "xn--weigasse-sya.example", True),
        ("eva@weißgasse.example", "weissgasse.example", False),
        ("eva@οδοσ.example", "οδος.example", False),
        ("eva@weissgasse.example", "wei\u017f\u017fgasse.example", False),
        ("eva@weissgasse.example", "ｗeissgasse.example", False),
        ("eva@köln.example", "KO\u0308LN。example", True),
    ]:
        with subtests.test(sender=sender):
            for result in (f"dmarc=pass header.from={claimed}", f"spf=pass smtp.mailfrom=jörg@{claimed}"):
                made = mail().sender(sender).header("Authentication-Results", f"{US}; {result}")
                assert trust(parse(made.build()), US, None, None, (), ()).trusted is passes, result
