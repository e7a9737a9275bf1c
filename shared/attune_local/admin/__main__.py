"""`python -m attune_local.admin --port P --project … --region … --intake … --dataset …`: serves until killed."""

import argparse

import waitress

from attune_local.admin.server import create_app
from attune_local.admin.state import Setting, State
from attune_local.stack.loopback import HOST


def main(arguments: list[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.admin", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    for name in ("project", "region", "intake", "dataset"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quota", type=int, default=1, help="tuning jobs at once")
    asked = parser.parse_args(arguments)
    setting = Setting(asked.project, asked.region, asked.intake, asked.dataset, asked.quota)
    waitress.serve(create_app(State(setting)), host=HOST, port=asked.port, threads=4)


if __name__ == "__main__":
    main()
