"""Why a step was refused, in the reader's language.

The rooms raise one English sentence (for logs, commands and the API). A page says the same in the reader's words: the
sentence is recognised by the piece that no other sentence has.
"""

from __future__ import annotations

from typing import Final

from service.i18n import has
from service.web.words import Words

KNOWN: Final = (
    ("changed this record meanwhile", "meanwhile"),
    ("of this scene meanwhile", "scene_meanwhile"),
    ("cannot be changed with the scene", "scene_key"),
    ("belongs to the territory", "territory"),
    ("another officer reviews it", "other_officer"),
    ("the claim has lapsed", "lapsed"),
    ("second look must be another", "second_officer"),
    ("a second look is due", "second_due"),
    ("fill in first", "incomplete"),
    ("is not a fine; send it on", "not_fine"),
    ("is a fine or a warning", "is_fine"),
    ("limitation has passed", "limitation"),
    ("only the officer who confirmed", "confirmer"),
    ("needs a reason code", "reason"),
    ("names its service", "service"),
    ("was sent already", "service_sent"),
    ("resolved after somebody found it true", "not_true"),
    ("A plate has", "plate"),
    ("needs one of these roles", "role"),
    ("his own service", "own_service"),
    ("cannot become", "state"),
    ("loaded by the officer who reviews", "owner_officer"),
    ("plate is not known yet", "owner_plate"),
    ("register knows no such plate", "owner_unknown"),
    ("register did not answer", "owner_silent"),
    ("No vehicle register is configured", "owner_no_register"),
    ("The evidence is no longer what was signed", "evidence_altered"),
    ("has no evidence to rest", "evidence_none"),
    ("name their issuing body", "city_file"),
    ("The city file", "city_file"),
    ("cannot be issued", "decision_incomplete"),
    ("A user name has", "username"),
    ("is taken", "username_taken"),
    ("A password has", "password_length"),
    ("too easy to guess", "password_easy"),
    ("cannot be administrator and officer", "roles_exclude"),
    ("needs one or more of the roles", "roles_none"),
    ("belongs to a service", "roles_service"),
    ("offence", "offence"),
)


def refusal(w: Words, error: Exception) -> str:
    """The sentence of an error in the reader's language; an unknown one as it is."""
    sentence = str(error)
    for piece, name in KNOWN:
        if piece in sentence and has(w.lang, f"refusal.{name}"):
            return w.t(f"refusal.{name}")
    return sentence
