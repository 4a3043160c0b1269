"""A local replacement for frpc, the program that Gradio runs for a public link: relays a local port to the app."""

import os
import stat
import sys
from pathlib import Path

RELAY = """#!{python}
import argparse, asyncio

parser = argparse.ArgumentParser()
parser.add_argument("-i", dest="host")
parser.add_argument("-l", dest="port", type=int)
options, _ = parser.parse_known_args()


async def copy(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


async def relay(reader, writer):
    target = await asyncio.open_connection(options.host, options.port)
    await asyncio.gather(copy(reader, target[1]), copy(target[0], writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"start proxy success: http://127.0.0.1:{{port}}", flush=True)
    await server.serve_forever()


asyncio.run(main())
"""


def no_network(home: Path) -> dict[str, str]:
    """Returns an environment in which Gradio has no frpc and cannot download it."""
    closed = "127.0.0.1:9"  # the discard port: nothing listens there
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), f"http://{closed}")
    return {"HF_HOME": str(home), "GRADIO_SHARE_SERVER_ADDRESS": closed} | proxies


def with_tunnel(home: Path) -> dict[str, str]:
    """Installs the relay in the place of frpc; returns an environment in which Gradio runs it."""
    from gradio.tunneling import BINARY_FILENAME  # noqa: PLC0415 - takes seconds

    program = home / "gradio" / "frpc" / BINARY_FILENAME
    program.parent.mkdir(parents=True)
    program.write_text(RELAY.format(python=sys.executable))
    os.chmod(program, program.stat().st_mode | stat.S_IEXEC)
    return no_network(home)
