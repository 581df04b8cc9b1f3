"""``python -m ka2nlp``."""

import sys

from ka2nlp.cli.main import main

sys.exit(main())
