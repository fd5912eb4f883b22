"""The command that measures a case again."""

from __future__ import annotations

import shlex

from ovreport.record import Tier
from ovreport_collector.models.variants import is_calibrated
from ovreport_collector.plan.plan import Plan, PlannedCase
from ovreport_collector.plan.tiers import TIERS


def command(plan: Plan, planned: PlannedCase) -> str:
    """Return the command that measures this case again."""
    return shlex.join(_words(plan, planned))


def _words(plan: Plan, planned: PlannedCase) -> list[str]:
    case = planned.case
    own = plan.own.get(case.model)
    named = list(own or ("--suite", plan.suite_name))
    command = ["ovreport", "collect", *named, "--tier", plan.tier.name, *_tier(plan.tier)]
    command += [] if own else ["--model", case.model]
    command += _variants(plan, planned)
    command += ["--device", case.device, *_what_runs(planned), "--seed", str(plan.seed)]
    for name in plan.skip:
        command += ["--skip", name]
    if planned.model.data in plan.suite.user_datasets:
        command += ["--dataset", f"{planned.model.data}=PATH"]
        if plan.samples is not None:
            command += ["--samples", str(plan.samples)]
    command += ["--allow-outside", "PATH"] * len(plan.suite.allowed_outside)
    for name in plan.plugins:
        command += ["--plugin", f"{name}=PATH"]
    return [*command, *_arms(plan)]


def _arms(plan: Plan) -> list[str]:
    """Return the options that choose the arms, all of them: alone, one would be no comparison."""
    wanted = plan.wanted_arms
    words = [w for one in wanted.openvino for w in ("--openvino", _no_path(one))]
    for name, properties in wanted.settings.items():
        settings = ",".join(f"{key}={value}" for key, value in properties.items())
        words += ["--arm", f"{name}:{settings}"]
    return [*words, *(["--aa"] if wanted.again else [])]


def _no_path(release: str) -> str:
    return "PATH" if release.endswith(".whl") else release


def _tier(tier: Tier) -> list[str]:
    """Return the options that make a tier a custom one."""
    usual = TIERS[tier.name]
    rounds = ["--rounds", str(tier.rounds)] if tier.rounds != usual.rounds else []
    longer = tier.min_seconds != usual.min_seconds
    return [*rounds, *(["--time", f"{tier.min_seconds:g}"] if longer else [])]


def _what_runs(planned: PlannedCase) -> list[str]:
    """Return the options that choose the case; a native framework's with OpenVINO, its baseline."""
    if planned.is_native:
        return ["--engine", "openvino", "--engine", planned.case.engine]
    return ["--precision", planned.case.precision]


def _variants(plan: Plan, planned: PlannedCase) -> list[str]:
    """Return the options that choose the variant, where there is a choice.

    Where samples of a user dataset are held out for a calibrated variant, that is named too:
    without it the accuracy would be of other samples than in this run.
    """
    model, name = planned.model, planned.case.variant
    names = [name] if planned.is_optimized or model.variants else []
    calibrated = [v for v in plan.optimized_variants(model) if is_calibrated(v)]
    if model.data in plan.suite.user_datasets and calibrated and name not in calibrated:
        names = [name, calibrated[0]]
    return [word for each in names for word in ("--variant", each)]
