"""What the bundle starts, as server.py beside the package: the folders that a person chose become one option again."""

import os
import runpy
import sys


def joined(words: list[str]) -> list[str]:
    """These arguments with the values of each flag as one, separated as in PATH."""
    flags: list[list[str]] = []
    for word in words:
        if word.startswith("--"):
            flags.append([word])
        else:
            flags[-1].append(word)
    return [word for name, *values in flags for word in (name, os.pathsep.join(values))]


if __name__ == "__main__":
    sys.argv[1:] = joined(sys.argv[1:])
    runpy.run_module("beam_mcp.cli", run_name="__main__")
