"""The limits of following people (`edgeact.perception.tracking.tracker`): seconds, or ratios of a person's size."""

# In a crowd the tracks that no detection shows take turns in being posed: so many in a frame, but each at least in
# every third. Twenty people, as many as are followed without settings, are all posed in every frame.
POSES_A_FRAME, LONGEST_TURN = 24, 3
FRESH_SECONDS = 0.25  # after this long unseen, a posture has changed too much to be compared
SURE_SIMILARITY = 0.2  # a detection that fits a track less is someone else
WEAK_SIMILARITY = 0.35  # weak detections are often parts of others, so they must fit better
NEAR_IOU = 0.1  # a detection that overlaps no track this much can only be a new person
DUPLICATE_SIMILARITY = 0.8  # two poses that are so alike are one person
# A detection whose pose is so like a track's is no new person; double boxes of one person measured .5
NEW_SIMILARITY = 0.45
# A pose that fits the one just before less is another person's: the track had been on the wrong one
CONTINUED_FIT = 0.2
CONTACT_IOU = 0.2  # tracks that overlap so much may change places
APART_IOU = 0.05
# A detection that is so much wider than expected and covers a second track holds two people who touch
MERGED_WIDTH = 1.25
POSE_SHARE = 0.6  # a pose whose mean confidence is under this share of the bundle's joint confidence shows nobody
# And under this one it starts no track: people have .45 of mean confidence and more, things under .4
START_SHARE = 1.4
# Detector and pose must agree that there is somebody: score and mean confidence together reach so many times the
# bundle's thresholds for both. On CCTV and UT-Interaction that keeps 67 of 70 people, and 14 of 23 things that were
# taken for people.
START_EVIDENCE = 1.5
# Of the confidence that the detector last saw a person with; where it sees nobody any more, less is background
KEPT_SHARE = 0.7
INSIDE_SHARE = 0.25  # of a person of whom less is inside the picture, nothing can be found
MAXIMUM_GROWTH = 0.5
LARGEST_GROWTH = 0.15  # of a person's height, by which joints may reach out of the box
LIMB_HEIGHT = 0.5  # of a person's height: boxes up to that around their hand or foot are no persons of their own
MISSED_RUNS = 2  # detector runs without a sign of a track before it may be dropped
# Poses alone carry a track for so many times lost_seconds: detectors miss people who lie or crouch
UNSUPPORTED_FACTOR = 2.0
# Detectors give low scores to people who lie or crouch. A detection whose score is at least this share of the bundle's
# detection score starts a track if its pose's mean confidence is at least `SURE_POSE` times the bundle's joint
# confidence. Both were chosen on the wild validation pictures (docs/tracking.md).
FAINT_SHARE = 0.6
SURE_POSE = 1.8
# A track that touches others, or whose scores were all below the detection score, needs this many times the detections
UNSURE_FACTOR = 2
WAITING_FACTOR = 3.0  # and someone who is hidden behind another track is waited for so many times longer
# Clothes of another track near by that fit so much better than a track's own show that the pose jumped to that other
# person. Chosen on the known clips' half "choose" (docs/tracking.md), where .2 to .4 do equally well.
RIVAL_MARGIN = 0.3
UNLIKE_CLOTHES = 0.05  # clothes that are more unlike are another person's: light and turning leave more than that
REMEMBERED_SECONDS = 10.0  # whoever was away for longer gets a new number
# Somebody new whose clothes are at least so like those of somebody who is gone is that person,
RECOGNISED_SIMILARITY = 0.7
RECOGNISED_LEAD = 0.15  # unless somebody else who is gone wears nearly the same
GROWN_RATIO = 1.6  # of the heights, at most: people come nearer while they are away
WALKING_SPEED = 1.5  # heights per second, besides one height
