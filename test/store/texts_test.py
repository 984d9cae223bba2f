"""SQL lives in .sql files, and what embeds them refuses what the rules do not know (HACKING.md §6)."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/gen_sql.py"
WORDS = "SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK|SET|GRANT"


def code_of(path):
    return re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)


class Texts(unittest.TestCase):
    def embed(self, files):
        """What gen_sql.py says to these files: (ends well, words on standard error, sql.c)."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
                paths.append(path)
            out = Path(folder) / "sql.c"
            done = subprocess.run([sys.executable, TOOL, Path(folder) / "sql.h", out, *paths],
                                  capture_output=True, text=True, check=False)
            return done.returncode == 0, done.stderr, out.read_text("utf-8") if out.exists() else ""

    def test_no_sql_in_c(self):
        found = [f"{path.relative_to(ROOT)}: {text}" for path in (ROOT / "src").rglob("*.[ch]")
                 for text in re.findall(rf'"((?:{WORDS}) [^"]*)"', code_of(path))]
        self.assertEqual(found, [])

    def test_a_good_query_is_embedded_for_both(self):
        ok, _, text = self.embed({"query/a.sql": "-- reader: it\nSELECT 1\n"})
        self.assertTrue(ok)
        self.assertEqual(text.count('"SELECT 1\\n"'), 2)

    def test_tokens_become_each_engines_words(self):
        ok, _, text = self.embed({"query/a.sql": "-- never: it\nCREATE TABLE a (b @int, c @bytes, d @id) @strict;\n"})
        self.assertTrue(ok)
        self.assertIn("(b INTEGER, c BLOB, d BLOB) STRICT, WITHOUT ROWID;", text)
        self.assertIn("(b bigint, c bytea, d bytea) ;", text)

    def test_an_unknown_token_is_refused(self):
        ok, why, _ = self.embed({"query/a.sql": "-- reader: it\nSELECT @uuid\n"})
        self.assertFalse(ok)
        self.assertIn("@uuid", why)

    def test_a_query_says_who_prepares_it(self):
        self.assertFalse(self.embed({"query/a.sql": "SELECT 1\n"})[0])
        self.assertFalse(self.embed({"query/a.sql": "-- somebody: it\nSELECT 1\n"})[0])

    def test_a_query_is_one_statement(self):
        self.assertFalse(self.embed({"query/a.sql": "-- reader: it\nSELECT 1; SELECT 2\n"})[0])

    def test_migrations_have_no_gap(self):
        good = {"migration/0001_a.sql": "CREATE TABLE a (b @int);\n", "migration/0002_b.sql": "DROP TABLE a;\n"}
        self.assertTrue(self.embed(good)[0])
        self.assertFalse(self.embed({"migration/0002_b.sql": "DROP TABLE a;\n"})[0])

    def test_a_migration_for_one_engine_belongs_to_one_for_both(self):
        alone = {"migration/0001_a.sql": "CREATE TABLE a (b @int);\n", "migration/0002.pg.sql": "DROP TABLE a;\n"}
        self.assertFalse(self.embed(alone)[0])

    def test_a_migration_is_one_transaction_that_notes_itself(self):
        _, _, text = self.embed({"migration/0001_a.sql": "CREATE TABLE a (b @int);\n"})
        for begin in ("BEGIN IMMEDIATE;", "BEGIN;"):
            self.assertRegex(text, rf'"{begin}\\n"\s*"CREATE TABLE a [^"]*"\s*"INSERT INTO migration '
                                   rf'\(number, name, hash\) VALUES \(1, \'a\', [^"]*"\s*"COMMIT;\\n"')


if __name__ == "__main__":
    unittest.main()
