"""The seal of an evidence package tells every change, and tells nothing where nothing was changed."""

import hashlib

import pytest

from fleet.evidence import FileSeal, Manifest, problems, sealed

CONTENT = {"faults.jsonl": b'{"code": "1"}\n', "events.jsonl": b""}
Found = dict[str, tuple[str, int]]


def digests(content: dict[str, bytes]) -> Found:
    return {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in content.items()}


def manifest() -> Manifest:
    files = {name: FileSeal(sha256=digest, bytes=size, rows=1) for name, (digest, size) in digests(CONTENT).items()}
    return Manifest(
        hold_id=1,
        device_id="d-1",
        individual_number="A-1",
        placed_at="2026-11-21T13:05:12+00:00",
        reason="moved by itself",
        made_at="2026-11-21T13:06:12+00:00",
        made_by="anna",
        audiences=("technical",),
        whole_life=True,
        files=files,
    )


def test_an_untouched_package_has_no_problem() -> None:
    text, seal = sealed(manifest())
    assert problems(text, digests(CONTENT), seal) == []
    assert problems(text, digests(CONTENT)) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({**CONTENT, "faults.jsonl": b'{"code": "2"}\n'}, "faults.jsonl: it was changed"),
        ({**CONTENT, "extra.jsonl": b""}, "extra.jsonl: it was added after the sealing"),
        ({"faults.jsonl": CONTENT["faults.jsonl"]}, "events.jsonl: it is missing"),
    ],
)
def test_a_changed_added_or_missing_file_is_told(changed: dict[str, bytes], told: str) -> None:
    text, seal = sealed(manifest())
    assert problems(text, digests(changed), seal) == [told]


def test_a_manifest_made_to_fit_changed_files_is_not_the_sealed_one() -> None:
    _, seal = sealed(manifest())
    forged = {"faults.jsonl": b"nothing happened\n", "events.jsonl": b""}
    files = {name: FileSeal(sha256=digest, bytes=size, rows=1) for name, (digest, size) in digests(forged).items()}
    original = manifest()
    text, _ = sealed(Manifest(**{**{n: getattr(original, n) for n in original.__struct_fields__}, "files": files}))
    assert problems(text, digests(forged)) == [], "it agrees with itself"
    assert problems(text, digests(forged), seal) == ["manifest.json: it is not the one that was sealed"]


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b"[]", b'{"files": {"a": {"sha256": "x"}}}'])
def test_what_is_no_manifest_is_said_to_be_none(text: bytes) -> None:
    assert problems(text, {}) == ["manifest.json: it is no manifest of this kind"]


def test_a_seal_that_is_none_is_refused() -> None:
    text, _ = sealed(manifest())
    assert problems(text, digests(CONTENT), "abc") == ["the seal given is no SHA-256: 64 hexadecimal digits"]
