"""What all tests share: the skip gate, and pytest's own plugin for testing it."""

pytest_plugins = ["pytester", "tests.skip_gate"]
