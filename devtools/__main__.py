"""`python -m etscope.devtools`: the command line where its entry point is not on the path."""

from __future__ import annotations

import sys

from etscope.devtools.cli import main

if __name__ == "__main__":
    sys.exit(main())
