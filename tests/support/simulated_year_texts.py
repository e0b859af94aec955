"""What people write in a simulated year, and how often."""

import re

OUTAGE = (
    (0, "WLAN weg"),
    (10, "Kein Internet im ganzen Haus"),
    (20, "Internet geht nicht"),
    (200, "Netz ausgefallen"),
    (400, "Kein WLAN in Raum 204"),
    (1_440, "Internet tot"),
    (1_600, "WLAN funktioniert nicht"),
)
"""What teachers report when the network of a school fails, and after how many minutes."""
OFFER = re.compile(r"#(?:bündeln|bundle) \d[\d ]*")

Texts = tuple[tuple[int, str], ...]
# Replies to each kind of notification: (weight, text). {other} is another open ticket of the
# school, {colleague} a member of the same team; {days} are a few days, {saved} is the name of a saved answer.
FIRST_LEVEL = (
    (10, "Ist das Kabel eingesteckt?"),
    (10, "Geht wieder.\n#close"),
    (6, "#erledigt"),
    (8, "#take"),
    (8, "Das sieht sich ein Techniker an.\n#escalate"),
    (6, "Welcher Raum ist es?\n#rückfrage"),
    (5, "#wiedervorlage in {days} Tagen"),
    (8, "Ich sehe es mir an.\n#termin in {days} Tagen 10 Uhr"),
    (4, "#visit in {days} days 1pm 1 h room 204"),
    (2, "#termin in {days} Tagen 22:00"),
    (4, "Die Lampe liegt im Keller.\n#notiz"),
    (4, "#priorität hoch"),
    (4, "#zuweisen {colleague}"),
    (3, "#kopie hausmeister@stadt.example"),
    (3, "#für lehrer3@schule.example"),
    (10, "#merge {other}"),
    (4, "#trennen"),
    (8, "#bündeln {other} {other2}"),
    (4, "Wir wissen davon.\n#bundle {other}"),
    (12, "#entbündeln"),
    (12, "#spam"),
    (3, "Geht wieder.\n#schlissen"),
    (2, "#zurück"),
    (3, "#close {other} {other2}"),
    (3, "#list"),
    (2, "#suche Beamer"),
    (2, "#show {other}"),
    (5, "#abwesend in {days} Tagen"),
    (5, "#away in {days} days {colleague}"),
    (3, "#anwesend"),
    (2, "#hilfe"),
    (4, "Bitte {{name}} in Raum 12 fragen, zu {{ticket}}.\n#merken {saved}"),
    (3, "Kabel tauschen.\n#save {saved}\n#close"),
    (6, "#baustein {saved}"),
    (5, "Bin unterwegs.\n#use {saved}\n#close"),
    (2, "#bausteine"),
    (4, "#vergessen {saved}"),
    (8, "#tipp {saved}"),
    (5, "#tipp-aus {saved}"),
    (8, "#stumm"),
    (6, "#laut"),
    (1, "#stand"),
)
SECOND_LEVEL = (
    (8, "Wir tauschen das Gerät.\n#close"),
    (4, "Der Techniker kommt morgen."),
    (6, "Der Techniker kommt.\n#rdv in {days} days 9h30 45 min"),
    (5, "Das kann die Schule selbst.\n#zurück"),
    (8, "#move HBG"),
    (6, "#verschieben GYM"),
    (6, "#übernehmen"),
    (4, "#grouper {other} {other2}"),
    (5, "#priority urgent"),
    (4, "#away in {days} days {colleague}"),
    (3, "#list all room 204"),
    (3, "Geht nicht.\n#note\n#spam"),
    (3, "#reopen"),
    (3, "Wir melden uns. {{team}}\n#merken {saved}"),
    (4, "#baustein {saved}\n#close"),
    (3, "#tip {saved}"),
    (4, "#mute"),
    (1, "#status"),
)
REQUESTER = (
    (10, ""),
    (6, "Ja, im Raum 204."),
    (4, "Danke!"),
    (3, "Leider geht es noch immer nicht."),
    (2, "#erledigt"),
    (1, "#übersicht"),
    (1, "Und der Drucker ist auch leer."),
    (1, "#eskalieren"),
    (8, "#stand"),
    (4, "#geholfen"),
    (1, "#öffnen"),
)
TIP_LINK = re.compile(r"^[^>\n]*: (#(?:tipp? .+ (?:ja|yes)|tipp-hat-geholfen|solved-by-tip))$", re.M)
"""The lines of the links that enable a tip, and that say that it helped."""
TAPS = frozenset({"Danke!", "#geholfen", "#stand", "#öffnen"})
"""Mails of requesters that are sent as they are, by a link or from habit."""
IN_THE_MORNING = (
    (5, "#close {other}"),
    (3, "Kabel steckt wieder.\n#erledigt {other} {other2}"),
    (2, "#take {other}"),
    (1, "#wiedervorlage in {days} Tagen #{other}"),
    (1, "#rückfrage {other}"),
    (1, "#abwesend in {days} Tagen {colleague}"),
)
WORK = dict.fromkeys(
    (
        "new_ticket",
        "also_reported",
        "requester_reply",
        "returned",
        "escalated_second_level",
        "moved_team",
        "assigned",
        "reopened",
        "reminder",
        "overdue",
        "appointment",
        "appointment_answer",
    ),
    0.7,
) | {"digest": 0.5, "closed_team": 0.1, "undone": 0.1}
NEWS = dict.fromkeys(
    (
        "answer",
        "closed",
        "waiting",
        "wait_reminder",
        "escalated_requester",
        "reopened",
        "closed_waiting",
        "appointment_cancelled",
    ),
    0.6,
) | {"appointment": 0.9}
"""The probability of a reply to a notification of that kind, by staff and by others."""
