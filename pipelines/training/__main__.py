"""`python -m pipelines.training`: data, train, evaluate: one command each, or `all` in one go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import WorldloomError
from pipelines.training.make_data import DataPlan, make_data
from pipelines.training.worlds import Split


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its words go to standard output."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _data_command(commands.add_parser("data", help="build worlds and photograph them"))
    _train_command(commands.add_parser("train", help="train a network"))
    _evaluate_command(commands.add_parser("evaluate", help="measure a training on what it never saw, and export its weights"))
    _all_command(
        commands.add_parser("all", help="data, both networks, figures and weights within so many minutes; goes on where it stopped")
    )
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except WorldloomError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def say(words: str) -> None:
    """One line of progress."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _data_command(parser: argparse.ArgumentParser) -> None:
    plan = DataPlan(Path())
    parser.add_argument("folder", type=Path, help="where the shards go; outside the repository")
    parser.add_argument("--split", type=Split, choices=list(Split), default=plan.split)
    parser.add_argument("--first", type=int, default=plan.first, help="number of the first world")
    parser.add_argument("--worlds", type=int, default=plan.worlds)
    parser.add_argument("--positions", type=int, default=plan.positions, help="panoramas of each world")
    parser.add_argument("--pinholes", type=int, default=plan.pinholes, help="pinhole pictures at each position")
    parser.add_argument("--minutes", type=float, default=plan.minutes)
    parser.add_argument("--workers", type=int, default=plan.workers, help="processes")

    def run(chosen: argparse.Namespace) -> int:
        fields = {name: getattr(chosen, name) for name in DataPlan.__dataclass_fields__}
        made = make_data(DataPlan(**fields), say)
        say(f"{made} shots made in {chosen.folder}")
        return 0

    parser.set_defaults(run=run)


def _train_command(parser: argparse.ArgumentParser) -> None:
    from pipelines.flow import SHAPES

    parser.add_argument("data", type=Path, help="folder of shards")
    parser.add_argument("folder", type=Path, help="where the training is kept; taken up again where there is one")
    parser.add_argument("--shape", choices=list(SHAPES), default="small")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--batch", type=int, default=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--only", choices=["measure", "paint", "outpaint", "repaint"], help="one job instead of all")
    parser.add_argument("--begin", type=Path, metavar="WEIGHTS", help="folder of weights that a new training begins from")
    parser.add_argument("--refresh", action="store_true", help="take in shards that are made meanwhile")

    def run(chosen: argparse.Namespace) -> int:
        from pipelines.training.fit import FitPlan, fit
        from pipelines.training.masks import Job

        fields = {name: value for name, value in vars(chosen).items() if name in FitPlan.__dataclass_fields__}
        fields["only"] = Job(chosen.only) if chosen.only else None
        fit(FitPlan(**fields), say)
        return 0

    parser.set_defaults(run=run)


def _evaluate_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="folder of shards")
    parser.add_argument("folder", type=Path, help="of the training; figures.json and samples.png go there")
    parser.add_argument("--most", type=int, default=100, help="pictures at most")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--weights", type=Path, help="export the weights there, with their card")
    parser.add_argument("--mean-with", type=Path, metavar="WEIGHTS", help="average with the weights that the training began from")

    def run(chosen: argparse.Namespace) -> int:
        from pipelines.training.evaluate import EvaluationPlan, evaluate

        evaluate(EvaluationPlan(**{name: getattr(chosen, name) for name in EvaluationPlan.__dataclass_fields__}), say)
        return 0

    parser.set_defaults(run=run)


def _all_command(parser: argparse.ArgumentParser) -> None:
    from pipelines.flow import SHAPES
    from pipelines.training.session import SessionPlan, run_all

    plan = SessionPlan(Path())
    parser.add_argument("folder", type=Path, help="for data and trainings; outside the repository")
    parser.add_argument("--minutes", type=float, default=plan.minutes, help="for everything together")
    parser.add_argument("--workers", type=int, default=plan.workers, help="processes that make data")
    parser.add_argument("--shape", choices=list(SHAPES), default=plan.shape)
    parser.add_argument("--depth-shape", choices=list(SHAPES), default=plan.depth_shape)
    parser.add_argument("--batch", type=int, default=plan.batch)
    parser.add_argument("--rate", type=float, default=plan.rate)
    parser.add_argument("--positions", type=int, default=plan.positions, help="panoramas of each world")
    parser.add_argument("--pinholes", type=int, default=plan.pinholes, help="pinhole pictures at each position")
    parser.add_argument("--most", type=int, default=plan.most, help="pictures that each network is measured on")
    parser.add_argument("--device", default=plan.device, help="auto, cpu or cuda")
    parser.add_argument("--weights", type=Path, help="export networks there that beat plain guesses, with their card")

    def run(chosen: argparse.Namespace) -> int:
        run_all(SessionPlan(**{name: getattr(chosen, name) for name in SessionPlan.__dataclass_fields__}), say)
        return 0

    parser.set_defaults(run=run)


if __name__ == "__main__":
    raise SystemExit(main())
