"""Print the lower bounds of setup.cfg as exact pins, one a line: what the oldest supported installation holds.

``python .ci/lower_bounds.py > pins.txt`` and then ``pip install -r pins.txt``.  The tools of the extra
``test`` are pinned already and are printed as they are.
"""

import configparser
import pathlib
import re

SETUP = pathlib.Path(__file__).parent.parent / "setup.cfg"


def pin(requirement: str) -> str:
    """Turn ``name >= version ; marker`` into ``name == version ; marker``; other bounds are refused."""
    match = re.fullmatch(r"([\w.-]+)\s*[>=]=\s*([\w.]+)\s*(;.*)?", requirement)
    if not match:
        raise ValueError(f"setup.cfg: wanted `name >= version`, got {requirement!r}")
    name, version, marker = match.groups()
    return f"{name}=={version} {marker or ''}".strip()


def requirements(section: str, option: str) -> list[str]:
    """Lines of one list of requirements in setup.cfg."""
    config = configparser.ConfigParser()
    config.read(SETUP, encoding="utf-8")
    return [line for line in config[section][option].splitlines() if line.strip()]


if __name__ == "__main__":
    for line in requirements("options", "install_requires") + requirements("options.extras_require", "test"):
        print(pin(line))
