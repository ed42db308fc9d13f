"""`worldloom models`: the weights of diffusion and depth models, to list, pull, verify, and to know what they allow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.terminal import bytes_in_words, console, facts, plain, say, say_json, table

if TYPE_CHECKING:
    from pipelines.models import Fit, ModelCard, Plan

application = typer.Typer(help="Weights of models: list, pull, verify, licences.", no_args_is_help=True)

NOT_KNOWN = "not known"
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@application.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the models: what each is for, its licence, its size, whether it is here, and whether it fits this machine."""
    from pipelines.models import cards, free_vram_bytes

    free_bytes = free_vram_bytes()
    if as_json:
        say_json([_for_programs(card, free_bytes) for card in cards()])
        return
    rows = []
    for heading, group in _groups(card for card in cards() if card.avoid is None):
        stages, tiers = heading
        rows += [[""] * 6, [f"[bold]{plain(stages)}[/]", plain(tiers), *[""] * 4], *(_row(card, free_bytes) for card in group)]
    table(
        ("model", "licence", "size", "memory", "here", "fits here"), rows, numbers=("size", "memory"), whole=("licence", "size", "memory")
    )
    say()
    say("[bold]Only when you name them[/]")
    named = [card for card in cards() if card.avoid is not None]
    table(("", "", ""), [(_name(card.id), plain(_stages(card)), f"[dim]{plain(card.avoid)}[/]") for card in named])
    say()
    _say_machine(free_bytes)


