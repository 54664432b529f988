"""Evidence about live classes, taken in this process: a small stand-in for the agent, for tests of judges."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from grader import draws
from grader.coursework import StudentVersion
from grader.evidence import Definition, Evidence, PartRecord, ProbeRun, Raised
from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Check, Markers, Question, Rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of
from grader.values import Calls, Facts, ModuleFacts, ParameterFacts, TracedCall, Value

SEED = "a-seed"
MARKERS = Markers(start=r"## START (?P<question>\w+)", end=r"## END")


def question(identifier: str, kind: str, *, marks: int = 12, uses: Sequence[str] = (), **parameters: Any) -> Question:
    """A question with one check."""
    check = Check(id=kind, kind=kind, marks=marks, parameters=parameters, line=7)
    return Question(id=identifier, title=identifier, marks=marks, checks=(check,), uses=tuple(uses))


def rubric(folder: Path, *questions: Question) -> Rubric:
    """A rubric of these questions."""
    return Rubric(title="t", folder=folder, questions=questions, markers=MARKERS, oracle="fake")


def notebook(*sources: str) -> NotebookRecord:
    """A notebook of code cells."""
    cells = tuple(NotebookCell(index=i, kind=CellKind.CODE, source=text) for i, text in enumerate(sources))
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)


class ProbeRunner:
    """Runs one probe on a namespace, as the agent does, without its guards."""

    def __init__(self, probe: Probe, namespace: Mapping[str, Any], definition: int) -> None:
        self.probe, self.namespace, self.definition = probe, dict(namespace), definition
        self.seed = f"{SEED}/{probe.id}"
        self.live: dict[str, Any] = {}
        self.values: dict[str, Value] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        self.wanted = {name for step in probe.steps for name in getattr(step, "wrt", ())}

    def run(self) -> ProbeRun:
        """The run; what the classes raise is data."""
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        status, raised, place = "done", None, None
        try:
            for place, step in enumerate(self.probe.steps):  # noqa: B007 - where it stopped is part of the run
                self._step(step)
            place = None
        except LookupError as error:
            missing = isinstance(error, _MissingNameError)
            status = "missing-name" if missing else "raised"
            raised = None if missing else Raised(type=type(error).__name__, message=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a class under test raises
            status, raised = "raised", Raised(type=type(error).__name__, message=str(error), cell=4, line=12)
        finally:
            torch.set_default_dtype(default)
        return ProbeRun(
            probe=self.probe.id,
            definition=self.definition,
            status=status,
            raised=raised,
            step=place,
            values=self.values,
            seed=self.seed,
        )

    def _step(self, step: Any) -> None:
        getattr(self, f"_{step.do}")(step)

    def _construct(self, step: Any) -> None:
        made = self._name(step.target)(*(self._value(e) for e in step.args))
        self.live[step.save] = made.double() if isinstance(made, nn.Module) else made
        kept = dict(made.named_parameters()) if isinstance(made, nn.Module) else {}
        keys = {name: self._keep(f"{step.save}/p/{name}", parameter) for name, parameter in kept.items()}
        self.values[step.save] = Value(kind="object", facts=facts(made), gradients=keys)

    def _fill(self, step: Any) -> None:
        with torch.no_grad():
            for name, parameter in self.live[step.of].named_parameters():
                key = draws.parameter_name(step.of, name, 0)
                bounds = draws.range_of(name, step.ranges)
                if bounds is not None:
                    low, high = bounds
                    parameter.copy_(draws.draw_between(self.seed, key, parameter.shape, low=low, high=high))
                    continue
                if step.keep_fixed and not parameter.requires_grad:
                    continue
                scale = draws.parameter_scale(parameter.shape, step.scale)
                parameter.copy_(draws.draw(self.seed, key, parameter.shape, scale=scale))

    def _let(self, step: Any) -> None:
        value = self._value(step.value)
        self.live[step.save] = value.requires_grad_() if step.save in self.wanted else value

    def _call(self, step: Any) -> None:
        arguments = [self._value(e) for e in step.args]
        before = [tensor.clone() for tensor in flat(arguments)]
        result = self._value(step.target)(*arguments)
        changed = tuple(
            i for i, (a, b) in enumerate(zip(before, flat(arguments), strict=True)) if not torch.equal(a, b)
        )
        self.live[step.save] = result
        self.values[step.save] = self._stored(step.save, result).model_copy(update={"changed": changed})

    def _jacobian(self, step: Any) -> None:
        result = self._value(step.target)(*(self._value(e) for e in step.args))
        outputs = torch.cat([tensor.flatten() for tensor in flat(result)])
        if step.directions is not None:
            rows = torch.cat(flat(result), dim=1)
            shape = (len(rows), step.directions, rows.shape[1])
            drawn = draws.draw(self.seed, f"{step.save}.directions", shape)
            outputs = torch.einsum("bo,bko->bk", rows, drawn).flatten()
        found: dict[str, str] = {}
        for name, target in self._targets(step.wrt).items():
            rows = [self._gradient(output, target) for output in outputs]
            found[name] = self._keep(f"{step.save}/d/{name}", torch.stack(rows))
        self.values[step.save] = self._stored(step.save, result).model_copy(update={"gradients": found})

    def _vjp(self, step: Any) -> None:
        self._product(step.save, self.live[step.output], step)

    def _product(self, save: str, output: torch.Tensor, step: Any) -> None:
        total = (draws.draw(self.seed, step.weights, output.shape) * output).sum()
        found = {
            name: self._keep(f"{save}/d/{name}", self._gradient(total, target))
            for name, target in self._targets(step.wrt).items()
        }
        self.values[save] = Value(kind="none", gradients=found)

    def _trace(self, step: Any) -> None:
        module, calls = self._value(step.target), []
        for name, part in module.named_modules():
            if name:
                part.forward = self._recorded(name, part, calls)
        try:
            self.live[step.save] = module(*(self._value(e) for e in step.args))
        except Exception:
            self.values[step.save] = Value(kind="none", calls=tuple(calls))
            raise
        stored = self._stored(step.save, self.live[step.save])
        self.values[step.save] = stored.model_copy(update={"calls": Calls.of(calls)})
        if step.gradients is not None:
            self._product(step.gradients, self.live[step.save], step)

    def _catch(self, step: Any) -> None:
        self.values[step.save] = Value(kind="none")
        try:
            for inner in step.steps:
                self._step(inner)
        except Exception as error:  # noqa: BLE001 - that is what `catch` is for
            self.values[step.save] = Value(kind="text", text=type(error).__name__)

    def _recorded(self, name: str, part: nn.Module, calls: list[TracedCall]) -> Callable[..., Any]:
        forward = part.forward

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            inputs = tuple(self._identified(t) for t in flat([*args, *kwargs.values()]))
            result = forward(*args, **kwargs)
            outputs = tuple(self._identified(t) for t in flat(result))
            calls.append(TracedCall(module=name, class_name=type(part).__name__, inputs=inputs, outputs=outputs))
            return result

        return wrapped

    def _identified(self, tensor: torch.Tensor) -> str:
        content = tensor.detach().contiguous()
        head = f"{content.dtype}{tuple(content.shape)}".encode()
        identifier = hashlib.sha256(head + content.numpy().tobytes()).hexdigest()[:16]
        self._keep(f"t/{identifier}", content)
        return identifier

    def _targets(self, names: Sequence[str]) -> dict[str, torch.Tensor]:
        found = {}
        for name in names:
            target = self.live[name]
            if isinstance(target, nn.Module):
                found |= {f"{name}.{key}": parameter for key, parameter in target.named_parameters()}
            else:
                found[name] = target
        return found

    @staticmethod
    def _gradient(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if not output.requires_grad or not target.requires_grad:
            return torch.zeros_like(target)
        (found,) = torch.autograd.grad(output, target, retain_graph=True, allow_unused=True)
        return torch.zeros_like(target) if found is None else found

    def _keep(self, name: str, tensor: torch.Tensor) -> str:
        key = f"{self.probe.id}@{self.definition}/{name}"
        self.tensors[key] = tensor.detach().clone().contiguous()
        return key

    def _stored(self, name: str, value: Any) -> Value:
        if isinstance(value, torch.Tensor):
            key = self._keep(name, value)
            return Value(kind="tensor", key=key, shape=tuple(value.shape), dtype=str(value.dtype))
        if isinstance(value, tuple | list):
            items = tuple(self._stored(f"{name}.{i}", item) for i, item in enumerate(value))
            return Value(kind="tuple" if isinstance(value, tuple) else "list", items=items)
        return Value(kind="none") if value is None else Value(kind="other", text=type(value).__name__)

    def _name(self, name: str) -> Any:
        if name not in self.namespace:
            raise _MissingNameError(name)
        return self.namespace[name]

    def _value(self, expression: Any) -> Any:
        if not isinstance(expression, dict):
            return expression
        if "ref" in expression:
            return self.live[expression["ref"]]
        if "draw" in expression:
            return draws.draw(self.seed, expression["draw"], expression["shape"])
        if "values" in expression:
            return torch.tensor(expression["values"], dtype=torch.float64)
        if "zeros" in expression:
            return torch.zeros(expression["zeros"], dtype=torch.float64)
        return tuple(self._value(item) for item in expression["tuple"])


class _MissingNameError(LookupError):
    """A name that the probe constructs is not there."""


def flat(value: Any) -> list[torch.Tensor]:
    """The tensors in nested tuples and lists."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in flat(item)] if isinstance(value, tuple | list) else []


