"""``python -m edgeact`` is the command ``edgeact``."""

from edgeact.cli import main

if __name__ == "__main__":
    main()
