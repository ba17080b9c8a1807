"""Text without credentials: what signs links, who signs in by them, headers, keys; and secrets that are named."""

import re

REMOVED = "[removed]"

_LINK = re.compile(r"https?://[^\s\"'<>)\]]+", re.IGNORECASE)
_USER = re.compile(r"(:\\?/\\?/)([^\s/?#\\\"'<>]{1,600})@")  # who signs in where a link leads
_SIGNS = re.compile(
    r"(?:^|[?&;#]|\\u0026)[\w.%-]{0,40}"
    r"(?:signature|sig|token|secret|credential|password|expires|[_-]key|apikey|accesskey|keyid|key-pair-id)="
    r"|(?:^|[?&;#]|\\u0026)key=",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"((?:authorization|x-api-key)(?:[\"'\\]{0,4}\s{0,3}[:=]|[\"'\\]{1,4}\s{0,3},)\s{0,3}"
    r"(?:b?[\"'\\]{1,4})?)[^\r\n\"'\\]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(bearer\s{1,3})[\w.~+/=-]{12,}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END[^-]*-----|\Z)", re.DOTALL)
_PROSE = re.compile(
    r"((?:password|passwd|passphrase|pwd|secret|credential|(?:api|private|access|secret)[-_ ]?key"
    r"|(?<!input.)(?<!output.)(?<!total.)(?<!reasoning.)token(?!s?[-_ ]?(?:used|usage)))[\w-]{0,20}"
    r"[\"'\\]{0,4}\s{0,3}[:=]\s{0,3})(?:\\*\"[^\"]*(?:\"|\Z)|\\*'[^']*(?:'|\Z)|[^\s\"'<>]+)",
    re.IGNORECASE,
)


def unsigned(text: str) -> str:
    """The text, whose links lose what signs them and who signs in by them: whoever has one can use what it leads to."""
    return _USER.sub(_without_user, _LINK.sub(_unsigned_link, text))


def _without_user(found: re.Match[str]) -> str:
    """On the web nobody is named, since that may be a token; elsewhere those who have a password."""
    is_web = found.string[max(0, found.start() - 5) : found.start()].lower().endswith(("http", "https"))
    return f"{found[1]}{REMOVED}@" if is_web or ":" in found[2] else found[0]


def _unsigned_link(found: re.Match[str]) -> str:
    link = found[0]
    end = min((at for at in (link.find("?"), link.find("#")) if at >= 0), default=len(link))
    rest = link[end + 1 :]
    return f"{link[:end]}?{REMOVED}" if _SIGNS.search(rest) else link


def without_credentials(text: str) -> str:
    """The text without what is a credential wherever it stands: in links, in headers, as a private key."""
    text = _HEADER.sub(rf"\1{REMOVED}", _PRIVATE_KEY.sub(REMOVED, unsigned(text)))
    return _BEARER.sub(rf"\1{REMOVED}", text)


def without_named(text: str) -> str:
    """The text without what it calls a secret: `password=…`, `api_key: …`."""
    return _PROSE.sub(rf"\1{REMOVED}", text)
