"""With many schools a call stays quick: certificates are read once, a silent server is waited for once."""

import os
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from mailbot.check import servers
from mailbot.check.result import CheckResult
from mailbot.config import Secret, SmtpAccount
from mailbot.network import tls_context
from tests.support.scenario import GYM, HANNA, HBG, MAX, MAX_AT_HOME, POLICY

ACCOUNT = SmtpAccount("mail.example", 587, "starttls", "gym", Secret("x"))


def test_connections_share_the_certificates_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    authorities = [trustme.CA(), trustme.CA()]
    authorities[0].cert_pem.write_to_path(str(file))
    first = tls_context(file)
    assert tls_context(file) is first
    authorities[1].cert_pem.write_to_path(str(file))
    os.utime(file, ns=(1, 1))  # a file system may have coarse times
    second = tls_context(file)
    assert second is not first
    assert second.get_ca_certs() != first.get_ca_certs()
    file.unlink()
    with pytest.raises(ssl.SSLError, match="cannot be read"):
        tls_context(file)


def test_a_server_that_does_not_answer_is_not_tried_for_each_school(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tried = [0.0], []
    monkeypatch.setattr(servers, "monotonic", lambda: now[0])
    silent = servers.SilentServers()

    def check(seconds: float, ok: bool, port: int = 587) -> CheckResult:
        def attempt() -> list[CheckResult]:
            tried.append(port)
            now[0] += seconds
            return [CheckResult(ok, "", "")]

        school = GYM if len(tried) < 3 else HBG
        return silent.check(school, replace(ACCOUNT, port=port), attempt)[0]

    assert not check(1.0, ok=False).ok, "refused at once: the next school may have a right password"
    assert check(servers.TIMEOUT, ok=True).ok
    assert not check(servers.TIMEOUT, ok=False).ok
    result = check(0.0, ok=True)
    assert (result.ok, result.text) == (False, "not tried: the server did not answer for GYM within 20 s")
    assert check(0.0, ok=True, port=465).ok, "another server"
    assert tried == [587, 587, 587, 465]


def test_a_policy_with_other_schools_knows_their_people_and_no_others() -> None:
    hanna = HBG.team.members[0]
    at_home = replace(hanna, address=MAX_AT_HOME, aliases=("max@heisenberg.example",))
    policy = replace(POLICY, schools=(replace(GYM, team=replace(GYM.team, members=(hanna, at_home))),))
    assert policy.school("gym") == policy.schools[0]
    assert policy.school(HBG.key) is None
    assert policy.support_addresses == {GYM.address}
    assert policy.domains == {"schule.example", "support.example", "stadt.example", "zuhause.example"} | {
        "heisenberg.example"
    }
    assert policy.find_member(MAX) is None
    assert policy.addresses(MAX_AT_HOME) == {MAX_AT_HOME, "max@heisenberg.example"}
    assert policy.colleagues(HANNA) == (at_home,)
    both = replace(policy, schools=(GYM, policy.schools[0]))
    assert both.addresses(MAX_AT_HOME) == {MAX, MAX_AT_HOME, "max@heisenberg.example"}
    assert both.registered(MAX_AT_HOME) == MAX, "the first school's team is asked first"
