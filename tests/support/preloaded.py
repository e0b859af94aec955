"""What each fork of mailbot has in memory: its modules, and the compiled templates of German mails."""

from mailbot import samples
from mailbot.runtime import daemon, reload_result, run_once  # noqa: F401 - imported before the fork
from mailbot.service import bootstrap  # noqa: F401
from mailbot.store import backup, migrations  # noqa: F401
from tests.support.rendered_samples import rendered

for name in samples.notifications("de"):
    rendered(name)
