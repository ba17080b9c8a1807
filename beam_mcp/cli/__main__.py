"""`python -m beam_mcp.cli` is the same as `beam-mcp`."""

import sys

from beam_mcp.cli.start import main

sys.exit(main())
