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
    (3, "Ist das Kabel eingesteckt?"),
    (3, "Geht wieder.\n#close"),
    (2, "#erledigt"),
    (3, "#take"),
    (3, "Das sieht sich ein Techniker an.\n#escalate"),
    (2, "Welcher Raum ist es?\n#rückfrage"),
    (2, "#wiedervorlage in {days} Tagen"),
    (3, "Ich sehe es mir an.\n#termin in {days} Tagen 10 Uhr"),
    (1, "#visit in {days} days 1pm 1 h room 204"),
    (1, "#termin in {days} Tagen 22:00"),
    (1, "Die Lampe liegt im Keller.\n#notiz"),
    (1, "#priorität hoch"),
    (1, "#zuweisen {colleague}"),
    (1, "#kopie hausmeister@stadt.example"),
    (1, "#für lehrer3@schule.example"),
    (3, "#merge {other}"),
    (1, "#trennen"),
    (3, "#bündeln {other} {other2}"),
    (1, "Wir wissen davon.\n#bundle {other}"),
    (4, "#entbündeln"),
    (4, "#spam"),
    (1, "Geht wieder.\n#schlissen"),
    (1, "#zurück"),
    (1, "#close {other} {other2}"),
    (1, "#list"),
    (1, "#suche Beamer"),
    (1, "#show {other}"),
    (2, "#abwesend in {days} Tagen"),
    (2, "#away in {days} days {colleague}"),
    (1, "#anwesend"),
    (1, "#hilfe"),
    (1, "Bitte {{name}} in Raum 12 fragen, zu {{ticket}}.\n#merken {saved}"),
    (1, "Kabel tauschen.\n#save {saved}\n#close"),
    (2, "#baustein {saved}"),
    (2, "Bin unterwegs.\n#use {saved}\n#close"),
    (1, "#bausteine"),
    (1, "#vergessen {saved}"),
    (3, "#tipp {saved}"),
    (2, "#tipp-aus {saved}"),
    (3, "#stumm"),
    (2, "#laut"),
    (1, "#stand"),
)
SECOND_LEVEL = (
    (3, "Wir tauschen das Gerät.\n#close"),
    (1, "Der Techniker kommt morgen."),
    (2, "Der Techniker kommt.\n#rdv in {days} days 9h30 45 min"),
    (2, "Das kann die Schule selbst.\n#zurück"),
    (3, "#move HBG"),
    (2, "#verschieben GYM"),
    (2, "#übernehmen"),
    (1, "#grouper {other} {other2}"),
    (2, "#priority urgent"),
    (1, "#away in {days} days {colleague}"),
    (1, "#list all room 204"),
    (1, "Geht nicht.\n#note\n#spam"),
    (1, "#reopen"),
    (1, "Wir melden uns. {{team}}\n#merken {saved}"),
    (1, "#baustein {saved}\n#close"),
    (1, "#tip {saved}"),
    (1, "#mute"),
    (1, "#status"),
)
REQUESTER = (
    (3, ""),
    (2, "Ja, im Raum 204."),
    (1, "Danke!"),
    (1, "Leider geht es noch immer nicht."),
    (1, "#erledigt"),
    (1, "#übersicht"),
    (1, "Und der Drucker ist auch leer."),
    (1, "#eskalieren"),
    (3, "#stand"),
    (1, "#geholfen"),
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
