-- An auditor reads the access journal and nothing else.
GRANT SELECT ON chainon.access_journal TO auditor;
-- A connection begins in this database; there is nothing in it.
GRANT SHOW DATABASES ON default.* TO auditor;
