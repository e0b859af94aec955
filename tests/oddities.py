ODDITIES: dict[str, bytes] = {"x": b"From: a@b.c\r\nSubject: x\r\n\r\nHallo\r\n"}
