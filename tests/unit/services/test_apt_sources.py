import textwrap
from pathlib import Path

from fjarrkoll.services.apt_sources import Source, exchange_release, parse_list, parse_sources, render_sources
from fjarrkoll.services.debian import machine_sources, wanted_packages

DEB822 = textwrap.dedent("""\
    Types: deb deb-src
    # a comment
    URIs: http://mirror.example/debian
    Suites: bookworm bookworm-updates bookworm-backports
    Components: main contrib
    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

    Enabled: no
    Types: deb
    URIs: http://off.example/debian
    Suites: bookworm
    Components: main

    Types: deb-src
    URIs: http://source.example/debian
    Suites: bookworm
    Components: main
    """)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def test_deb822_gives_every_suite_of_enabled_binary_stanzas() -> None:
    sources = parse_sources(DEB822)
    assert [source.suite for source in sources] == ["bookworm", "bookworm-updates", "bookworm-backports"]
    assert {source.uri for source in sources} == {"http://mirror.example/debian"}
    assert sources[0] == Source("http://mirror.example/debian", "bookworm", ("main", "contrib"), KEYRING)


def test_deb822_keeps_an_inline_key_whole() -> None:
    stanza = (
        "Types: deb\nURIs: http://m.example/d\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN\n .\n abc\n"
    )
    (source,) = parse_sources(stanza)
    assert source.signed_by == "\n -----BEGIN\n .\n abc"
    assert parse_sources(render_sources([source])) == [source]


def test_one_line_form_with_and_without_options() -> None:
    text = (
        "# deb http://no.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main non-free # tail\n"
        "deb http://b.example/debian/ stable main\n"
        "deb-src http://c.example/debian bookworm main\n"
        "\n"
    )
    assert parse_list(text) == [
        Source("http://a.example/debian", "bookworm", ("main", "non-free"), "/k.gpg"),
        Source("http://b.example/debian/", "stable", ("main",)),
    ]


def test_exchange_keeps_debians_own_archive_only() -> None:
    mirror = "http://mirror.example/debian"
    sources = [
        Source(mirror, "bookworm", ("main", "contrib"), KEYRING),
        Source(mirror, "bookworm-updates", ("main",), KEYRING),
        Source(mirror, "bookworm-backports", ("main",), KEYRING),
        Source("http://security.example/debian-security", "bookworm-security", ("main",), KEYRING),
        Source("http://vendor.example/docker", "bookworm", ("stable",), "/docker.gpg"),
        Source("http://vendor.example/database", "bookworm-pgdg", ("main",), "/pgdg.gpg"),
    ]
    exchanged = exchange_release(sources, "bookworm", "trixie")
    assert [(source.uri, source.suite) for source in exchanged] == [
        (mirror, "trixie"),
        (mirror, "trixie-updates"),
        ("http://security.example/debian-security", "trixie-security"),
    ]
    assert all(source.components == ("main",) and source.signed_by == KEYRING for source in exchanged)


def test_exchange_knows_floating_names_and_the_old_security_spelling() -> None:
    sources = [
        Source("http://m.example/d", "stable", ("main",)),
        Source("http://s.example/d", "buster/updates", ("main",)),
    ]
    assert [source.suite for source in exchange_release(sources, "buster", "trixie")] == ["trixie", "trixie-security"]


def test_both_forms_are_read_from_a_configuration_folder(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (parts / "b.list").write_text("deb http://b.example/debian bookworm main\n")
    (parts / "c.sources").write_text(DEB822)
    (parts / "d.list.disabled").write_text("deb http://d.example/debian bookworm main\n")
    hosts = {source.uri.split("/")[2] for source in machine_sources(tmp_path)}
    assert hosts == {"a.example", "b.example", "mirror.example"}


def test_only_named_packages_and_libraries_are_wanted() -> None:
    uris = "\n".join(
        f"'http://m.example/{name}.deb' {name}_1.0_amd64.deb 10 SHA256:00"
        for name in ("postgresql-17", "postgresql-common", "perl", "libperl5.40", "libllvm19", "libssl3t64", "zlib1g")
    )
    found = wanted_packages("NOTE: a line of apt's own\n" + uris, ("postgresql-17",))
    assert found == {"postgresql-17", "libssl3t64", "zlib1g"}
