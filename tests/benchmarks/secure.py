"""A sandbox behind TLS, as Beam is: `python -m tests.benchmarks.secure FOLDER` prints its address once it listens.

FOLDER gets `trusted.pem`: what this machine trusts by itself, and the certificate that was made for the sandbox.
"""

import ssl
import sys
from pathlib import Path

import uvicorn

from beam_mcp.sandbox.app import build
from beam_mcp.sandbox.serve import _listener as listener_on  # pyright: ignore[reportPrivateUsage] - no answer is late
from beam_mcp.sandbox.world import World
from tests.faults.addresses import certified

TRUSTED = "trusted.pem"


def main(folder: Path) -> None:
    """Serve until killed."""
    own = folder / "certificate 1.pem"
    certified(folder, 1)
    _, begins, certificate = own.read_text(encoding="utf-8").partition("-----BEGIN CERTIFICATE")
    others = map(ssl.DER_cert_to_PEM_cert, ssl.create_default_context().get_ca_certs(binary_form=True))
    (folder / TRUSTED).write_text("".join([*others, begins, certificate]), encoding="utf-8")
    listener = listener_on("127.0.0.1", 0)
    config = uvicorn.Config(build(World()), http="h11", ws="none", log_level="error", ssl_certfile=own)
    print(f"https://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
