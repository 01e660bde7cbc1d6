"""The losses of the five papers, each for a batch in which samples may lack what they are about.

Losses of a task are given per sample (N,), so that a sample without a label can be left out (`multitask_aware`): every
data set trains the tasks that it has labels for. What is missing is left out before it is squared or its logarithm
taken, not after: a loss of NaN that is left out afterwards still comes back through the chain rule, as 0·NaN. Shapes: N
samples, J joints, D dimensions, A actions, h×w maps.
"""

from collections.abc import Sequence

import torch
from torch.nn import functional

from trainer.inputs.batch import MISSING


def is_annotated(labels: torch.Tensor) -> torch.Tensor:
    """Which samples (N, ...) have a label: ``(N,)`` bool, False where every element is `MISSING` (paper A: all elements
    of p are −1).
    """
    return (labels != MISSING).reshape(len(labels), -1).any(1)


def weighted_squared_error(maps: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Error of joint maps, a joint counting by its weight: ``(N,)``.

    Args:
        maps: ``(N, J, h, w)``.
        targets: ``(N, J, h, w)``; those of joints that are not annotated may hold anything, NaN too.
        weights: ``(N, J)``, 0 for joints that are not annotated.

    The weighted mean squared error of HRNet (Sun et al., CVPR 2019, section 3), half the square as its published code
    has it.
    """
    weights = weights[..., None, None]
    difference = torch.where(weights != 0, maps - targets, torch.zeros_like(maps))
    return (0.5 * (weights * difference).square()).mean((1, 2, 3))


def focal(logits: torch.Tensor, labels: torch.Tensor, *, gamma: float = 2.0) -> torch.Tensor:
    """−(1 − p)^γ·log p of the labelled action: ``(N,)``; γ = 0 is the cross-entropy (Lin et al., ICCV 2017, eq. 4).

    Finite, and so are its gradients, for every γ ≥ 0 and every p, 1 too.

    Args:
        logits: ``(N, A)``.
        labels: ``(N,)`` int64; samples with `MISSING` give 0.
        gamma: How much less sure ones count.
    """
    missing = labels == MISSING
    log_probability = functional.log_softmax(torch.where(missing[:, None], torch.zeros_like(logits), logits), -1)
    chosen = log_probability.gather(1, labels.clamp_min(0)[:, None])[:, 0]
    # At p = 1 the power's slope is infinite where γ < 1, and infinity times log p = 0 is no number: the smallest float
    # keeps away from there, and is less than the loss can show.
    doubt = (-torch.expm1(chosen)).clamp_min(torch.finfo(chosen.dtype).tiny)
    return torch.where(missing, torch.zeros_like(chosen), -(doubt**gamma) * chosen)


def binary_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean over the actions of a multi-label sample: ``(N,)``.

    Args:
        logits: ``(N, A)``.
        labels: ``(N, A)`` 0, 1 or `MISSING`; missing actions count for nothing, and a sample of only those gives 0.
    """
    known = labels != MISSING
    kept = torch.where(known, logits, torch.zeros_like(logits))
    every = functional.binary_cross_entropy_with_logits(kept, labels.clamp_min(0).to(logits.dtype), reduction="none")
    return (every * known).sum(1) / known.sum(1).clamp_min(1)


def multitask_aware(
    pose: torch.Tensor,
    has_pose: torch.Tensor,
    actions: Sequence[torch.Tensor],
    has_action: torch.Tensor,
    *,
    balance: float = 0.00075,
) -> torch.Tensor:
    """One loss for samples that have poses, actions, both or neither: a scalar (paper A, eq. 3 and 4).

    Args:
        pose: ``(N,)`` pose loss L_p of each sample.
        has_pose: ``(N,)`` bool, the indicator 1_p.
        actions: Of each stream (image, attention, part, concatenation) its action loss ``(N,)``; their sum is L_a.
        has_action: ``(N,)`` bool, the indicator 1_a.
        balance: λ.

    What a sample lacks touches neither this loss nor its gradient for ``pose`` and ``actions``, even where those are
    not finite; nor the gradient behind them, if they come from losses of this module that were told what is missing (by
    a weight of 0, `MISSING` …). A batch without any label gives 0.
    """
    action = torch.stack(list(actions)).sum(0)
    kept_pose = torch.where(has_pose, pose, torch.zeros_like(pose))
    kept_action = torch.where(has_action, action, torch.zeros_like(action))
    return (kept_pose + balance * kept_action).mean()


def human_mask(maps: torch.Tensor, masks: torch.Tensor, has_mask: torch.Tensor | None = None) -> torch.Tensor:
    """L_mask = ‖M_gt − M*‖² over the cells: ``(N,)`` (paper B, eq. 1).

    Args:
        maps: ``(N, 1, h, w)`` M*.
        masks: ``(N, 1, h, w)`` M_gt; those of samples without a mask may hold anything, NaN too.
        has_mask: ``(N,)`` bool; samples without a mask give 0. None: all have one.
    """
    difference = masks - maps
    if has_mask is not None:
        difference = torch.where(has_mask[:, None, None, None], difference, torch.zeros_like(difference))
    return difference.square().sum((1, 2, 3))


def mask_guided(
    scores: torch.Tensor,
    labels: torch.Tensor,
    maps: torch.Tensor,
    masks: torch.Tensor,
    has_mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """L = L_cls + L_mask, "with equal weights": ``(N,)`` (paper B, section 3.2).

    Args:
        scores: ``(N, A)`` before the softmax.
        labels: ``(N,)`` int64; a sample with `MISSING` has its mask's loss alone.
        maps: See `human_mask`, as are the others.
        masks: ``(N, 1, h, w)``.
        has_mask: ``(N,)`` bool; a sample without a mask has its action's loss alone.
    """
    return focal(scores, labels, gamma=0.0) + human_mask(maps, masks, has_mask)


def elastic_net(found: torch.Tensor, wanted: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
    """‖p̂ − p‖₁ + ‖p̂ − p‖₂² of each joint, its mean over the joints: ``(N,)`` (paper E, eq. 11).

    Args:
        found: ``(N, J, D)``.
        wanted: ``(N, J, D)``; what is not available may hold anything, NaN too.
        available: ``(N, J, D)`` bool: a data set of flat poses has no depth; joints without any coordinate are left out
            of the mean.
    """
    difference = torch.where(available, found - wanted, torch.zeros_like(found))
    distance = (difference.abs() + difference.square()).sum(-1)
    return distance.sum(1) / available.any(-1).sum(1).clamp_min(1)


def joint_confidence(confidence: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of "the joint is in the picture": ``(N,)`` (paper E, section 4.2.1).

    Args:
        confidence: ``(N, J)`` in 0..1.
        present: ``(N, J)`` 0, 1, or `MISSING` where nobody said.
    """
    known = present != MISSING
    # A map's maximum can be 0 or 1 to within rounding, where the logarithm ends.
    probability = torch.where(known, confidence, torch.full_like(confidence, 0.5)).clamp(1e-6, 1 - 1e-6)
    every = functional.binary_cross_entropy(probability, present.clamp_min(0).to(confidence.dtype), reduction="none")
    return (every * known).sum(1) / known.sum(1).clamp_min(1)


def pose_and_action(
    pose: Sequence[torch.Tensor],
    confidence: Sequence[torch.Tensor],
    actions: Sequence[torch.Tensor],
    *,
    weight: float = 0.01,
) -> torch.Tensor:
    """L_p + 0.01·L_c + 0.01·L_a of each prediction block, summed over the blocks: a scalar (paper E, sections 4.2.1 and
    4.2.3).

    Each is averaged over its samples, of which there are more for poses (M pictures or frames) than for actions (N
    clips).

    Args:
        pose: Of each block L_p ``(M,)``, its `elastic_net`; empty for a batch that trains actions alone.
        confidence: Of each block L_c ``(M,)``, its `joint_confidence`; empty where nobody said which joints are in the
            picture.
        actions: Of each block that predicts actions L_a ``(N,)``, its cross-entropy (`focal` with γ = 0); empty for a
            batch of pictures.
        weight: Of confidence and actions beside poses.

    Raises:
        ValueError: Nothing is given.
    """
    terms = [loss.mean() for loss in pose] + [weight * loss.mean() for loss in (*confidence, *actions)]
    if not terms:
        raise ValueError("pose, confidence and actions are all empty; give the losses of at least one block")
    return torch.stack(terms).sum()
