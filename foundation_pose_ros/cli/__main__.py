"""`python -m foundation_pose_ros.cli`, which torchrun can start."""

import sys

from .app import main

sys.exit(main())
