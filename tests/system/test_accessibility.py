"""axe-core finds no violation in any sample mail, in light and in dark mode."""

import json
import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from mailbot import samples
from mailbot.handouts import BROWSERS
from tests.support.rendered_samples import rendered

AXE = Path(__file__).parents[1] / "support" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
DARK = "(prefers-color-scheme: dark)"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=86400000")
SECONDS = 600  # of a loaded machine; an idle one needs thirty
LANGUAGES = ("de", "en", "fr")
PAGE = """<!DOCTYPE html><html lang="en"><title>axe</title><script>%s</script><script>
const pages = %s;
(async () => {
  const found = [];
  for (const [name, html] of pages) {
    const page = new DOMParser().parseFromString(html, "text/html");
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
    const result = await axe.run(document, {resultTypes: ["violations"]});
    for (const rule of result.violations)
      for (const node of rule.nodes) found.push([name, rule.id, node.html]);
  }
  document.documentElement.textContent = "";
  const result = btoa(encodeURIComponent(JSON.stringify(found)));
  document.documentElement.append(document.createComment("RESULT" + result));
})();
</script></html>"""


@pytest.mark.xdist_group("all samples")  # one process renders them
@pytest.mark.skipif(
    BROWSER is None, reason="no Chromium in PATH; install it, for example by apt install chromium"
)
@pytest.mark.skipif(not AXE.exists(), reason="no axe-core; install it by npm ci --prefix tests/support/axe")
def test_no_mail_violates_a_rule_of_axe_core(tmp_path: Path) -> None:
    mails = {
        f"{language} {name}": rendered(name, language).html
        for language in LANGUAGES
        for name in samples.notifications(language)
    }
    assert all(html.count(DARK) == 1 for html in mails.values())
    assert all(f'<html lang="{name[:2]}">' in html for name, html in mails.items())
    shortest_first = sorted(mails.items(), key=lambda item: len(item[1]))
    different = {structure(html): (name, html) for name, html in shortest_first}.values()
    pages = {f"{name}, light": html.replace(DARK, "not all") for name, html in different}
    pages |= {f"{name}, dark": html.replace(DARK, "all") for name, html in different}
    broken = mails["de receipt"].replace('role="main"', "").replace("#5b6673", "#aab2bb")
    found = violations(pages | {"broken": broken}, tmp_path)
    assert {"color-contrast", "landmark-one-main"} <= {rule for name, rule, _ in found if name == "broken"}
    assert [line for line in found if line[0] != "broken"] == []


def structure(html: str) -> str:
    """Return the page without its words, links and language: of pages that differ in them one is checked."""
    html = re.sub(r"(?<!<style)>[^<]*[^<\s][^<]*<", ">x<", html)
    return re.sub(r'(href|alt|lang)="[^"]+"', r'\1="x"', html)


def violations(pages: Mapping[str, str], directory: Path) -> list[list[str]]:
    """Return the name of a page, the rule that it violates, and the HTML of the element."""
    page = directory / "page.html"
    data = json.dumps(list(pages.items())).replace("</", "<\\/")
    page.write_text(PAGE % (AXE.read_text("utf-8"), data), encoding="utf-8")
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={directory / 'profile'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS, text=True)
    result = re.search("<!--RESULT(.*?)-->", done.stdout)
    assert result is not None, done.stderr
    found: list[list[str]] = json.loads(unquote(b64decode(result[1]).decode()))
    return found
