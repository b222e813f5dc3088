"""Write lines of Mosquitto's password file (pure but for the random salt)."""

import base64
import hashlib
import secrets

# Our passwords are random tokens of 128 bits or more, which no number of iterations makes easier or harder to guess.
# A low number, Mosquitto's own default, keeps thousands of devices that reconnect at once from stalling the broker.
ITERATIONS = 101
_SALT_BYTES = 12


def password_line(username: str, password: str, salt: bytes | None = None) -> str:
    """Return `username:$7$iterations$salt$hash`, Mosquitto's PBKDF2-SHA512 form, without a line end.

    Args:
        username: not empty, without colon and line breaks.
        password: any text; a random token is expected.
        salt: 12 bytes; random when not given, as it must be outside tests.

    Raises:
        ValueError: the user name would break the file apart.
    """
    if not username or any(sign in username for sign in ":\r\n\0"):
        raise ValueError(f"a user name has at least one sign, no colon and no line break: {username!r}")
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"{username}:$7${ITERATIONS}${_base64(salt)}${_base64(digest)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
