"""The experiments on a model of a student's: one probe a run, each with a copy for library layers in place of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from grader.evidence import ProbeRun
from grader.oracle import Oracle
from grader.probes import Call, Catch, Construct, Fill, Let, Probe, Step, Trace
from grader.records import Record
from grader.rubric import Rubric
from grader.score.kinds.cell_probes import DEFAULT_ARGUMENTS, Argument, CellPlan, cell_plan, cell_probe
from grader.score.kinds.covering import MOST_MODES, MOST_RUNS, RunSpec, covering_runs
from grader.score.kinds.credit import Charge, Credit, Shares

OWNER = "model"
"""Name of the constructed module in the probe; parameters are drawn under it."""
INPUT, OUTPUT, GRADIENTS, WEIGHTS = "x", "output", "gradients", "weights"
ONE, SINGLE, SINGLE_RAISED = "one", "single", "single_raised"
STAND_IN = "stand-in."
_STEPS = 4
"""Of a run, before those that try a batch of one."""

Factor = Literal["mode", "input_size", "hidden_size", "layers", "bias", "output_size"]


class ModelParameters(Record):
    """What a rubric says about a model."""

    target: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The model's class."""
    architecture: str
    """As the oracle calls it."""
    modes: dict[str, str] = Field(min_length=1, max_length=MOST_MODES)
    """Mode as the constructor takes it -> family of its cells."""
    cells: dict[str, str]
    """Mode -> class of its cells."""
    cell_arguments: dict[str, tuple[Argument, ...]] = {}
    """Mode -> what its cells are constructed with, where no check of kind `cell` says so."""
    arguments: tuple[Factor, ...] = ("mode", "input_size", "hidden_size", "layers", "bias", "output_size")
    """The constructor's arguments, in order."""
    roles: dict[Literal["cells", "reverse_cells", "classifier"], str]
    """Which attribute plays which part."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a mistake by its identifier, keep."""
    charge: dict[str, Charge] = {}
    """Mistakes that cost nothing, a part, or everything."""
    runs: tuple[RunSpec, ...] | None = Field(default=None, min_length=1, max_length=MOST_RUNS)
    """Runs in place of the covering array."""

    @model_validator(mode="after")
    def _consistent(self) -> ModelParameters:
        for mode in self.modes:
            RunSpec(mode=mode, layers=1)
        for key, names in (("cells", self.cells), ("cell_arguments", self.cell_arguments)):
            unknown = sorted(set(names) - set(self.modes))
            if unknown:
                raise ValueError(f'{key}: "{unknown[0]}" is not among the modes')
        missing = sorted(set(self.modes) - set(self.cells))
        if missing:
            raise ValueError(f'cells: no class for mode "{missing[0]}"')
        strangers = sorted({run.mode for run in self.runs or ()} - set(self.modes))
        if strangers:
            raise ValueError(f'runs: "{strangers[0]}" is not among the modes')
        return self

    @property
    def keeps(self) -> Credit:
        """What faults keep of the marks."""
        return Credit(shares=self.credit, charge=self.charge)

    def all_runs(self) -> tuple[tuple[str, RunSpec], ...]:
        """Identifier (without the stand-ins' prefix) and factors of every run."""
        counts: dict[str, int] = {}
        found = []
        for spec in self.runs or covering_runs(tuple(self.modes)):
            place = counts[spec.mode] = counts.get(spec.mode, -1) + 1
            found.append((f"model.{self.target}.{spec.mode}.{place}", spec))
        return tuple(found)

    def single_run(self) -> tuple[str, RunSpec]:
        """The run whose model gets a batch of one, too, when all else is seen: the first nearest to two layers."""
        return min(self.all_runs(), key=lambda run: abs(run[1].layers - 2))


