"""`python -m beam_mcp.sandbox`: the sandbox alone, for a reviewer with curl."""

from beam_mcp.sandbox.serve import main

if __name__ == "__main__":
    main()
