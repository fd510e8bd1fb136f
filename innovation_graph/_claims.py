"""Statements about a network of hubs as questions that can be put to another one."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd

from innovation_graph import centrality, communities, topology
from innovation_graph.network import Network
from innovation_graph.places import gihi2024

__all__ = [
    "LEAST_WORKS",
    "QUESTIONS",
    "WORKS_PER_WEIGHT",
    "Context",
    "Question",
    "hub_names",
    "hub_table",
    "joint_works",
]

LEAST_WORKS = 10
"""So many joint works a hub must have for any answer about it, and so many times n for its n largest partners."""

WORKS_PER_WEIGHT = "works_per_weight"
"""Key of the provenance of a network of hubs: how many works stand behind a unit of link weight, at most 1."""

_SEEDS = 20
_Z = 1.959964  # 95 percent
_CHANCE = 3.0  # of so many expected works none comes by chance once in twenty times
_COUNTRIES = 10
_GROUPS = {
    "China": ("country", "CN"),
    "Chinese hubs": ("country", "CN"),
    "USA": ("country", "US"),
    "Europe": ("continent", "Europe"),
    "European hubs": ("continent", "Europe"),
}

Answer = tuple[bool | None, str]


@cache
def hub_table() -> pd.DataFrame:
    """Return the hubs of the report, indexed by place id."""
    return gihi2024().table


def hub_names(hubs: Iterable[str]) -> list[str]:
    """Return the names of some hubs."""
    return [str(name) for name in hub_table()["name_en"][list(hubs)]]


def joint_works(network: Network) -> pd.DataFrame:
    """Count the works that each hub has with a partner.

    Parameters
    ----------
    network : Network
        A network of hubs, with `works` and `solo_works` where they are known.

    Returns
    -------
    pandas.DataFrame
        By place id: `works`, those with a partner, at most the strength, as partners may be no hubs; the strength
        alone where a hub's works are unknown. `shown`, the number in words.
    """
    strength = centrality.strength(network)
    counted = (network.places["works"] - network.places["solo_works"]).astype("float64")
    known = counted > 0
    works = strength.where(~known, np.minimum(strength, counted))
    shown = [f"{n:.6g}" + ("" if sure or not n else " by link weight") for n, sure in zip(works, known, strict=True)]
    return pd.DataFrame({"works": works, "shown": shown}, index=network.ids)


@dataclass(frozen=True)
class Context:
    """What a question may need besides the network: a seed, and the hubs' network of papers."""

    seed: int
    papers: Network | None


@dataclass(frozen=True)
class Question:
    """What is asked, of which hubs, and how a network of hubs answers: yes, no or None, and the reason."""

    asked: str
    about: tuple[str, ...]
    judge: Callable[[Network], Answer]


@dataclass(frozen=True)
class _Top:
    """The n largest of some values: those that are among them for sure, and those that tie for the other seats."""

    sure: frozenset[str]
    tied: frozenset[str]
    seats: int
    shown: str

    def count(self, kind: frozenset[str]) -> tuple[int, int]:
        """Fewest and most of a kind that may be among the n."""
        sure, tied = len(self.sure & kind), len(self.tied & kind)
        return sure + max(0, self.seats - (len(self.tied) - tied)), sure + min(self.seats, tied)

    def has_exactly(self, kind: frozenset[str], wanted: frozenset[str]) -> bool | None:
        """Whether those of a kind are exactly the wanted ones; None if it hangs on the ties."""
        least, most = self.count(kind)
        tied = self.tied & kind
        possible = self.sure & kind <= wanted <= (self.sure | tied) & kind and least <= len(wanted) <= most
        return (True if least == most and tied <= wanted else None) if possible else False

    def has_all(self, wanted: frozenset[str]) -> bool | None:
        """Whether all wanted ones are among the n; None if it hangs on the ties."""
        if wanted <= self.sure:
            return True
        return None if wanted <= self.sure | self.tied and len(wanted & self.tied) <= self.seats else False


