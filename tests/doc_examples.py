"""Take the examples out of a page of the documentation, run them in order, compare their output.

A fenced block with a title is a file that the reader saves; ``sh`` and ``python`` blocks are run in
one folder and one namespace a page; a ``text`` block right after one of them is what it prints.
``...`` in it stands for anything, and numbers may differ a little: processors round differently.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import ROOT

__all__ = ["Block", "Page", "same_output"]

_FENCE = re.compile(r"^```[ ]?(\w+)?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"(\.\.\.|[#-]{10}|\d+(?:\.\d+)?%|\d+\.\d+|\s+)")

COMMAND = """#!{python}
import sys
from ka2nlp.cli.main import main, verbs
ONLY_PARSED = {{"serve": "it runs until it is stopped"}}
if sys.argv[1] in ONLY_PARSED:
    verbs.get_command(None, sys.argv[1]).make_context(sys.argv[1], sys.argv[2:])
    sys.exit()
sys.exit(main())
"""
PIP = """#!{python}
import re, sys, tomllib
extras = tomllib.load(open("{root}/pyproject.toml", "rb"))["project"]["optional-dependencies"]
named = set(",".join(re.findall(r"\\[(.+?)\\]", " ".join(sys.argv))).split(",")) - {{""}}
sys.exit(f"no extra {{named - set(extras)}}" if named - set(extras) else 0)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its title if any, its text, and its line in the page."""

    language: str
    title: str
    text: str
    line: int


class Page:
    """A page whose examples run in a folder of its own."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.namespace: dict[str, Any] = {"__name__": "__main__"}

    def blocks(self) -> list[Block]:
        text = self.path.read_text(encoding="utf-8")
        return [
            Block(
                match[1] or "",
                found[1] if (found := re.search(r'title="(.+?)"', match[2])) else "",
                match[3],
                text.count("\n", 0, match.start()) + 1,
            )
            for match in _FENCE.finditer(text)
        ]

    def run(self) -> int:
        """Run all examples; count them."""
        _write_programs(self.folder / ".bin")
        (self.folder / "corpus").symlink_to(ROOT / "corpus")
        blocks, n_run = self.blocks(), 0
        for block, after in zip(blocks, [*blocks[1:], None], strict=True):
            if block.title:
                (self.folder / block.title).write_text(block.text, encoding="utf-8")
            elif block.language in ("sh", "python"):
                n_run += 1
                printed = self._shell(block) if block.language == "sh" else self._python(block)
                if after is not None and after.language == "text" and not after.title:
                    place = f"{self.path}:{block.line}"
                    assert same_output(printed, after.text), f"{place} printed:\n{printed}"
        return n_run

    def _shell(self, block: Block) -> str:
        paths = os.pathsep.join([str(self.folder / ".bin"), os.environ["PATH"]])
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env={**os.environ, "PATH": paths, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
            capture_output=True,
            text=True,
        )
        place = f"{self.path}:{block.line}"
        assert done.returncode == 0, f"{place} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def _python(self, block: Block) -> str:
        code = compile("\n" * block.line + block.text, str(self.path), "exec")
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.namespace)  # noqa: S102
        return printed.getvalue()


def _write_programs(folder: Path) -> None:
    """Put programs on the path: ka2nlp of this tree, and a pip that only checks the extras."""
    folder.mkdir()
    for name, source in (("ka2nlp", COMMAND), ("pip", PIP)):
        program = folder / name
        program.write_text(source.format(python=sys.executable, root=ROOT), encoding="utf-8")
        program.chmod(0o755)


def same_output(printed: str, expected: str) -> bool:
    """Compare all but white space; percentages may differ by 3, decimal fractions by 0.03."""
    pattern, wanted = "", []
    for token in _TOKEN.split(expected.strip()):
        if re.fullmatch(r"\d+(\.\d+)?%|\d+\.\d+", token):
            percent = "%" * token.endswith("%")
            pattern += r"(\d+(?:\.\d+)?)" + percent
            wanted.append((float(token.rstrip("%")), 3.0 if percent else 0.03))
        elif re.fullmatch(r"[#-]{10}", token):
            pattern += "[#-]{10}"
        else:
            pattern += r"\s+" if token.isspace() else re.escape(token).replace(r"\.\.\.", ".*")
    found = re.fullmatch(pattern, printed.strip(), re.DOTALL)
    return found is not None and all(
        abs(float(got) - number) <= room
        for got, (number, room) in zip(found.groups(), wanted, strict=True)
    )
