"""What the studies of this paper share: their folder, and gradient descent as the judge of their branches."""

from studies.claims import exceptions
from systems.training.judging.branch_checks import check_branch

OUT = "out/relu_gradient"


def judge(branches, points) -> dict:
    """Let gradient descent judge branches of flows (dict of name to branch), see `check_branch`.

    Returns
    -------
    dict
        ``stable``, ``saddles``: rows judged; ``failed``: those where descent says otherwise than the branch;
        ``slow``: saddles that would take it too long to leave; ``worst``: largest relative error of a rate.
    """
    found = [check_branch(branch, points=points, sweeps=False) for branch in branches.values()]
    seen = [point for check in found for point in check.points if point.judged]
    return {
        "stable": sum(point.unstable == 0 for point in seen),
        "saddles": sum(point.unstable > 0 for point in seen),
        "failed": exceptions([point.passed for point in seen]),
        "slow": sum(point.unstable > 0 and not point.destinations for point in seen),
        "worst": max(check.worst for check in found),
    }
