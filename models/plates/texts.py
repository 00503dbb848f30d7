"""What plates say: random texts in the patterns of many countries.

A pattern is a string: L a letter, D a digit, other capitals themselves; a space is a gap, ``-`` a hyphen, ``.`` a dot,
``s`` one or two seals, ``h`` a shield. Only letters and digits are text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CYRILLIC_LIKE: Final = "ABEKMHOPCTYX"
"""Letters of Russian plates: those that look the same in both alphabets (GOST R 50577)."""

EU: Final = (
    "LLsDDDLL", "LLhDDDLL", "LL-DDDLL", "LLs-DDDLL", "LL-DDDLL", "LL DDDLL",  # Slovakia
    "DLD DDDD", "DLDsDDDD", "DLDsDDDD", "DLDDDDD", "LLLsDD-DD", "LLLDD-DD",  # Czech Republic, new and old
    "LsLDDD", "LLsLDDDD", "LLLsLLDD", "LLsLLDDD", "LsLLDDDD", "LLL-LDDD", "LL-LLDDDD", "L-LLDDD", "LsLLLL",
    "sLLLLLLL", "L-LLL", "LD-LLL",
    "LL DDDDD", "LLL DDDD", "LL DDDDL", "LLL LDDD", "LLL DDLL", "LL DDLLL", "LL DLLDD",  # Poland
    "LLL-DDD", "LL LL-DDD", "LLL DDD", "LLL DDL", "DDD LLL",  # Hungary, Nordic, Baltic
    "LL DDDDD", "LL DDDD LL", "LL-DDDD-LL", "LL-DDD-LL", "LL DDD LL", "DLLLDDD", "D-LLL-DDD", "LL DDD L",
    "LL-DD-LL", "DD-LL-LL", "LL-LL-DD", "DD-LLL-D", "L-DDD-LL", "LL DD DDD", "LL DD LLL", "L DD LLL", "DD LLL",
    "LLDD LLL", "LLDDLLL", "LDDD LLL", "LL LL DDD", "LL-DDDD", "LL DDDD", "DDDD LLL", "LLL-DDDD", "LLL DDDD",
    "L DDDD LL", "LL DDDDLL", "DD-DD-LL", "DD LL DD", "DDL-D-DDDDD", "DDD-L-DDD", "LLsLL-DDD", "LLhDDD-LL",
    "LLhDDDD-LL",
    "LLLLL", "LLLLLL", "LLLLDD", "LLLLD", "LLLLLLL", "DLLLLD", "LLLD", "LL D", "LL-D LLL",  # chosen texts
)  # fmt: skip

US: Final = (
    "LLL DDDD", "LLL-DDDD", "LLLhDDDD", "DLLLDDD", "DLLLDDD", "LLL DDD", "DDD LLL", "LLLDDDD", "LLL-DDD", "DDDDLLL",
    "DDD DDDD", "LDDDDDD", "LDD DDDD", "LLD LDL", "LLDhLDL", "LLDhLDL", "LLLhDDD", "DDLhDLL", "LL DDDDD",
    "DLDDDDD", "DDDDDLD",
    "LLLLLLL", "LLLLL-D", "LLLLLL", "LLL DDL", "DDL DLL", "DL LLDDD", "DDDDDD", "DDDDD", "DLLLDD", "LLLLLLLL",
    "LDDhDDDD", "DDDDDLD",
    "LLD DDD", "DDD-LLL", "LLDDDDD", "DLL DDD", "DDDhLLL", "LLD-DDDD", "DDLLLD", "LDD-LLL",
)  # fmt: skip

BR: Final = (
    "LLL-DDDD",
    "LLL.DDDD",
    "LLL DDDD",
    "LLLDLDD",
    "LLLDLDD",
    "LL DDD LL",
    "LLLDDD",
    "LLL DDD",
    "LLL-DDD",
    "LL-DD-DD",
)

CIS: Final = (
    "DD LLLDDD", "DDDLLLDD", "DDKGDDDLLL", "DD LDDDLL", "DDDDLL-D", "LLDDDDLL", "LL-DDD-LL", "DD LL DDD",
    "DDLLDDD", "DDDD LL DD",
    "LLL DDD", "DDDDLLDD", "DDDLL", "LDDDDLL", "DDD LL DD", "LLDDDD",
)  # fmt: skip

NICE: Final = (
    "777",
    "001",
    "007",
    "111",
    "222",
    "333",
    "444",
    "555",
    "666",
    "888",
    "999",
    "000",
    "100",
    "700",
    "010",
    "070",
)


def fill(rng: np.random.Generator, pattern: str, letters: str = LETTERS) -> str:
    """A random text in a pattern; now and then one with repeated or round digits and letters, as people choose them."""
    repeat_letter = str(rng.choice(list(letters))) if rng.random() < 0.1 else None
    nice = str(rng.choice(NICE)) if rng.random() < 0.12 else None
    out, run = [], 0
    for sign in pattern:
        if sign == "L":
            out.append(repeat_letter or letters[int(rng.integers(len(letters)))])
            run = 0
        elif sign == "D":
            out.append(nice[run] if nice and run < 3 else str(int(rng.integers(10))))
            run += 1
        else:
            out.append(sign)
            run = 0
    return "".join(out)


def plain(line: str) -> str:
    """The text of a line: its letters and digits."""
    return "".join(sign for sign in line if sign.isdigit() or sign.isupper())


def kz_region(rng: np.random.Generator) -> str:
    """A Kazakhstan region code, 01 to 20."""
    return f"{int(rng.integers(1, 21)):02d}"


def ru_region(rng: np.random.Generator) -> str:
    """A Russian region code of two digits, or of three beginning with 1, 2, 7 or 9."""
    two = f"{int(rng.integers(1, 100)):02d}"
    return two if rng.random() < 0.5 else str(rng.choice(["1", "1", "7", "7", "2", "9"])) + two
