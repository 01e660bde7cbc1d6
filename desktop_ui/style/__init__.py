"""How the window looks: colours, the style sheet, icons."""
