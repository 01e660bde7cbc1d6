"""Writing video and sound: what the video sink is made of."""
