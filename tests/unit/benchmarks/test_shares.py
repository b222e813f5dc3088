"""Two generators share a load by device: each message is of one of them, and a device's all of the same."""

from benchmarks.workload import Workload


def test_two_shares_are_the_whole_and_no_device_is_in_both() -> None:
    workload = Workload(messages=500, readings_per_message=1, devices=37, first_at=0)
    shares = [workload.shared(workload.timed, (which, 2)) for which in (0, 1)]
    assert sorted([*shares[0], *shares[1]]) == sorted(workload.timed)
    devices = [{workload.device_of(message) for message in share} for share in shares]
    assert devices[0] & devices[1] == set()
    assert min(len(share) for share in shares) > 200


def test_one_share_of_one_is_everything() -> None:
    workload = Workload(messages=50, readings_per_message=1, devices=7, first_at=0)
    assert workload.shared(workload.warming, (0, 1)) == list(workload.warming)
