"""Law 3: one place commits."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMIT = re.compile(r"\.commit\(")
# The cache of an evaluation is a file of its own, outside the platform's database and its transactions.
ELSEWHERE = {"embeddings/cache.py"}


def test_only_the_unit_of_work_commits():
    sources = [*(ROOT / "matchmaker").rglob("*.py"), *(ROOT / "embeddings").rglob("*.py")]
    committing = {
        str(path.relative_to(ROOT)) for path in sources if COMMIT.search(path.read_text(encoding="utf-8"))
    } - ELSEWHERE
    assert committing == {"matchmaker/db/uow.py"}


def test_no_service_opens_a_transaction_of_its_own():
    services = sorted((ROOT / "matchmaker").glob("*/service.py"))
    assert len(services) >= 4
    begun = {path.parent.name for path in services if ".begin(" in path.read_text(encoding="utf-8")}
    assert begun == set()
