"""The synthetic studio: real motions on textured avatars, seen by known cameras before photographed backplates, with
exact labels.

World coordinates are metres, right-handed, Y up, the floor at Y = 0; an avatar at rest stands at the origin and faces
+Z, so that its left hand is at +X.
"""
