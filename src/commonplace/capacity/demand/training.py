"""What a training job puts on the network: bytes that each chip sends in a step, in Gb/s.

Notable: each function names the paper of its sum. What stays inside a scale-up domain (NVLink, for
instance) never reaches the fabric. Training an adapter shrinks the all-reduce of gradients and
nothing else: activations between tensor, pipeline and expert ranks stay as they are.

    commonplace plan demand --model 8B --chips 256 --data-parallel 256 --adapter-rank 16
"""

import math
from dataclasses import dataclass, replace

from commonplace.capacity.demand.model_shapes import Shape
from commonplace.capacity.plan.model import Flow, Project
from commonplace.foundation import InputError


@dataclass(frozen=True)
class Chip:
    """A chip; by default an NVIDIA H100 SXM (its data sheet) at a usual utilisation."""

    tflops: float = 989.0  # dense bf16
    utilisation: float = 0.4  # of them, in training
    scale_up: int = 8  # chips that reach each other without the fabric
    kw: float = 1.3  # with its share of the host
    of_rack: int = 32
    ports: int = 1  # of the fabric


@dataclass(frozen=True)
class Job:
    """A training run: how it is split over chips, and the size of a step."""

    shape: Shape
    chips: int
    data_parallel: int
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    expert_parallel: int = 1
    top_experts: int = 2  # that each token is sent to, with expert parallelism
    trainable: float | None = None  # weights that are updated; None: all
    sequences: int = 16  # of a replica in a step
    sequence: int = 8192  # tokens
    bytes: int = 2  # of a gradient, an activation, a weight on the wire
    sharded: bool = False  # ZeRO stage 3, FSDP: weights are gathered in every step
    step_seconds: float | None = None  # None: as long as the arithmetic takes
    houses: int = 1  # that the replicas are spread over

    def __post_init__(self) -> None:
        """Raise InputError where the degrees do not multiply to the chips."""
        degrees = self.data_parallel * self.tensor_parallel * self.pipeline_parallel
        if degrees != self.chips:
            parts = f"{self.data_parallel} x {self.tensor_parallel} x {self.pipeline_parallel}"
            raise InputError(
                f"data x tensor x pipeline parallel is {parts} = {degrees}, and there are "
                f"{self.chips} chips; the two must be equal"
            )
        if self.data_parallel % self.expert_parallel:
            raise InputError("expert-parallel must divide data-parallel: experts are split over it")
        if self.data_parallel % self.houses:
            raise InputError("data-parallel must be a multiple of the houses: replicas are whole")

    @property
    def weights(self) -> float:
        """The weights that are updated."""
        return self.shape.weights if self.trainable is None else self.trainable

    @property
    def tokens(self) -> int:
        """The tokens of one replica in a step."""
        return self.sequences * self.sequence


@dataclass(frozen=True)
class Demand:
    """The bytes that one chip sends in a step, by kind, and what they come to in Gb/s."""

    step_seconds: float
    sent: dict[str, float]  # kind -> bytes of a chip, wherever they go
    fabric: dict[str, float]  # the same, only what leaves the scale-up domain
    chip_gbps: float  # south, of one chip
    south_gbps: float  # of all chips
    north_gbps: float  # out of each house, to the others


def step_seconds(job: Job, chip: Chip) -> float:
    """The seconds that the arithmetic of a step takes.

    Forward and backward passes cost 6 operations a weight and token (Kaplan et al. 2020, section
    2.1): 2 forward, 2 for the gradients of activations, 2 for those of weights. The last are only
    computed for weights that are trained.
    """
    trained = min(1.0, job.weights / job.shape.weights)
    operations = (4 + 2 * trained) * job.shape.active * job.tokens
    rate = chip.tflops * 1e12 * chip.utilisation
    return operations / (rate * job.tensor_parallel * job.pipeline_parallel)


def sent_bytes(job: Job) -> dict[str, float]:
    """The bytes that a chip sends in a step, by kind."""
    model_parallel = job.tensor_parallel * job.pipeline_parallel
    gradients = job.weights / model_parallel * job.bytes
    activations = job.tokens * job.shape.hidden * job.bytes
    layers = job.shape.layers / job.pipeline_parallel
    gathered = job.shape.weights / model_parallel * job.bytes if job.sharded else 0.0
    to_experts = 4 * layers * job.top_experts * _part(job.expert_parallel) * activations
    return {
        "all-reduce of gradients": data_parallel_bytes(job.data_parallel, gradients, gathered),
        "all-reduce of activations": 4 * layers * all_reduce(job.tensor_parallel, activations),
        "activations between stages": 2 * _part(job.pipeline_parallel) * activations,
        "all-to-all of experts": to_experts / job.tensor_parallel,
    }


