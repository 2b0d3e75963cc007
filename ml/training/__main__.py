"""All recipes behind one command.

    python -m ml.training NAME --data DIR --work DIR …        (make train-NAME DATA=DIR WORK=DIR ARGS='…')

NAME is one of RECIPES; `--help` after it lists its options.
"""

import runpy
import sys
from typing import Final

RECIPES: Final = ("face", "expression", "landmarks", "verification", "gan")


def main() -> None:
    """Run the named recipe with the arguments that follow."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in RECIPES:
        sys.exit(f"usage: python -m ml.training NAME --data DIR --work DIR …; NAME is one of {', '.join(RECIPES)}")
    del sys.argv[1]
    runpy.run_module(f"ml.training.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
