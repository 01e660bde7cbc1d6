"""What the model card of a bundle says of its 3D joints."""

LIFTER_CARD = """
## 3D joints

One more graph, `lifter`, makes of the last 0.8 s of a person's joints their places in metres from the pelvis: x
right, y down, z away along the line of sight. A picture does not tell how tall a person is: people of 1.5 to 1.95 m
were assumed. It learnt from motions of the studio (CMU, DeepMimic, Mesh2Motion, Quaternius, Kay Lousberg: free, MIT,
CC0), UTD-MHAD (research set) and UTKinect-Action3D (MIT repository) on random bodies before random cameras, with
errors of our own pose network, and from poses that BlazePose heavy (Apache-2.0) saw in gym, sport and everyday
photos. Human3.6M and HumanEva only measured it. How far off and how steady it is:
`docs/lifting.md`. It must not be used to measure bodies.
"""