def model_probes(rubric: Rubric, parameters: ModelParameters, oracle: Oracle) -> Iterator[Probe]:
    """All probes of a check: of cells that no other check probes, of the runs, and the copies with stand-ins."""
    plans = {mode: mode_plan(rubric, parameters, mode, oracle) for mode in parameters.modes}
    asked = cell_checks(rubric)
    for plan in plans.values():
        if plan is not None and (plan.target, plan.family) not in asked:
            yield cell_probe(plan)
    single, _ = parameters.single_run()
    for identifier, spec in parameters.all_runs():
        plan = plans[spec.mode]
        steps = _run_steps(parameters, spec)
        if identifier == single:
            steps += _single_steps(spec)
        yield _probe(identifier, parameters, steps, after=() if plan is None else (plan.probe,))
        yield _probe(identifier, parameters, steps, stand_ins=True)


def has_all(run: ProbeRun) -> bool:
    """True if a run ended well, or had all that its verdict needs when a batch of one used up the time."""
    return run.status == "done" or (run.status == "timeout" and (run.step or 0) >= _STEPS and GRADIENTS in run.values)


class AskedCell(NamedTuple):
    """A class that a check of kind `cell` judges."""

    question: str
    arguments: tuple[Argument, ...]
    fixed_sizes: tuple[int, int] | None


def cell_checks(rubric: Rubric) -> Mapping[tuple[str, str], AskedCell]:
    """The classes and families that checks of kind `cell` judge, and how these probe them."""
    found: dict[tuple[str, str], AskedCell] = {}
    for question in rubric.questions:
        for check in question.checks:
            if check.kind == "cell":
                key = (str(check.parameters.get("target")), str(check.parameters.get("family")))
                sizes = check.parameters.get("fixed_sizes")
                found[key] = AskedCell(
                    question=question.id,
                    arguments=tuple(check.parameters.get("arguments", DEFAULT_ARGUMENTS)),
                    fixed_sizes=None if sizes is None else (int(sizes[0]), int(sizes[1])),
                )
    return found


def mode_plan(rubric: Rubric, parameters: ModelParameters, mode: str, oracle: Oracle) -> CellPlan | None:
    """How the cells of a mode are probed; None where the rubric does not say how to construct them for this mode."""
    target, family = parameters.cells[mode], parameters.modes[mode]
    asked = cell_checks(rubric).get((target, family))
    if asked is not None:
        probe, sizes = f"cell.{target}", asked.fixed_sizes
        return cell_plan(oracle, target, family, probe=probe, arguments=asked.arguments, fixed_sizes=sizes)
    arguments = parameters.cell_arguments.get(mode)
    if arguments is None:
        families = {parameters.modes[other] for other, name in parameters.cells.items() if name == target}
        if len(families) > 1:
            return None
        arguments = DEFAULT_ARGUMENTS
    return cell_plan(oracle, target, family, probe=f"cell.{target}.{family}", arguments=arguments)


def _probe(
    identifier: str,
    parameters: ModelParameters,
    steps: Sequence[Step],
    *,
    after: tuple[str, ...] = (),
    stand_ins: bool = False,
) -> Probe:
    return Probe(
        id=STAND_IN + identifier if stand_ins else identifier,
        subject=parameters.target,
        steps=tuple(steps),
        order=1,
        after=after,
        stand_ins=stand_ins,
    )


def _run_steps(parameters: ModelParameters, spec: RunSpec) -> list[Step]:
    arguments = spec.model_dump()
    return [
        Construct(
            save=OWNER,
            target=parameters.target,
            args=tuple(arguments[name] for name in parameters.arguments),
            initial=False,
        ),
        Fill(of=OWNER, scale="fan_in"),
        Let(save=INPUT, value={"draw": INPUT, "shape": [spec.batch, spec.steps, spec.input_size]}),
        Trace(
            save=OUTPUT,
            target={"ref": OWNER},
            args=({"ref": INPUT},),
            whole=tuple(dict.fromkeys(parameters.cells.values())),
            gradients=GRADIENTS,
            weights=WEIGHTS,
            wrt=(OWNER, INPUT),
            alive=INPUT,
        ),
    ]


def _single_steps(spec: RunSpec) -> list[Step]:
    call = Call(save=SINGLE, target={"ref": OWNER}, args=({"ref": ONE},))
    return [
        Let(save=ONE, value={"draw": ONE, "shape": [1, spec.steps, spec.input_size]}),
        Catch(save=SINGLE_RAISED, steps=(call,)),
    ]
