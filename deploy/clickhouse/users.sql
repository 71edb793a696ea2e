-- The users of a ClickHouse server, one for each program (README.md). Nobody can log in as one of them until an administrator has
-- given it a password and the addresses it comes from:
--   ALTER USER curate IDENTIFIED WITH sha256_hash BY '<sha-256 of the password>' HOST IP '10.0.0.0/24';
CREATE USER IF NOT EXISTS provision HOST NONE;
CREATE USER IF NOT EXISTS curate HOST NONE;
CREATE USER IF NOT EXISTS gateway HOST NONE;
CREATE USER IF NOT EXISTS console HOST NONE;
CREATE USER IF NOT EXISTS operator HOST NONE;
CREATE USER IF NOT EXISTS extract HOST NONE;
CREATE USER IF NOT EXISTS rotate HOST NONE;
CREATE USER IF NOT EXISTS auditor HOST NONE SETTINGS readonly = 2;
CREATE USER IF NOT EXISTS reader HOST NONE SETTINGS readonly = 2;
