"""``python -m connector`` is the command, for where its script is not on the path."""

import sys

from connector.cli import main

sys.exit(main())
