"""How well identities are kept: HOTA, IDF1 and switches on clips whose people are known."""