def _communities(_: str, value: str, context: Context) -> Question:
    groups = [_hubs(part.split(":")[1]) for part in value.split("|")]
    named = " | ".join(_named(group) for group in groups)

    def judge(network: Network) -> Answer:
        hits = 0
        for seed in range(context.seed, context.seed + _SEEDS):
            labels = communities.leiden(network, seed=seed, runs=1).labels
            of = [set(labels[list(group)]) for group in groups]
            hits += all(len(labels) == 1 for labels in of) and len(set.union(*of)) == len(of)
        holds = True if hits >= 0.9 * _SEEDS else False if hits <= 0.1 * _SEEDS else None
        return holds, f"so in {hits} of {_SEEDS} seeds"

    asked = f"Leiden communities: each group in one community, no two in the same, in 90 percent of seeds: {named}"
    return Question(asked, tuple(hub for group in groups for hub in group), judge)


def _top_count(subject: str, value: str, _: Context, *, country: str | None = None) -> Question:
    (hub,) = _hubs(subject)
    wanted, n = map(int, re.findall(r"\d+", value))
    country = country or str(hub_table()["country"][hub])
    asked = f"exactly {wanted} of the {n} largest partners of {_named([hub])} are hubs of {country}"

    def judge(network: Network) -> Answer:
        top = _top_partners(network, hub, n)
        if isinstance(top, str):
            return None, top
        least, most = top.count(_group(network, ("country", country)))
        answer = (True if least == most else None) if least <= wanted <= most else False
        counted = f"{least}" if least == most else f"{least} to {most}, depending on ties"
        return answer, f"{counted} of {n}: {top.shown}"

    return Question(asked, (hub,), judge)


def _top_foreign(subject: str, value: str, _: Context) -> Question:
    (hub,), wanted = _hubs(subject), _hubs(value)
    country = str(hub_table()["country"][hub])
    asked = f"the partners outside {country} among the 10 largest of {_named([hub])} are exactly: {_named(wanted)}"

    def judge(network: Network) -> Answer:
        top = _top_partners(network, hub, 10)
        if isinstance(top, str):
            return None, top
        foreign = frozenset(network.ids) - _group(network, ("country", country))
        found = [name for name in network.ids if name in foreign & (top.sure | top.tied)]
        return top.has_exactly(foreign, frozenset(wanted)), f"{_named(found) or 'none'}, of {top.shown}"

    return Question(asked, (hub, *wanted), judge)


def _top_include(subject: str, value: str, _: Context) -> Question:
    (hub,), wanted = _hubs(subject), _hubs(value)
    asked = f"among the 10 largest partners of {_named([hub])} are: {_named(wanted)}"

    def judge(network: Network) -> Answer:
        top = _top_partners(network, hub, 10)
        if isinstance(top, str):
            return None, top
        out = [name for name in wanted if name not in top.sure]
        return top.has_all(frozenset(wanted)), (
            f"not, or not for sure: {_named(out)}; " if out else "all; "
        ) + top.shown

    return Question(asked, (hub, *wanted), judge)


def _partner_groups(subject: str, value: str, _: Context) -> Question:
    pairs = [(subject, value.split(" and ")), ("USA", ["USA"]), ("China", ["China"])]
    asked = "more than half of the strength: " + "; ".join(f"{a} with {' or '.join(b)}" for a, b in pairs)

    def judge(network: Network) -> Answer:
        answers = [_share(network, _GROUPS[group], [_GROUPS[name] for name in among], 0.5) for group, among in pairs]
        verdicts = [answer for answer, _ in answers]
        holds = False if False in verdicts else None if None in verdicts else True
        return holds, "; ".join(f"{group} {text}" for (group, _), (_, text) in zip(pairs, answers, strict=True))

    return Question(asked, (), judge)


