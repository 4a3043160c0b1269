"""A certificate for localhost, for tests over TLS."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path


@cache
def create_certificate() -> tuple[Path, Path]:
    """Returns the files of a certificate that signs itself and of its key; creates them once in each test process."""
    directory = Path(tempfile.mkdtemp())
    certificate, key = directory / "cert.pem", directory / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    keys = ["-newkey", "rsa:2048", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *keys, *names], check=True, capture_output=True)
    return certificate, key
