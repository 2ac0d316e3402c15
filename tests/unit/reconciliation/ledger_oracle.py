"""A second, naive account of DESIGN section 6, in whole numbers and plain lists, to hold the ledger against.

It shares nothing with the product: each step walks over everything again.
"""

from dataclasses import dataclass, field

from tests.unit.reconciliation.ledger_oracle_ships import Asked, Period, Ship, as_asked, exceeds_a_window


@dataclass
class Oracle:
    """Line 1 is kept in quantity and value, line 2 in quantity; other lines do not exist."""

    authorised: dict[int, tuple[int, int]] | None = None  # with the tolerance of the line
    suspended: bool = False
    excluded: bool = False  # what line 2 is for
    needs_key: bool = False
    """The licence requires a federal authorisation."""
    period: Period | None = None  # of line 1
    keys: dict[int, tuple[bool, int | None, int | None]] = field(default_factory=dict)
    """By number: whether it is live, the only line it covers, the most it covers."""
    ships: dict[int, Ship] = field(default_factory=dict)

    def columns(self, line: int) -> list[tuple[int, int]]:
        """Reserved, consumed, exited of a line, each as quantity and value."""
        draws = [d for ship in self.ships.values() for d in ship.draws if d.line == line]
        return [
            (sum(d.reserved[0] for d in draws), sum(d.reserved[1] for d in draws)),
            (sum(d.consumed[0] for d in draws), sum(d.consumed[1] for d in draws)),
            (sum(d.exited[0] for d in draws), sum(d.exited[1] for d in draws)),
        ]

    def verdicts(self) -> list[tuple[int, int, int, str]]:
        return [(n, d.item, d.line, d.verdict) for n, ship in self.ships.items() for d in ship.draws]

    # What is judged

    def known(self, draw: Asked) -> bool:
        return self.authorised is not None and draw.line in self.authorised

    def breaks_a_rule(self, draw: Asked) -> bool:
        outside = self.suspended or (self.excluded and draw.line == 2)
        return outside or draw.forbidden or draw.foreign or not self.known(draw)

    def lacks_key(self, draw: Asked, quantity: int | None) -> bool:
        """Whether no key opens for it; a quantity of None is not measured."""
        if not self.needs_key or not self.known(draw):
            return False
        for live, only, most in self.keys.values():
            if live and only in {None, draw.line}:
                lines = (1, 2) if only is None else (only,)
                drawn = sum(d.held[0] for ship in self.ships.values() for d in ship.draws if d.line in lines)
                if most is None or quantity is None or (not draw.foreign and drawn + quantity <= most):
                    return False
        return True

    def exceeds(self, draw: Asked, takes: tuple[int, int]) -> bool:
        if not self.known(draw) or self.authorised is None or draw.foreign:
            quantity_over = False
        else:
            total = sum(d.held[0] for ship in self.ships.values() for d in ship.draws if d.line == draw.line)
            quantity_over = total + takes[0] > self.authorised[draw.line][0]
        if not self.known(draw) or self.authorised is None or draw.line != 1:
            return quantity_over
        if exceeds_a_window(self.period, draw, takes, self.ships.values()):
            return True
        total = sum(d.held[1] for ship in self.ships.values() for d in ship.draws if d.line == draw.line)
        return quantity_over or total + takes[1] > self.authorised[draw.line][1]

    def takes(self, draw: Asked, ship: Ship) -> tuple[tuple[int, int], tuple[int, int]]:
        """What a released draw uses, and what of it left."""
        quantity = 0 if draw.foreign else draw.quantity
        if ship.phase != "EXITED":
            return (quantity, draw.value), (0, 0)
        left = draw.quantity if draw.left is None else draw.left
        left_value = draw.value if draw.left is None else draw.left * 100
        gone = (min(left, quantity), min(left_value, draw.value))
        return (gone if ship.final else (quantity, draw.value)), gone

    # What happens

    def ask(
        self,
        number: int,
        phase: str,
        draws: list[Asked],
        *,
        final: bool = False,
        early: bool = False,
        completes: tuple[int, ...] = (),
    ) -> None:
        before = self.ships.get(number)
        drawn_before = self.drawn()
        stood_in_before = self.all_stood_in()
        ship = Ship(phase, final, [], early, completes)
        self.ships[number] = ship
        self.judge_one(number, before, draws)
        self.follow(number, stood_in_before)
        drawn_now = self.drawn()
        if any(now < was for was, now in zip(drawn_before, drawn_now, strict=True)):
            for other, ship in self.ships.items():
                if other != number and ship.phase == "ACCEPTED":
                    for draw in ship.draws:
                        if draw.verdict == "REFUSED" and (draw.over or draw.keyless) and not self.stood_in(other):
                            self.judge_early(ship, [draw]) if ship.early else self.judge_again(draw)

    def drawn(self) -> list[int]:
        lines = [self.columns(line) for line in (1, 2)]
        return [c[0][d] + c[1][d] for c in lines for d in (0, 1)]

    # Goods declared twice: simplified, then definitively

    def in_force(self, number: int) -> bool:
        """Whether all it declares is booked, so that it stands in for others."""
        ship = self.ships[number]
        booked = ship.phase in {"RELEASED", "EXITED"} and ship.draws and not any(d.listed for d in ship.draws)
        return bool(ship.completes) and bool(booked)

    def stood_in(self, number: int) -> bool:
        if number not in self.ships or self.ships[number].completes:
            return False
        return any(number in ship.completes and self.in_force(other) for other, ship in self.ships.items())

    def all_stood_in(self) -> dict[int, list[int]]:
        """Who stands in for each ship."""
        return {
            n: [o for o, ship in self.ships.items() if n in ship.completes and self.in_force(o)]
            for n, ship in self.ships.items()
            if not ship.completes
        }

    def judge_one(self, number: int, before: Ship | None, draws: list[Asked]) -> None:
        ship = self.ships[number]
        if self.stood_in(number) and ship.phase not in {"NOT_RELEASED", "INVALIDATED"}:
            ship.draws = sorted(draws, key=lambda d: (d.item, d.line))
            for draw in ship.draws:
                was = self.earlier(draw, before)
                if (
                    was is not None
                    and ship.phase in {"RELEASED", "EXITED"}
                    and not (was.over or was.keyless)
                    and self.same_again(draw, before)
                ):
                    draw.verdict = was.verdict
                else:
                    self.judge_stood_in(draw)
            return
        others = [self.ships[n] for n in ship.completes if n in self.ships and not self.ships[n].completes]
        hidden = [(other, other.draws) for other in others]
        for other in others:
            other.draws = []
        self.judge(ship, before, draws)
        for other, theirs in hidden:
            other.draws = theirs
        if ship.early and ship.phase == "ACCEPTED":
            for draw in ship.draws:
                draw.reserved = (0, 0)
        self.share_exits(ship, others)

    def share_exits(self, ship: Ship, others: list[Ship]) -> None:
        """What left under the simplified declarations left of the definitive one, item by item."""
        if ship.phase != "RELEASED" or not ship.completes or any(d.listed for d in ship.draws):
            return
        for line in (1, 2):
            gone = [self.takes(d, other)[1] for other in others for d in other.draws if d.line == line]
            pool = [0 if not gone else sum(g[i] for g in gone) for i in (0, 1)]
            for draw in ship.draws:
                if draw.line == line:
                    part = (min(pool[0], draw.consumed[0]), min(pool[1], draw.consumed[1]))
                    draw.exited = part
                    pool = [pool[0] - part[0], pool[1] - part[1]]

    def follow(self, number: int, stood_in_before: dict[int, list[int]]) -> None:
        """Ships that a change of this one leaves with more or less."""
        now = self.all_stood_in()
        touched = {n for n in now if (number in now[n]) != (number in stood_in_before.get(n, []))}
        touched |= {o for o in self.ships if number in self.ships[o].completes and self.in_force(o)}
        for other in self.ships:
            if other in touched and other != number:
                ship = self.ships[other]
                draws = [Asked(*as_asked(d)) for d in ship.draws]
                before = Ship(ship.phase, ship.final, ship.draws, ship.early, ship.completes)
                ship.draws = []
                self.judge_one(other, before, draws)

    def judge_early(self, ship: Ship, draws: list[Asked]) -> None:
        """Some draws of a pre-lodged one: what was told to be covered counts as taken for as long as it is judged."""
        for draw in ship.draws:
            draw.reserved = (draw.quantity, draw.value) if draw.verdict == "COVERED" else (0, 0)
        for draw in draws:
            self.judge_again(draw)
        for draw in ship.draws:
            draw.reserved = (0, 0)

    def judge(self, ship: Ship, before: Ship | None, draws: list[Asked]) -> None:
        draws = sorted(draws, key=lambda d: (d.item, d.line))
        if ship.phase in {"NOT_RELEASED", "INVALIDATED"}:
            for draw in draws:
                draw.verdict = "FREED"
            ship.draws = draws
        elif ship.phase == "ACCEPTED":
            for draw in draws:
                self.accept(draw)
                ship.draws.append(draw)
        else:
            secured = {id(d): self.secured(d, ship, before) for d in draws}
            for draw in [d for d in draws if secured[id(d)]] + [d for d in draws if not secured[id(d)]]:
                self.release(draw, ship, before, secured=secured[id(draw)])
                ship.draws.append(draw)
            ship.draws = draws

    def accept(self, draw: Asked) -> None:
        asks = (draw.quantity, draw.value)
        draw.over = self.exceeds(draw, asks)
        draw.keyless = self.lacks_key(draw, asks[0])
        if draw.over or draw.keyless or self.breaks_a_rule(draw):
            draw.verdict = "REFUSED"
        else:
            draw.verdict, draw.reserved = "COVERED", asks

    @staticmethod
    def earlier(draw: Asked, before: Ship | None) -> Asked | None:
        return next((d for d in before.draws if (d.item, d.line) == (draw.item, draw.line)), None) if before else None

    def same_again(self, draw: Asked, before: Ship | None) -> bool:
        was = self.earlier(draw, before)
        if was is None or before is None or before.phase not in {"RELEASED", "EXITED"}:
            return False
        return (was.forbidden, was.foreign) == (draw.forbidden, draw.foreign)

    def secured(self, draw: Asked, ship: Ship, before: Ship | None) -> bool:
        """Whether it holds already what it takes."""
        was = self.earlier(draw, before)
        if was is None or was.listed or was.verdict == "FREED" or was.held == (0, 0) or not self.known(draw):
            return bool(was and not was.listed and was.verdict == "COVERED" and self.takes(draw, ship)[0] == (0, 0))
        if was.over and not self.same_again(draw, before):
            return False
        takes, _ = self.takes(draw, ship)
        return takes[0] <= was.held[0] and (draw.line != 1 or takes[1] <= was.held[1])

    def release(self, draw: Asked, ship: Ship, before: Ship | None, *, secured: bool) -> None:
        takes, gone = self.takes(draw, ship)
        was = self.earlier(draw, before)
        if secured and was is not None and self.same_again(draw, before):
            draw.verdict, draw.over, draw.keyless = was.verdict, was.over, was.keyless
        else:
            draw.over = not secured and self.exceeds(draw, takes)
            draw.keyless = self.lacks_key(draw, None if secured else takes[0])
            draw.verdict = "REFUSED" if draw.over or draw.keyless or self.breaks_a_rule(draw) else "COVERED"
            draw.listed = draw.foreign or not self.known(draw)
        if not draw.listed:
            draw.consumed, draw.exited = takes, gone

    def judge_again(self, draw: Asked) -> None:
        if draw.reserved != (0, 0):
            draw.keyless = self.lacks_key(draw, None)
            draw.verdict = "REFUSED" if draw.keyless or self.breaks_a_rule(draw) else "COVERED"
        else:
            self.accept(draw)

    def licence(self, authorised: dict[int, tuple[int, int]], *, suspended: bool, needs_key: bool = False) -> None:
        arrived = self.authorised is None
        self.authorised, self.suspended, self.needs_key = authorised, suspended, needs_key
        if not arrived:
            self.judge_open()
            return
        for number, ship in self.ships.items():
            stood_in_before = self.all_stood_in()
            draws, ship.draws = ship.draws, []
            before = Ship(ship.phase, ship.final, [])
            self.judge_one(number, before, [Asked(*as_asked(d)) for d in draws])
            self.follow(number, stood_in_before)

    def key(self, number: int, *, live: bool, only: int | None, most: int | None) -> None:
        self.keys[number] = (live, only, most)
        if self.authorised is not None:
            self.judge_open()

    def judge_open(self) -> None:
        for number, ship in self.ships.items():
            if ship.phase != "ACCEPTED":
                continue
            if self.stood_in(number):
                for draw in ship.draws:
                    self.judge_stood_in(draw)
            elif ship.early:
                self.judge_early(ship, ship.draws)
            else:
                for draw in ship.draws:
                    self.judge_again(draw)

    def judge_stood_in(self, draw: Asked) -> None:
        draw.over, draw.keyless = False, self.lacks_key(draw, None)
        draw.verdict = "REFUSED" if draw.keyless or self.breaks_a_rule(draw) else "COVERED"
