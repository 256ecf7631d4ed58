"""How good are the plans of `plan make`, how soon, beside the same model given to others whole?

Needs nothing for itself; `pip install ortools` for the peer `cp-sat`.

    python -m benchmarks.capacity.make [--json] [--sizes 8x40,40x300] [--seconds 60] [--seeds 1]
                                  [--peers highs,cp-sat] [--search-only]

Synthetic regions (`plan demo`). `make`: seconds until every project of the pool has its place, and
cost and gap at the end; every plan is held against `check`. Peers get the same time for the same
model: `highs`, everything in one integer programme, flows of every failure and month included;
`cp-sat` (OR-Tools), the same rows without flows, but with the metric inequalities that `make` found
for its relaxation; its cost counts only if `check` agrees. "None": no plan, or none better than to
place nothing.
"""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.scaffold import argument_parser, report
from commonplace.capacity import Plan, Size, check, demo, make, order
from commonplace.capacity.placement.master import MasterProgramme, master_programme
from commonplace.capacity.solver.programme import Matrix, minimise

SIZES = {
    "4x12": Size(4, 12),
    "8x40": Size(8, 40),
    "40x300": Size(40, 300, 12, 200),
    "100x800": Size(100, 800, 30, 500),
}


@dataclass(frozen=True)
class Outcome:
    """What a solver found; `cost` None: no plan but to place nothing."""

    cost: float | None
    bound: float | None
    seconds: float

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost; no plan costs less than nothing."""
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, self.cost - max(self.bound, 0.0)) / max(self.cost, 1e-9)


def commonplace_make(
    plan: Plan, seconds: float, seed: int, *, explain: bool
) -> tuple[Outcome, dict[str, Any]]:
    """Our own, and what else there is to say of it."""
    first: list[float] = []
    start, processor = time.perf_counter(), time.process_time()

    def progress(stage: str, done: int, total: int | None, unit: str) -> None:
        placed, _, of = stage.split(" ")[0].partition("/")
        if placed == of and not first:
            first.append(time.perf_counter() - start)

    def over() -> bool:
        return not explain and time.perf_counter() - start > seconds

    proposal = make(plan, seconds, seed, progress, over)
    assert check(proposal.plan).feasible
    details = {
        "all placed after": first[0] if first else None,
        "explained": proposal.explained,
        "processor": time.process_time() - processor,  # reasons included: less on a shared machine
        "orders": proposal.order_cost,
        "late": proposal.late_cost,
        "refused": proposal.refused_cost,
        "late projects": sum(
            placement.month > proposal.plan.project[placement.project].need
            for placement in proposal.placements
        ),
        "reasons": len(proposal.reasons),
    }
    return Outcome(proposal.cost, proposal.bound, proposal.seconds), details


# ------------------------------------------------------------------ everything to HiGHS


def with_flows(master: MasterProgramme) -> Matrix:
    """The programme with the flows of every failure and month, by source and arc."""
    net, programme = master.backbone.net, master.rows.programme
    sources = np.unique(net.pairs[:, 0]) if len(net.pairs) else np.zeros(0, np.int64)
    arcs = net.graph.arcs
    for failure in net.failures:
        for month in range(master.plan.horizon):
            columns = programme.add_columns(len(sources) * arcs).reshape(len(sources), arcs)
            for at, source in enumerate(sources):
                _conserve(master, month, int(source), columns[at], programme)
            rows = programme.add_rows(arcs)
            upper = np.zeros(arcs)
            for at in range(len(sources)):
                # in Tb/s: HiGHS wants numbers of about 1
                programme.add_entries(rows, columns[at], 1e-3)
            for number, link in enumerate(master.plan.links):
                if link.id in failure.links:
                    continue
                edge, gbps = net.edge[link.id], master.backbone.gbps[number] * 1e-3
                unit = master.backbone.units[number, month]
                for arc in (2 * edge, 2 * edge + 1):
                    programme.add_entries(rows[arc], unit, -gbps)
                    upper[arc] += gbps * master.backbone.in_stock[number, month]
            programme.row_upper[-1] = upper
    return programme.matrix()


def _conserve(
    master: MasterProgramme, month: int, source: int, columns: Any, programme: Any
) -> None:
    """What leaves a source arrives where it is wanted."""
    net = master.backbone.net
    rows = programme.add_rows(net.graph.nodes, 0.0, 0.0)
    programme.add_entries(rows[net.graph.head], columns, 1e-3)
    programme.add_entries(rows[net.graph.tail], columns, -1e-3)
    side = np.zeros(net.graph.nodes)
    for n, (a, z) in enumerate(net.pairs):
        if a == source:
            side[z] += net.demand[month, n] * 1e-3
            side[a] -= net.demand[month, n] * 1e-3
    for key, part in master.backbone.parts.items():
        for pair, gbps in master.backbone.sent[key].items():
            a, z = net.pairs[pair]
            if a == source and gbps[month]:
                programme.add_entries(rows[z], part[month], -gbps[month] * 1e-3)
                programme.add_entries(rows[a], part[month], gbps[month] * 1e-3)
    programme.row_lower[-1] = side
    programme.row_upper[-1] = side.copy()


def highs(plan: Plan, seconds: float) -> Outcome:
    """One integer programme with everything in it."""
    start = time.perf_counter()
    master = master_programme(plan, order(plan).plan.orders)
    nothing = master.cost(master.start)
    matrix = with_flows(master)
    solution = minimise(matrix, seconds - (time.perf_counter() - start), gap=1e-4)
    took = time.perf_counter() - start
    cost = solution.objective * master.rows.unit if solution.values is not None else None
    bound = solution.bound * master.rows.unit
    if cost is not None and cost >= nothing * (1 - 1e-9):
        cost = None
    return Outcome(cost, bound if np.isfinite(bound) else None, took)


# ------------------------------------------------------------------ the rows to CP-SAT


def cp_sat(plan: Plan, seconds: float, master: MasterProgramme) -> Outcome:
    """The rows and cuts as linear constraints over whole numbers, coefficients of 1e-6."""
    from ortools.sat.python import cp_model

    start = time.perf_counter()
    matrix = master.matrix
    model = cp_model.CpModel()
    whole_numbers = np.flatnonzero(matrix.integer)
    column = {
        int(j): model.new_int_var(round(matrix.lower[j]), round(matrix.upper[j]), "")
        for j in whole_numbers
    }
    expressions = _expressions(master)
    for row in range(len(matrix.row_lower)):
        at = slice(matrix.start[row], matrix.start[row + 1])
        terms: dict[int, float] = {}
        constant = 0.0
        for j, value in zip(matrix.index[at].tolist(), matrix.value[at].tolist(), strict=True):
            if j == master.constant:
                constant += value
                continue
            for k, part in expressions.get(j, {j: 1.0}).items():
                terms[k] = terms.get(k, 0.0) + value * part
        terms = {k: v for k, v in terms.items() if abs(v) > 1e-12}
        if not terms:
            continue
        size = 1e6 / max(abs(v) for v in terms.values())
        total = sum(round(v * size) * column[k] for k, v in terms.items())
        slack = 20.0 + len(terms)  # what rounding the coefficients may come to
        if np.isfinite(matrix.row_lower[row]):
            model.add(total >= int(np.floor((matrix.row_lower[row] - constant) * size - slack)))
        if np.isfinite(matrix.row_upper[row]):
            model.add(total <= int(np.ceil((matrix.row_upper[row] - constant) * size + slack)))
    costs = {int(j): round(matrix.cost[j] * master.rows.unit) for j in whole_numbers}
    model.minimize(sum(cost * column[j] for j, cost in costs.items() if cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # as `make` and HiGHS have it: figures are of one core
    solver.parameters.max_time_in_seconds = max(1.0, seconds - (time.perf_counter() - start))
    status = solver.solve(model)
    took = time.perf_counter() - start
    offset = float(matrix.cost[master.constant]) * master.rows.unit
    bound = solver.best_objective_bound + offset
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Outcome(None, None, took)
    values = master.start.copy()
    for j, variable in column.items():
        values[j] = solver.value(variable)
    values = master.translation.completed(values)
    placed = check(master.translation.plan(values))
    return Outcome(master.cost(values) if placed.feasible else None, bound, took)


def _expressions(master: MasterProgramme) -> dict[int, dict[int, float]]:
    """Each column of a recurrence as a sum of choices."""
    expressions: dict[int, dict[int, float]] = {}
    for load in master.rows.recurrences:
        for month, column in enumerate(load.columns.tolist()):
            on = master.choices.month[load.choices] <= month
            choices = master.rows.choice[load.choices[on]].tolist()
            expressions[column] = dict(zip(choices, load.amount[on].tolist(), strict=True))
    return expressions


def with_cuts(plan: Plan, seconds: float) -> MasterProgramme:
    """The programme with the cuts of its relaxation."""
    master = master_programme(plan, order(plan).plan.orders)
    master.relax(time.monotonic() + seconds, lambda: False)
    return master


# ------------------------------------------------------------------ the table


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "-"
    if outcome.cost is None:
        return f"none in {outcome.seconds:.0f} s"
    gap = f"{outcome.gap:.1%}" if outcome.gap is not None else "no bound"
    return f"{outcome.cost:,.0f}, gap {gap}, {outcome.seconds:.0f} s"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--sizes", default="8x40,40x300")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--peers", default="highs,cp-sat")
    parser.add_argument("--search-only", action="store_true", help="leave out the reasons")
    arguments = parser.parse_args()
    peers = [peer for peer in arguments.peers.split(",") if peer]
    if "cp-sat" in peers and find_spec("ortools") is None:
        parser.error("the peer cp-sat needs OR-Tools: pip install ortools, or --peers highs")
    rows = []
    for name in arguments.sizes.split(","):
        for seed in map(int, arguments.seeds.split(",")):
            plan = demo(SIZES[name], seed)
            explain = not arguments.search_only
            proposal, details = commonplace_make(plan, arguments.seconds, seed, explain=explain)
            others: dict[str, Outcome] = {}
            if "highs" in peers:
                others["highs"] = highs(plan, arguments.seconds)
            if "cp-sat" in peers:
                master = with_cuts(plan, arguments.seconds)
                others["cp-sat"] = cp_sat(plan, arguments.seconds, master)
            rows.append((name, seed, proposal, details, others))
    lines = [
        "| houses x projects, seed | make | all placed after | late | HiGHS whole | CP-SAT |",
        "|---|---|---|---|---|---|",
    ]
    for name, seed, proposal, details, others in rows:
        first = details["all placed after"]
        lines.append(
            f"| {name}, {seed} | {_cell(proposal)} | {f'{first:.0f} s' if first else '-'} "
            f"| {details['late projects']} ({details['late']:,.0f}) "
            f"| {_cell(others.get('highs'))} | {_cell(others.get('cp-sat'))} |"
        )
    figures = [
        {"size": name, "seed": seed, **_record(proposal), **details}
        | {"peers": {peer: _record(outcome) for peer, outcome in others.items()}}
        for name, seed, proposal, details, others in rows
    ]
    report(arguments, figures, lines)


def _record(outcome: Outcome) -> dict[str, Any]:
    return vars(outcome) | {"gap": outcome.gap}


if __name__ == "__main__":
    main()
