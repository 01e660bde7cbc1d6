"""The operator's window over an edgeact session; `desktop_ui/README.md` is its map."""
