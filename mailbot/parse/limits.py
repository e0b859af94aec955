"""Limits of the parts of a mail that are read; an ordinary mail reaches none of them."""

MAIL_BYTES = 100_000_000  # beyond, only the header is read
HEADER_BYTES = 256_000  # of the mail's own header; the rest of it is dropped
PART_HEADER_BYTES = 32_000
RESULTS = 16_000  # characters of Authentication-Results whose domains become A-labels
HEADER_FIELDS = 1_000
FIELD_BYTES = 100_000
ADDRESS_FIELD = 20_000  # characters; about 400 recipients
PARTS = 1_000
DEPTH = 12
TEXT = 300_000  # characters of text that are looked at
LINES = 20_000  # of that text
TEXT_BYTES = 1_200_000
CALENDAR = 200_000  # bytes of the answer to an invitation
MARKUP = 2_000_000  # characters of HTML
ELEMENTS = 20_000  # of HTML
TAGS = 60_000  # of HTML that are parsed: elements begin and end, and there are comments
STYLE_WORK = 320_000  # class names, and characters of declarations that may hide text
QUOTATION_DEPTH = 9  # ">" that are written for the quotations of HTML
MEMBERS = 2_000  # of an archive
ARCHIVES = 2  # inside each other, below the attached one
MEMBER_BYTES = 20_000_000  # of an archive in an archive
INFLATED = 30_000_000  # bytes of all archives of a mail together
PAGES = 3_000_000  # bytes of the web pages that are attached to a mail
ATTACHED_MAILS = 5  # inside each other
UUENCODED = 100  # files in one text
