"""The README and the manual do what they say: each page is run, what it prints is what it shows.

A page runs in a folder of its own, from top to bottom, in one namespace.  Blocks marked ``python`` and ``sh``
are executed; a block marked ``text`` right below one is all that it prints, numbers to nine digits.  Blocks that import
a library that is optional are left out where it is not installed.
"""

import importlib.util
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import fields

import pytest

from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARK = "\x1e"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


def is_run(block):
    """Whether a block is executed here."""
    wanted = re.findall(r"^import (jax|torch)\b", block[2], re.MULTILINE)
    return block[1] in ("python", "sh") and all(importlib.util.find_spec(name) for name in wanted)


def program(text):
    """The page as one Python program whose lines are numbered as the page's."""
    lines = ["" for _ in text.splitlines()]
    for block in BLOCK.finditer(text):
        first, last = text.count("\n", 0, block.start()), text.count("\n", 0, block.end())
        if not is_run(block):
            continue
        if block[1] == "python":
            lines[first + 1 : last] = block[2].splitlines()
        else:
            lines[first] = f"__import__('subprocess').run(['bash', '-euc', {block[2]!r}], check=True)"
        lines[last] = f"print({MARK!r}, flush=True)"
    return "\n".join(lines)


def shown(text):
    """What each executed block prints according to the page."""
    result, last = [], None
    for block in BLOCK.finditer(text):
        if block[1] in ("python", "sh"):
            if is_run(block):
                result.append("")
            last = block.end() if is_run(block) else None
        elif block[1] == "text" and last is not None and not text[last : block.start()].strip():
            result[-1] = block[2]
    return result


def run(text, folder, name):
    """What each executed block of a page really prints."""
    for file in (ROOT / "docs").glob("*.toml"):
        shutil.copy(file, folder)
    command = folder / "bin" / "pseudoarc"  # the command of these sources, installed or not
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from continuation.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    page = folder / name
    page.write_text(program(text), "utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, page], cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{name} failed:\n{done.stderr}"
    return done.stdout.split(MARK + "\n")[:-1]


def same(want, got):
    """Whether two texts agree: words exactly, numbers to nine digits, spaces not at all."""
    if NUMBER.sub("#", want).split() != NUMBER.sub("#", got).split():
        return False
    pairs = zip(NUMBER.findall(want), NUMBER.findall(got))
    return all(math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-9) for a, b in pairs)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_does_what_it_says(page, tmp_path):
    if page.name == "proofs.md":
        pytest.importorskip("flint", reason="proofs need the extra [proof]")
    text = page.read_text("utf-8")
    for number, (want, got) in enumerate(zip(shown(text), run(text, tmp_path, page.name), strict=True), start=1):
        assert same(want, got), f"{page.name}, executed block {number} prints:\n{got}\nbut the page shows:\n{want}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        assert "://" in target or (page.parent / target).exists(), f"{page.name}: no {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_are_of_a_known_kind(page):
    kinds = {block[1] for block in BLOCK.finditer(page.read_text("utf-8"))}
    assert kinds <= {"python", "sh", "text", "toml", "console"}
    assert kinds & {"python", "sh"}


def kinds_in(folder):
    """Names of the kinds whose files stand in a folder of `continuation/kinds`."""
    files = (ROOT / "continuation" / "kinds" / folder).glob("*.py")
    return [name for file in sorted(files) for name in re.findall(r"\bkind=Kind\.(\w+)", file.read_text("utf-8"))]


def test_every_kind_has_its_table():
    known = [name for folder in ("on_branches", "on_curves", "on_cycle_curves") for name in kinds_in(folder)]
    assert sorted(known) == sorted(Kind.__members__)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("settings.md", [f.name for f in fields(Settings)]),
        ("errors.md", list(Status.__members__)),
        ("reading_a_diagram.md", kinds_in("on_branches")),
        ("two_parameters.md", kinds_in("on_curves")),
        ("periodic_orbits.md", kinds_in("on_cycle_curves")),
    ],
)
def test_tables_are_complete(page, words):
    rows = [line for line in (ROOT / "docs" / page).read_text("utf-8").splitlines() if line.startswith("| ")]
    assert [word for word in words if not any(f"`{word}`" in row for row in rows)] == []


def test_a_wrong_number_is_noticed():
    assert same("x = 2\n", "x =  1.99999999999999\n")
    assert same("-1e-12 0", "0 0")
    assert not same("x = 2.000001\n", "x = 2\n")
    assert not same("x = 2\n", "y = 2\n")
    assert not same("", "warning\n")


def test_an_error_names_the_line_of_the_page(tmp_path):
    text = "# Page\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n```sh\necho two\n```\n\n```python\n1 / 0\n```\n"
    assert shown(text) == ["1\n", "", ""]
    with pytest.raises(AssertionError, match=r'page\.md", line 16'):
        run(text, tmp_path, "page.md")


def test_python_and_shell_share_a_folder(tmp_path):
    blocks = {"python": "x = 5\nprint(x, file=open('a', 'w'))\n", "sh": "cat a\n", "text": "5\n"}
    text = "\n".join(f"```{kind}\n{code}```\n" for kind, code in blocks.items()) + "```python\nprint(x)\n```\n"
    assert run(text, tmp_path, "page.md") == ["", "5\n", "5\n"]
    assert shown(text) == ["", "5\n", ""]
