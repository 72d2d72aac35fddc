CREATE TABLE batch (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE paths (case_key TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (case_key, path)) WITHOUT ROWID;
CREATE TABLE issues (case_key TEXT NOT NULL, issue TEXT NOT NULL, PRIMARY KEY (case_key, issue)) WITHOUT ROWID;
CREATE TABLE curves (case_key TEXT NOT NULL, snapshot INTEGER NOT NULL, nonpaged_bytes INTEGER NOT NULL, PRIMARY KEY (case_key, snapshot)) WITHOUT ROWID;
CREATE TABLE images (case_key TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, original TEXT NOT NULL, version TEXT, company TEXT, PRIMARY KEY (case_key, name, sha256)) WITHOUT ROWID;
CREATE INDEX images_by_original ON images (original, version, case_key);

-- How the cases came out.
CREATE VIEW outcomes AS
  SELECT coalesce(outcome, error_kind) AS outcome, status, confidence, count(*) AS cases
  FROM cases GROUP BY 1, 2, 3;

-- Cases in which a leak could have been seen: analysed, with at least two snapshots.
CREATE VIEW judged AS
  SELECT * FROM cases WHERE status = 'ok' AND snapshots >= 2;

-- Cases in which a driver is shown to allocate with the tag that leaks.
CREATE VIEW leaks AS
  SELECT * FROM judged
  WHERE driver_original IS NOT NULL AND outcome IN ('leak_explains_refusals', 'leak_without_refusals');

-- For each driver that leaks anywhere, and each version of it seen anywhere: in how many judged
-- cases it lies, in how many of them it leaks, and how fast. leak_rate 0 means: seen, and no
-- leak; whether that version is a fix, its maker has to say.
CREATE VIEW driver_versions AS
  WITH seen AS (
    SELECT DISTINCT i.case_key, i.original AS driver, i.version, max(i.company) AS company
    FROM images i JOIN judged j ON j.key = i.case_key
    WHERE i.original IN (SELECT driver_original FROM leaks)
    GROUP BY 1, 2, 3
    UNION
    SELECT key, driver_original, driver_version, driver_company FROM leaks
  )
  SELECT s.driver, s.version, max(s.company) AS company,
         count(DISTINCT s.case_key) AS cases,
         count(DISTINCT l.key) AS leaking,
         round(1.0 * count(DISTINCT l.key) / count(DISTINCT s.case_key), 3) AS leak_rate,
         round(avg(l.growth_bytes_per_hour)) AS mean_growth_bytes_per_hour,
         max(l.growth_bytes_per_hour) AS most_growth_bytes_per_hour,
         (SELECT group_concat(tag, ' ') FROM (
            SELECT DISTINCT t.tag FROM leaks t
            WHERE t.driver_original = s.driver AND t.driver_version IS s.version ORDER BY 1)) AS tags
  FROM seen s
  LEFT JOIN leaks l ON l.key = s.case_key AND l.driver_original = s.driver AND l.driver_version IS s.version
  GROUP BY s.driver, s.version;

-- Versions seen without a leak of drivers that leak in others.
CREATE VIEW versions_without_leak AS
  SELECT * FROM driver_versions WHERE leaking = 0;

-- Cases by driver, version and tag: the heat map.
CREATE VIEW heat AS
  SELECT driver_original AS driver, driver_version AS version, tag, count(*) AS cases
  FROM leaks GROUP BY 1, 2, 3;

-- Hosts of one folder (often one customer) together.
CREATE VIEW hosts AS
  SELECT group_name, coalesce(host, '?') AS host, count(*) AS cases,
         sum(outcome IN ('leak_explains_refusals', 'leak_without_refusals')) AS leaks,
         sum(refusals_total) AS refused,
         min(first_refusal) AS first_refusal, max(last_refusal) AS last_refusal,
         (SELECT group_concat(who, ', ') FROM (
            SELECT DISTINCT c.driver_original || coalesce(' ' || c.driver_version, '') AS who
            FROM leaks c WHERE c.group_name IS cases.group_name AND coalesce(c.host, '?') = coalesce(cases.host, '?')
            ORDER BY 1)) AS drivers
  FROM cases WHERE status = 'ok' GROUP BY group_name, coalesce(host, '?');

-- What could not be analysed, and why.
CREATE VIEW unreadable AS
  SELECT path, error_kind, error, reproduce FROM cases WHERE status <> 'ok';

-- Cases that were analysed although something of them could not be read, and what.
CREATE VIEW in_part AS
  SELECT path, outcome, artifacts, artifacts_lost, losses FROM cases
  WHERE status = 'ok' AND losses IS NOT NULL;
