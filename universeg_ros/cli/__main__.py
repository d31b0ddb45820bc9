"""`python -m universeg_ros.cli`, which torchrun can start."""

import sys

from .app import main

sys.exit(main())
