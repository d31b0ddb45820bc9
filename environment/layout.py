"""Where everything lies. All that is made goes into one folder that git ignores."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "environment"
INTERFACES = SOURCES / "interfaces"

MADE = ROOT / ".environment"
VENV = MADE / "venv"
CONTRIB = MADE / "contrib"
DOCS_TOOLS = MADE / "docs"
BUILD = MADE / "build"
INSTALL = MADE / "install"
BYTECODE = MADE / "bytecode"
LOGS = MADE / "logs"
STAMPS = MADE / "stamps"

VENV_PYTHON = VENV / "bin" / "python"
PYTHON_TAG = f"python{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = VENV / "lib" / PYTHON_TAG / "site-packages"
INSTALLED_PACKAGES = INSTALL / "lib" / PYTHON_TAG / "site-packages"
