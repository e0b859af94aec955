"""Print the copyright file of the package: our licence, and those of the libraries in a directory.

`PYTHONPATH=.ci python -m release.licences DIRECTORY`. A library's own licence texts stay in the directory.
"""

import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = """\
mailbot
=======

{licence}
Libraries
=========

/usr/lib/mailbot contains these libraries as their authors publish them on https://pypi.org/. Their copyright
notices and licence texts are in the directory NAME-VERSION.dist-info of each. On Debian, the LGPL is in
/usr/share/common-licenses/LGPL-3, the Apache License in /usr/share/common-licenses/Apache-2.0, and the
Mozilla Public License in /usr/share/common-licenses/MPL-2.0.

"""


def copyright_file(directory: Path) -> str:
    """Return the copyright file; raise LookupError for a library that states no licence."""
    found = sorted(distributions(path=[str(directory)]), key=lambda library: library.name.lower())
    rows = [
        f"{library.name} {library.version}: {licence(library)}"
        for library in found
        if library.name != "mailbot"
    ]
    return HEAD.format(licence=(ROOT / "LICENSE").read_text("utf-8")) + "\n".join(rows) + "\n"


def licence(library: Distribution) -> str:
    """Return the licence of a library by its metadata: expression, classifiers, field, or file."""
    metadata = library.metadata.json
    prefix = "License :: OSI Approved :: "
    names = [c.removeprefix(prefix) for c in metadata.get("classifier", ()) if c.startswith(prefix)]
    stated = metadata.get("license_expression") or " or ".join(names) or metadata.get("license")
    files = [file for file in library.files or () if file.name.startswith(("LICENSE", "LICENCE", "COPYING"))]
    if not stated and not files:
        raise LookupError(f"{library.name} states no licence")
    return str(stated).splitlines()[0] if stated else f"see {files[0]}"


if __name__ == "__main__":
    sys.stdout.write(copyright_file(Path(sys.argv[1])))
