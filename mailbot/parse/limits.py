"""How much of a mail is read: bounds that no ordinary mail reaches and every hostile one does."""

OCTETS = 100_000_000  # beyond, only the header is read
HEADER_OCTETS = 512_000  # of the mail's own header; the rest of it is dropped
PART_HEADER_OCTETS = 32_000
HEADER_FIELDS = 1_000
FIELD_OCTETS = 100_000
ADDRESS_FIELD = 20_000  # characters; about 400 recipients
PARTS = 1_000
DEPTH = 30
TEXT = 1_000_000  # characters of text that are looked at
MARKUP = 300_000  # characters of HTML laid out properly; larger ones are only stripped of their tags
MARKUP_DEPTH = 200
TNEF_OCTETS = 30_000_000