def _domestic_share(subject: str, value: str, _: Context) -> Question:
    (percent,) = map(int, re.findall(r"\d+", value))
    asked = f"more than {percent} percent of the strength of {subject} is among themselves"

    def judge(network: Network) -> Answer:
        answer, text = _share(network, _GROUPS[subject], [_GROUPS[subject]], percent / 100)
        members = _group(network, _GROUPS[subject])
        inside = network.subset(sorted(members)) if members else network
        degree = centrality.degree(inside).sort_values(ascending=False)
        tight = inside.subset(list(degree.index[:15])) if len(degree) > 15 else inside
        text += f"; {int((degree > 0).sum())} of {len(degree)} hubs have links inside, density among the"
        return answer, f"{text} {tight.n_places} with most {topology.density(tight):.2f}"

    return Question(asked, (), judge)


def _top_degree(_: str, value: str, __: Context) -> Question:
    wanted = _hubs(value)
    n = len(wanted)

    def judge(network: Network) -> Answer:
        top = _largest(centrality.degree(network), n)
        if isinstance(top, str):
            return None, f"hubs with links: {top}"
        return top.has_exactly(frozenset(network.ids), frozenset(wanted)), top.shown

    return Question(f"the {n} hubs with most partners are exactly: {_named(wanted)}", tuple(wanted), judge)


def _ties(_: str, value: str, __: Context) -> Question:
    pairs = [_hubs(pair, " - ") for pair in value.split(";")]
    named = "; ".join(" and ".join(hub_names(pair)) for pair in pairs)

    def judge(network: Network) -> Answer:
        strength = centrality.strength(network)
        weights = [float(_partners(network, one)[other]) for one, other in pairs]
        chance = [float(strength[one] * strength[other] / strength.sum()) for one, other in pairs]
        shown = [
            f"{' and '.join(hub_names(pair))} {weight:g}" + ("" if weight else f" (by chance {expected:.2g})")
            for pair, weight, expected in zip(pairs, weights, chance, strict=True)
        ]
        missing = [expected for weight, expected in zip(weights, chance, strict=True) if not weight]
        answer = True if not missing else False if max(missing) >= _CHANCE else None
        return answer, "; ".join(shown)

    return Question(f"linked: {named}", tuple(hub for pair in pairs for hub in pair), judge)


def _density(_: str, __: str, context: Context) -> Question:
    asked = (
        "the density is below that of the network of papers, and the 5 hubs with most partners have them in "
        f"{_COUNTRIES} other countries or more"
    )

    def judge(network: Network) -> Answer:
        if context.papers is None:
            return None, f"density {topology.density(network):.3f}; the network of papers is not given"
        top = _largest(centrality.degree(network), 5)
        if isinstance(top, str):
            return None, f"hubs with links: {top}"
        country = network.places["country"]
        abroad = {
            hub: int(country[partners.index[partners > 0]].drop_duplicates().ne(country[hub]).sum())
            for hub in network.ids
            if hub in top.sure | top.tied
            for partners in [_partners(network, hub)]
        }
        densities = topology.density(network), topology.density(context.papers)
        shown = ", ".join(f"{_named([hub])} {count}" for hub, count in abroad.items())
        wide = frozenset(hub for hub, count in abroad.items() if count >= _COUNTRIES)
        least, most = top.count(wide)
        spread = True if least == 5 else False if most < 5 else None
        answer = False if densities[0] >= densities[1] else spread
        return answer, f"density {densities[0]:.3f}, papers {densities[1]:.3f}; other countries: {shown}"

    return Question(asked, (), judge)


QUESTIONS: dict[str, Callable[[str, str, Context], Question]] = {
    "communities": _communities,
    "top_partners_domestic": _top_count,
    "top5_partners_chinese": partial(_top_count, country="CN"),
    "top_partners_foreign": _top_foreign,
    "top_partners_include": _top_include,
    "partners_include": _top_include,
    "partners": _partner_groups,
    "domestic_share": _domestic_share,
    "top5_degree": _top_degree,
    "international_ties": _ties,
    "density": _density,
}
"""How to ask each kind of statement: subject, value, context."""


