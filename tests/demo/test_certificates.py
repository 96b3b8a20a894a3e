"""The demo's certificates leave no private key behind."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from probecli.demo.certificates import CA_FILE, server_contexts


def test_only_the_authority_s_certificate_stays_in_the_directory(tmp_path: Path) -> None:
    contexts = server_contexts(tmp_path, {"a.test": 1, "b.test": 2}, datetime.now(UTC))
    assert set(contexts) == {"a.test", "b.test"}
    assert [file.name for file in tmp_path.iterdir()] == [CA_FILE]
    assert "PRIVATE" not in (tmp_path / CA_FILE).read_text()


def test_the_authority_is_one_that_openssl_takes(tmp_path: Path) -> None:
    server_contexts(tmp_path, {"a.test": 1}, datetime.now(UTC))
    context = ssl.create_default_context(cafile=tmp_path / CA_FILE)
    assert context.cert_store_stats()["x509_ca"] == 1