def all_reduce(ranks: int, size: float) -> float:
    """The bytes that each of `ranks` sends to sum `size` bytes: 2 (n - 1) / n of them.

    That is the least possible, and what a ring reaches (Patarasuk and Yuan, J. Parallel Distrib.
    Comput. 69, 2009). A layer of a transformer takes four with tensor parallelism, two in each
    direction (Shoeybi et al., Megatron-LM, arXiv:1909.08053, section 3).
    """
    return 2 * _part(ranks) * size


def data_parallel_bytes(ranks: int, gradients: float, weights: float = 0.0) -> float:
    """The bytes that a data-parallel rank sends in a step.

    `weights` are gathered in both passes and gradients scattered (ZeRO stage 3): three volumes
    instead of two where all is trained (Rajbhandari et al., arXiv:1910.02054, section 7).
    """
    if weights:
        return _part(ranks) * (2 * weights + gradients)
    return all_reduce(ranks, gradients)


def _part(ranks: int) -> float:
    """(n - 1) / n, the part of a volume that goes to others."""
    return (ranks - 1) / ranks


def demand(job: Job, chip: Chip | None = None) -> Demand:
    """What the job puts on the network, averaged over a step.

    Ranks are numbered tensor first, then data (with experts in it), then pipeline, as Megatron-LM
    does: a group that fits a scale-up domain stays off the fabric. Houses exchange gradients by a
    ring of houses: each sends 2 (k - 1) / k of all gradients once.
    """
    chip = chip or Chip()
    seconds = job.step_seconds or step_seconds(job, chip)
    sent = sent_bytes(job)
    reach = {
        "all-reduce of gradients": job.tensor_parallel * job.data_parallel,
        "all-reduce of activations": job.tensor_parallel,
        "activations between stages": job.chips,
        "all-to-all of experts": job.tensor_parallel * job.expert_parallel,
    }
    fabric = {kind: size if reach[kind] > chip.scale_up else 0.0 for kind, size in sent.items()}
    chip_gbps = sum(fabric.values()) * 8 / seconds / 1e9
    gathered = job.shape.weights * job.bytes if job.sharded else 0.0
    between = data_parallel_bytes(job.houses, job.weights * job.bytes, gathered)
    return Demand(
        step_seconds=seconds,
        sent=sent,
        fabric=fabric,
        chip_gbps=chip_gbps,
        south_gbps=chip_gbps * job.chips,
        north_gbps=between * 8 / seconds / 1e9,
    )


def chips_that_fit(job: Job, gbps: float, chip: Chip | None = None) -> int | None:
    """The most chips that such a job may have (more replicas) on `gbps` of the fabric.

    None means any number, because the job puts nothing on the fabric. It may be fewer chips than
    the job has: steps of an adapter are shorter, so activations between stages come at a higher
    rate.
    """

    def needed(replicas: int) -> float:
        chips = replicas * job.tensor_parallel * job.pipeline_parallel
        # experts may not divide so many replicas: their rate of a chip is added instead
        larger = replace(job, chips=chips, data_parallel=replicas, expert_parallel=1, houses=1)
        return demand(larger, chip).south_gbps + experts * chips

    present = demand(job, chip)
    experts = present.fabric["all-to-all of experts"] * 8 / present.step_seconds / 1e9
    if not present.south_gbps:
        return None
    low, high = 0, 1
    gbps *= 1 + 1e-12  # or rounding could refuse the very chips that need this much
    while needed(high) <= gbps and high < 2**40:  # replicas, more than any network has
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= gbps else (low, middle)
    return low * job.tensor_parallel * job.pipeline_parallel


def rows(
    job: Job, name: str, houses: tuple[str, ...] = (), need: int = 1, chip: Chip | None = None
) -> tuple[tuple[Project, ...], tuple[Flow, ...]]:
    """The job as rows of projects.csv and flows.csv: a project in each house, a ring of flows."""
    chip = chip or Chip()
    load = demand(job, chip)
    places: tuple[str | None, ...] = houses or (None,) * job.houses
    chips = job.chips // len(places)
    project = Project(
        name,
        name,
        racks=float(math.ceil(chips / chip.of_rack)),
        kw=round(chips * chip.kw, 3),
        ports=chips * chip.ports,
        south_gbps=round(load.south_gbps / len(places), 3),
        # flows that name a house load its boundary already
        north_gbps=0.0 if houses else round(load.north_gbps, 3),
        need=need,
    )
    many = len(places) > 1
    projects = tuple(
        replace(project, id=f"{name}-{n}" if many else name, fixed=house)
        for n, house in enumerate(places, 1)
    )
    ring = zip(houses, houses[1:] + houses[:1], strict=True) if len(houses) > 1 else ()
    flows = [Flow(name, "all-reduce", a, z, gbps=round(load.north_gbps, 3)) for a, z in ring]
    return projects, tuple(flows)
