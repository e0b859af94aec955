"""Bytes are decoded as mail programs mean them, even if the declared charset is inexact."""

import pytest

from mailbot.parse.charset import codec_name, decode

LABELS = [
    # labels, the codec they mean
    ("utf-8 UTF8 utf8mb4 unicode unicode20utf8 x-unknown default", "utf-8"),
    ("us-ascii ascii ansi_x3.4-1968 646 cp367", "utf-8"),
    ("iso-8859-1 latin1 latin-1 latin_1 iso_8859-1:1987 cp819 ansi x-cp1252 8859", "cp1252"),
    ("iso-8859-9 latin5 csisolatin5", "cp1254"),
    ("iso-8859-15 l9 csisolatin9", "iso8859-15"),
    ("iso-8859-8 iso-8859-8-i logical", "iso8859-8"),
    ("tis-620 iso-8859-11 dos-874 windows-874", "cp874"),
    ("gb2312 gbk x-gbk euc-cn gb_2312-80", "gb18030"),
    ("big5 cn-big5 x-x-big5", "big5hkscs"),
    ("shift_jis sjis x-sjis windows-31j", "cp932"),
    ("iso-2022-jp csiso2022jp", "iso2022_jp_ext"),
    ("euc-kr ks_c_5601 ks_c_5601-1987 windows-949", "cp949"),
    ("koi8-r koi", "koi8-r"),
    ("macintosh mac x-mac-roman", "mac-roman"),
    ("utf-7 unicode-1-1-utf-7", "utf-7"),
    ("utf-16", "utf-16"),
    ("utf-16be unicodefffe", "utf-16-be"),
    ("iso-2022-kr", "iso2022_kr"),
    ("hz-gb-2312", "hz"),
    ("x-klingon idna punycode unicode_escape raw-unicode-escape replacement", ""),
]


def test_label_means_the_charset_of_mail_programs(subtests: pytest.Subtests) -> None:
    for labels, codec in LABELS:
        with subtests.test(labels=labels):
            found = {label: codec_name(label) for label in labels.split()}
            assert found == dict.fromkeys(found, codec)


def test_case_and_quotation_marks_of_a_label_are_ignored() -> None:
    assert codec_name(' "ISO-8859-1"\t') == "cp1252"


TEXTS = [
    ("UTF-8 that claims ASCII", "für".encode(), "us-ascii", "für"),
    ("UTF-8 that claims ASCII, cut off", "füür".encode() + b"\xc3", "us-ascii", "füür\ufffd"),
    ("UTF-8 that claims Latin-1", "für".encode(), "iso-8859-1", "für"),
    ("Latin-1 that claims UTF-8", b"f\xfcr", "utf-8", "für"),
    ("Windows-1252 that claims Latin-1", b"\x84so\x93", "iso_8859-1:1987", "„so“"),
    ("no claim", b"f\xfcr", "", "für"),
    ("GB 18030 that claims GB 2312", "𠮷".encode("gb18030"), "gb_2312-80", "𠮷"),
    ("UTF-16, big endian", "\ufefffür".encode("utf-16-be"), "utf-16", "für"),
    ("UTF-7 in ASCII bytes", b"f+APw-r", "utf-7", "für"),
    ("ISO-2022-KR in ASCII bytes", "한".encode("iso2022_kr"), "iso-2022-kr", "한"),
]


def test_bytes_are_decoded_although_their_label_is_inexact(subtests: pytest.Subtests) -> None:
    for name, data, label, text in TEXTS:
        with subtests.test(name):
            assert decode(data, label) == text
