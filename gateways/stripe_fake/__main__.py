"""`python -m gateways.stripe_fake --port 0 --state FILE`: prints the address, serves till ended."""

import argparse
import signal
import threading
from pathlib import Path

from gateways.stripe_fake.server import StripeFake


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m gateways.stripe_fake",
        description="A Stripe-compatible server on 127.0.0.1 for the demo and for tests.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--state", type=Path, help="keeps the objects in this file")
    arguments = parser.parse_args()
    if arguments.state is not None:
        arguments.state.parent.mkdir(parents=True, exist_ok=True)
    fake = StripeFake(port=arguments.port, state_file=arguments.state)

    def stop(*_: object) -> None:
        # `stop` waits for the serving loop, which is this thread's.
        threading.Thread(target=fake.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(fake.url, flush=True)
    fake.serve_forever()


if __name__ == "__main__":
    main()