def facts(made: Any) -> Facts:
    """What an object looks like."""
    if not isinstance(made, nn.Module):
        return Facts(class_name=type(made).__name__, is_module=False)
    parameters = tuple(
        ParameterFacts(name=name, shape=tuple(p.shape), dtype="float64", requires_grad=p.requires_grad)
        for name, p in made.named_parameters()
    )
    modules = tuple(
        ModuleFacts(name=name, class_name=type(m).__name__, library=type(m).__module__.startswith("torch."))
        for name, m in made.named_modules()
    )
    return Facts(class_name=type(made).__name__, is_module=True, parameters=parameters, modules=modules)


class Bench:
    """A rubric with an oracle, and submissions given as live classes."""

    def __init__(self, folder: Path, oracle: Oracle, *questions: Question) -> None:
        self.folder, self.oracle = folder, oracle
        self.rubric = rubric(folder, *questions)

    def probes(self) -> list[Probe]:
        """What all checks ask for, once."""
        asked: dict[str, Probe] = {}
        for check in (check for question in self.rubric.questions for check in question.checks):
            found, parameters = kind_of(check, self.rubric)
            asked |= {p.id: p for p in found.probes(self.rubric, check, parameters, self.oracle)}
        return list(asked.values())

    def take(
        self,
        classes: Mapping[str, Any],
        *,
        stand_ins: Mapping[str, Any] | None = None,
        cells: Sequence[str] = ("",),
        edit: Callable[[ProbeRun], ProbeRun | None] = lambda run: run,
        scope: dict[str, Any] | None = None,
    ) -> Bench:
        """Write the evidence.

        Args:
            classes: name -> class, or a list of its definitions, the last one in force; made in cell 0, 1, ...
            stand_ins: classes to put in place for the second part; None to leave it out.
            cells: the sources of the notebook.
            edit: changes or drops runs before they are stored.
            scope: where the classes look each other up; holds the stand-ins while the second part is taken.
        """
        scope = {} if scope is None else scope
        (self.folder / "notebook.json").write_text(notebook(*cells).model_dump_json())
        self._write("student", classes, {}, edit, scope)
        if stand_ins is not None:
            self._write("stand-ins", classes, stand_ins, edit, scope)
        return self

    def _write(
        self,
        name: str,
        classes: Mapping[str, Any],
        stand_ins: Mapping[str, Any],
        edit: Callable[[ProbeRun], ProbeRun | None],
        scope: dict[str, Any],
    ) -> None:
        listed = {key: value if isinstance(value, list) else [value] for key, value in classes.items()}
        final = {key: value[-1] for key, value in listed.items()} | dict(stand_ins)
        scope.update(final)
        definitions = tuple(
            Definition(name=key, cell=cell, line=1) for key, value in listed.items() for cell in range(len(value))
        )
        runs, tensors = [], {}
        for probe in self.probes():
            if probe.stand_ins is (name == "student"):
                continue
            subject = probe.subject or ""
            for index, definition in enumerate(listed.get(subject, [None])):
                namespace = final | ({subject: definition} if definition is not None else {})
                runner = ProbeRunner(probe, namespace, index)
                ended = {one.probe for one in runs if one.definition == index and one.status == "done"}
                done = bool(probe.unless) and ended.issuperset(probe.unless)
                skipped = ProbeRun(probe=probe.id, definition=index, status="skipped", seed=runner.seed)
                run = edit(skipped if done else runner.run())
                if run is not None:
                    runs.append(run)
                    tensors |= runner.tensors
        record = PartRecord(part=name, level="none", seed=SEED, definitions=definitions, probes=tuple(runs))
        (self.folder / f"{name}.json").write_text(record.model_dump_json())
        with suppress(FileNotFoundError):
            (self.folder / f"{name}.safetensors").unlink()
        if tensors:
            save_file(tensors, self.folder / f"{name}.safetensors")

    def context(self, identifier: str) -> JudgeContext:
        """What a judge sees of the submission."""
        asked = self.rubric.question(identifier)
        return JudgeContext(
            rubric=self.rubric,
            question=asked,
            check=asked.checks[0],
            evidence=Evidence(self.folder),
            student_version=StudentVersion(notebook("## START 1b\n## END"), MARKERS),
            oracle=self.oracle,
        )

    def judge(self, identifier: str, context: JudgeContext | None = None) -> Verdict:
        """The verdict on a question."""
        context = context or self.context(identifier)
        found, parameters = kind_of(context.check, self.rubric)
        return found.judge(context, parameters)