def _hubs(text: str, separator: str = ",") -> list[str]:
    """Return the ids of the hubs that a text names; a part of a name stands for the one hub that has it."""
    names = hub_table()["name_en"]
    if text.strip() in set(names):
        return [str(names.index[names == text.strip()][0])]
    out = []
    for part in text.split(separator):
        wanted = part.strip()
        hits = (
            names.index[names == wanted]
            if wanted in set(names)
            else names.index[names.str.contains(wanted, regex=False)]
        )
        (hub,) = hits
        out.append(str(hub))
    return out


def _named(hubs: Iterable[str]) -> str:
    return ", ".join(hub_names(hubs))


def _group(network: Network, group: tuple[str, str]) -> frozenset[str]:
    column, value = group
    return frozenset(network.ids[(network.places[column] == value).to_numpy(dtype=bool)])


def _partners(network: Network, hub: str) -> pd.Series:
    row = network.adjacency[[network.position(hub)]].toarray()[0]
    return pd.Series(row, index=network.ids)


def _top_partners(network: Network, hub: str, n: int) -> _Top | str:
    partners = _partners(network, hub)
    top = _largest(partners, n)
    if isinstance(top, str):
        return f"partners of {_named([hub])}: {top}"
    joint = joint_works(network)
    if joint["works"][hub] < LEAST_WORKS * n:
        return (
            f"joint works of {_named([hub])}: {joint['shown'][hub]}, at least {LEAST_WORKS * n} are needed; {top.shown}"
        )
    return top


def _largest(values: pd.Series, n: int) -> _Top | str:
    """Return the n largest, or, if fewer are above 0, how many there are and should be."""
    falling = values[values > 0].sort_values(ascending=False, kind="stable")
    if len(falling) < n:
        return f"{len(falling)}, at least {n} are needed"
    last = falling.iloc[n - 1]
    above, at = falling.index[falling > last], falling.index[falling == last]
    no_choice = len(above) + len(at) == n
    sure = frozenset(above.append(at) if no_choice else above)
    shown = ", ".join(f"{name} {falling[hub]:.6g}" for hub, name in zip(above, hub_names(above), strict=True))
    rest = ", ".join(f"{name} {last:.6g}" for name in hub_names(at))
    if not no_choice:
        rest = f"tied for {n - len(above)} more: {rest}"
    tied = frozenset() if no_choice else frozenset(at)
    return _Top(sure, tied, n - len(sure), ", ".join(filter(None, [shown, rest])))


def _share(network: Network, group: tuple[str, str], among: list[tuple[str, str]], limit: float) -> Answer:
    """Whether the group has more than such a share of its strength with some others, and the numbers."""
    members = network.ids.isin(_group(network, group))
    others = network.ids.isin(frozenset().union(*(_group(network, each) for each in among)))
    matrix = network.adjacency
    total = float(matrix[members].sum())
    if not total:
        return None, "no links"
    share = float(matrix[members][:, others].sum()) / total
    first, second, weight = network.pairs
    touching = members[first] | members[second]
    links = float(weight[touching].sum())
    per_weight = network.provenance.get(WORKS_PER_WEIGHT)
    own = float(joint_works(network)["works"].to_numpy()[members].sum())
    works = min(links * (1.0 if per_weight is None else float(per_weight)), own)
    told = f"{links:.6g} of link weight" + ("" if per_weight is None else f", about {works:.0f} joint works")
    middle, spread = share + _Z**2 / (2 * works), _Z * np.sqrt(share * (1 - share) / works + (_Z / (2 * works)) ** 2)
    low, high = (max(0.0, (middle + side * spread) / (1 + _Z**2 / works)) for side in (-1, 1))
    answer = True if low > limit else False if high < limit else None
    return answer, f"{share:.1%} ({low:.1%} to {high:.1%}; {told})"