@application.command()
def pull(
    what: Annotated[str, typer.Argument(help="A repository (owner/name), a tier (super, ultra), or a stage such as paint.")],
    *,
    revision: Annotated[str | None, typer.Option(help="A commit, branch or tag; of one repository.", show_default="main")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no list.")] = False,
) -> None:
    """Fetch weights, check every byte, and write down which they are."""
    from pipelines.errors import InputError, UnavailableError
    from pipelines.models import allowed_unasked, best_tier, free_vram_bytes, is_hub_id, repositories_for, require_space
    from pipelines.models import plan as plan_for

    if revision is not None and not is_hub_id(what):
        raise InputError(f"--revision belongs to one repository, and {what!r} may be several: name the repository")
    tier = "nano" if is_hub_id(what) else best_tier(free_vram_bytes(), only_here=False)
    wanted = repositories_for(what, "super" if tier == "nano" else tier)
    if not wanted:
        raise InputError(f"{what} needs no weights")
    plans, left_out = [], []
    for name, chosen in wanted.items():
        found = plan_for(name, revision if name.lower() == what.lower() else None)
        if chosen or allowed_unasked(found.licence, gated=found.gated):
            plans.append(found)
        else:
            left_out.append(
                f"{name} ({'gated' if found.gated else f'licence {found.licence}' if found.licence else 'no licence on its card'})"
            )
    require_space(sum(found.missing_bytes for found in plans))
    _fetch(plans, quiet=quiet)
    if left_out:
        raise UnavailableError(
            f"left out for what its terms may forbid: {', '.join(left_out)}: read them, and name it to `pull` if they suit you"
        )


@application.command()
def verify(
    models: Annotated[list[str] | None, typer.Argument(help="Repositories (owner/name).", show_default="all that are here")] = None,
) -> None:
    """Compare every file of the models that are here with what was pulled."""
    from pipelines.errors import InputError, WeightsError
    from pipelines.models import card_of, is_hub_id, locks

    names = [card.id if (card := card_of(name)) else name for name in models or ()] or list(locks())
    strange = next((name for name in names if not is_hub_id(name)), None)
    if strange is not None:
        raise InputError(f"{strange[:120]!r} is no repository (owner/name): see `worldloom models list`")
    problems = sum(_verified(name) for name in names)
    if problems:
        raise WeightsError(f"{problems} file{'s are' if problems > 1 else ' is'} not as pulled: see the list above")
    if not names:
        say("no weights are here: fetch some with `worldloom models pull super`")


@application.command()
def licences(*, as_json: Json = False) -> None:
    """Say under which licence each model stands, and whether what it makes may be sold."""
    from pipelines.models import ModelCard, card_of, cards, locks, terms_of
    from pipelines.models import licences as known

    own = [ModelCard(name) for name in locks() if card_of(name) is None]
    found = [(card, terms_of(card)) for card in (*cards(), *own)]
    if as_json:
        say_json([{"model": c.id, "licence": t.licence, "may_be_sold": t.sell, "source": t.source, "note": t.note} for c, t in found])
        return
    words = {"card": "its card", "table": "our table", "none": ""}
    rows = [
        (_name(card.id), plain(terms.licence or NOT_KNOWN), answer(terms.sell), f"[dim]{words[terms.source]}[/]") for card, terms in found
    ]
    table(("model", "licence", "may be sold", "who says so"), rows, whole=("licence", "may be sold"))
    say()
    say("[dim]Our table is asked only until a model is pulled: then its own card counts, as it was at that commit.[/]")
    say()
    facts([(name, plain(licence.name + (f": {licence.note}" if licence.note else ""))) for name, licence in known().items()])


def _verified(name: str) -> int:
    """Compare the files of one repository, and say what is wrong with them; how many are."""
    from app.commands.progress import ProgressLine
    from pipelines.errors import WeightsError
    from pipelines.models import check, locks, sound_lock

    lock = sound_lock(name)
    if lock is None and name not in locks():
        raise WeightsError(f"{name} was never pulled: fetch it with `worldloom models pull {name}`")
    if lock is None:
        say(f"[red]✗[/] lock.json of {plain(name)} is damaged: write it anew with `worldloom models pull {plain(name)}`")
        return 1
    with ProgressLine() as line:
        found = list(check(lock, line.part("verify", 0.0, 1.0), anew=True))
    for problem in found:
        say(f"[red]✗[/] {plain(problem.sentence)}")
    if not found:
        files = f"{len(lock.files)} file{'s' if len(lock.files) != 1 else ''}"
        say(f"[green]✓[/] {plain(name)}  [dim]{lock.revision[:12]}, {files}, {bytes_in_words(lock.bytes)}[/]")
    return len(found)


def answer(sell: bool | None) -> str:
    """Whether something may be sold, in a word and a colour."""
    return {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]not known[/]"}[sell]


def _fetch(plans: list[Plan], *, quiet: bool) -> None:
    from app.commands.progress import ProgressLine
    from pipelines.errors import Cancelled
    from pipelines.models import pull as fetch

    whole = max(1, sum(plan.bytes for plan in plans))
    done, locks = 0, []
    with ProgressLine(quiet=quiet) as line:
        for plan in plans:
            begin = done / whole
            share = plan.bytes / whole

            def tell(fraction: float, file: str, plan: Plan = plan, begin: float = begin, share: float = share) -> None:
                so_far = f"{bytes_in_words(round(fraction * plan.bytes))} of {bytes_in_words(plan.bytes)}"
                line.show("pull", begin + share * fraction, f"{plan.id}: {so_far}, {file}")

            try:
                locks.append(fetch(plan, tell))
            except KeyboardInterrupt:
                raise Cancelled("interrupted; what was fetched so far is kept, and the same command goes on from there") from None
            done += plan.bytes
    if not quiet:
        for lock in locks:
            terms = lock.licence or "no licence on its card"
            say(f"[green]✓[/] {plain(lock.id)}  [dim]{lock.revision[:12]}, {bytes_in_words(lock.bytes)}, {plain(terms)}[/]")


def _groups(cards: Iterable[ModelCard]) -> list[tuple[tuple[str, str], list[ModelCard]]]:
    """Models with what is loaded on top of them, under (stages, tiers) that they are for."""
    groups: dict[tuple[str, str], list[ModelCard]] = {}
    heading = ("", "")
    for card in cards:
        if card.role == "model":
            heading = (_stages(card), ", ".join(card.tiers))
        groups.setdefault(heading, []).append(card)
    return list(groups.items())


def _row(card: ModelCard, free_bytes: int | None) -> list[str]:
    from pipelines.models import fit, locks, sound_lock, terms_of

    lock = sound_lock(card.id)
    size = lock.bytes if lock else card.size_bytes
    return [
        _name(card.id, on_top=card.role != "model"),
        plain(terms_of(card).licence or NOT_KNOWN),
        bytes_in_words(size) if size else f"[dim]{NOT_KNOWN}[/]",
        _memory(card) if card.role == "model" else "",
        "[green]yes[/]" if lock else "[red]damaged[/]" if card.id in locks() else "[dim]no[/]",
        _fits(fit(card, free_bytes), free_bytes) if card.role == "model" else "",
    ]


def _name(name: str, *, on_top: bool = False) -> str:
    """A repository's name in the width that the other columns leave, broken where one may."""
    room = max(24, min(48, console().width - 58))
    begin, rest = ("+ ", "  ") if on_top else ("", "")
    if len(begin + name) <= room:
        return f"[dim]{begin}[/]{plain(name)}"
    owner, _, last = name.rpartition("/")
    lines = [f"{owner}/", *textwrap.wrap(last, room - 2)]
    return "\n".join(f"{begin if index == 0 else rest}{plain(line)}" for index, line in enumerate(lines))


def _stages(card: ModelCard) -> str:
    return ", ".join(card.stages or ()) or {"adapter": "a LoRA", "part": "a part", "control": "a ControlNet"}.get(card.role, "")


def _memory(card: ModelCard) -> str:
    """On the graphics card, from the leanest to the fastest way to load it; estimates with a tilde."""
    from pipelines.models import modes

    ways = card.vram or [mode for mode in modes(card) if mode.offload != "sequential"]
    if not ways:
        return f"[dim]{NOT_KNOWN}[/]"
    low, high = min(mode.gb for mode in ways), max(mode.gb for mode in ways)
    figures = f"{low:.2g}" if f"{low:.2g}" == f"{high:.2g}" else f"{low:.2g}–{high:.2g}"
    return f"{'' if card.vram else '~'}{figures} GB"


def _fits(fit: Fit, free_bytes: int | None) -> str:
    if fit.mode is not None:
        return "[green]yes[/]" if fit.mode.words == "whole" else f"[green]yes, {fit.mode.words}[/]"
    if fit.cpu:
        return "[green]on the CPU[/]"
    return "[dim]no GPU[/]" if free_bytes is None else f"[dim]{NOT_KNOWN}[/]" if fit.needed_bytes is None else "[red]too large[/]"


def _say_machine(free_bytes: int | None) -> None:
    from pipelines.models import best_tier, choices, locks, models_folder, sound_lock

    here = [lock for lock in map(sound_lock, locks()) if lock is not None]
    kept = f"{len(here)} model{'s' if len(here) != 1 else ''} here, {bytes_in_words(sum(lock.bytes for lock in here))}"
    card = "none with CUDA: what needs one cannot run here" if free_bytes is None else f"{free_bytes / 1e9:.1f} GB free"
    tier = best_tier(free_bytes, only_here=False)
    facts(
        [
            ("graphics card", card),
            ("tier that fits", tier if tier == "nano" else f"{tier}: fetch it with `worldloom models pull {tier}`"),
            ("folder", plain(f"{models_folder()}: {kept}")),
            *((f"your {stage}", plain(card.id)) for stage, card in choices().items()),
        ]
    )


def _for_programs(card: ModelCard, free_bytes: int | None) -> dict[str, Any]:
    from pipelines.models import fit, modes, sound_lock, terms_of

    lock, terms, fits = sound_lock(card.id), terms_of(card), fit(card, free_bytes)
    return {
        "id": card.id,
        "role": card.role,
        "stages": dict(card.stages or {}),
        "tiers": list(card.tiers),
        "adapter": card.adapter,
        "controls": dict(card.controls or {}),
        "licence": terms.licence,
        "may_be_sold": terms.sell,
        "gated": card.gated,
        "parameters": card.parameters,
        "size_bytes": lock.bytes if lock else card.size_bytes,
        "memory": [{"offload": mode.offload, "storage": mode.storage, "bytes": mode.bytes} for mode in modes(card)],
        "avoid": card.avoid,
        "here": lock is not None,
        "revision": lock.revision if lock else None,
        "fits": fits.runs,
        "sources": dict(card.sources or {}),
    }
