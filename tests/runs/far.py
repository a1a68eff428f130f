"""The sandbox as a process of its own; it prints its address, and ends with its input."""

import json
import sys

from port import PLENTY, TinyStudio

from connector.sandbox import Sandbox, Settings, serving


def main():
    told = json.loads(sys.argv[1])
    settings = Settings(**{"credits": PLENTY, "kept_requests": PLENTY, "strict_fields": True} | told)
    with serving(Sandbox(settings, studio=TinyStudio())) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
