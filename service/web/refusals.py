"""Why a step was refused, in the reader's language.

The rooms raise one English sentence (for logs, commands and the API). A page says the same in the reader's words: the
sentence is recognised by the piece that no other sentence has.
"""

from __future__ import annotations

from typing import Final

from service.i18n import has
from service.web.words import Words

KNOWN: Final = (
    ("Give the reason of the search", "search_reason"),
    ("Explain the reason of the search", "search_words"),
    ("Give the number of the case or order", "search_number"),
    ("a time that begins before it ends", "search_time"),
    ("holds a value that no passage has", "search_value"),
    ("holds a value that no case has", "case_value"),
    ("search of cases is empty", "search_empty"),
    ("are read by who searched", "search_foreign"),
    ("searched for by two signs or more", "plate_signs"),
    ("write ? or * for what is not known", "plate_signs"),
    ("that they cannot be compared", "plate_vague"),
    ("plate of this passage was not read", "route_unread"),
    ("opened by a search of one's own", "still_foreign"),
    ("of order 469/НҚ, which a city of this category", "not_offered"),
    ("list holds this plate already", "list_holds"),
    ("list is not valid any more", "list_invalid"),
    ("watch list is valid until", "list_until"),
    ("list was ended", "list_ended"),
    ("watch list needs a name", "list_words"),
    ("patterns with wildcards already", "list_patterns"),
    ("changed this record meanwhile", "meanwhile"),
    ("under quarantine already", "quarantined"),
    ("is under quarantine; a senior", "quarantine"),
    ("quarantine has ended already", "quarantine_ended"),
    ("A quarantine begins for one", "quarantine_how"),
    ("A quarantine ends for", "quarantine_how"),
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
    ("A time is written as", "time_form"),
    ("controller's flag", "flag_times"),
    ("The flag ends before", "flag_times"),
    ("named by its plate", "permit_who"),
    ("a plate or a vehicle_class", "permit_who"),
    ("grace, and nothing else", "permit_grace"),
    ("lies before valid_from", "permit_times"),
    ("document: ", "permit_document"),
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
