CREATE TABLE batch (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE paths (case_key TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (case_key, path)) WITHOUT ROWID;
CREATE TABLE issues (case_key TEXT NOT NULL, issue TEXT NOT NULL, PRIMARY KEY (case_key, issue)) WITHOUT ROWID;
CREATE TABLE curves (case_key TEXT NOT NULL, snapshot INTEGER NOT NULL, nonpaged_bytes INTEGER NOT NULL, PRIMARY KEY (case_key, snapshot)) WITHOUT ROWID;
CREATE TABLE images (case_key TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, original TEXT NOT NULL, version TEXT, company TEXT, PRIMARY KEY (case_key, name, sha256)) WITHOUT ROWID;
CREATE TABLE versions (version TEXT PRIMARY KEY, sort_key TEXT NOT NULL) WITHOUT ROWID;
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

-- Which versions of a driver that leaks anywhere lie in which judged cases. Where it leaks, the
-- version that is shown to is the one that runs there; copies of others beside it say nothing.
CREATE VIEW present AS
  WITH seen AS (
    SELECT i.case_key, i.original AS driver, i.version, max(i.company) AS company
    FROM images i JOIN judged j ON j.key = i.case_key
    WHERE i.original IN (SELECT driver_original FROM leaks)
    GROUP BY 1, 2, 3
    UNION
    SELECT key, driver_original, driver_version, driver_company FROM leaks
  )
  SELECT s.case_key, s.driver, s.version, max(s.company) AS company,
         l.key IS NOT NULL AND l.driver_version IS s.version AS leaks,
         l.key IS NOT NULL AND l.driver_version IS NOT s.version AS beside_leak
  FROM seen s LEFT JOIN leaks l ON l.key = s.case_key AND l.driver_original = s.driver
  GROUP BY s.case_key, s.driver, s.version;

-- For each driver that leaks anywhere: judged cases in which it lies in any version, each once.
CREATE VIEW drivers AS
  SELECT driver, count(DISTINCT case_key) AS cases,
         count(DISTINCT CASE WHEN leaks THEN case_key END) AS leaking,
         round(1.0 * count(DISTINCT CASE WHEN leaks THEN case_key END) / count(DISTINCT case_key), 3) AS leak_rate,
         count(DISTINCT coalesce(version, '')) AS versions,
         count(DISTINCT CASE WHEN leaks THEN coalesce(version, '') END) AS versions_leaking
  FROM present GROUP BY driver;

-- The same for each version seen anywhere: in how many judged cases it lies, in how many of them
-- it leaks, and how fast. Cases in which another version is the one that leaks are none of
-- these; they are counted in beside_leak. leak_rate 0 means: seen, and no leak; whether that
-- version is a fix, its maker has to say.
CREATE VIEW driver_versions AS
  SELECT p.driver, p.version, max(p.company) AS company,
         sum(NOT p.beside_leak) AS cases,
         sum(p.leaks) AS leaking,
         round(1.0 * sum(p.leaks) / nullif(sum(NOT p.beside_leak), 0), 3) AS leak_rate,
         sum(p.beside_leak) AS beside_leak,
         round(avg(CASE WHEN p.leaks THEN c.growth_bytes_per_hour END)) AS mean_growth_bytes_per_hour,
         max(CASE WHEN p.leaks THEN c.growth_bytes_per_hour END) AS most_growth_bytes_per_hour,
         (SELECT group_concat(tag, ' ') FROM (
            SELECT DISTINCT t.tag FROM leaks t
            WHERE t.driver_original = p.driver AND t.driver_version IS p.version ORDER BY 1)) AS tags,
         (SELECT sort_key FROM versions v WHERE v.version = p.version) AS version_key
  FROM present p JOIN cases c ON c.key = p.case_key
  GROUP BY p.driver, p.version ORDER BY p.driver, version_key;

-- Versions seen without a leak, of drivers that leak in others; not those that lie only beside
-- one that leaks.
CREATE VIEW versions_without_leak AS
  SELECT * FROM driver_versions WHERE leaking = 0 AND cases > 0;

-- Cases by driver, version and tag: the heat map.
CREATE VIEW heat AS
  SELECT driver_original AS driver, driver_version AS version, tag, count(*) AS cases,
         (SELECT sort_key FROM versions v WHERE v.version = driver_version) AS version_key
  FROM leaks GROUP BY 1, 2, 3 ORDER BY driver, version_key, tag;

-- Hosts of one folder (often one customer) together. Cases that state no host name stand in one
-- row a folder with host NULL: how many hosts they are is not known.
CREATE VIEW hosts AS
  SELECT group_name, host, count(*) AS cases,
         sum(outcome IN ('leak_explains_refusals', 'leak_without_refusals')) AS leaks,
         sum(refusals_total) AS refused,
         min(first_refusal) AS first_refusal, max(last_refusal) AS last_refusal,
         (SELECT group_concat(who, ', ') FROM (
            SELECT DISTINCT c.driver_original || coalesce(' ' || c.driver_version, '') AS who
            FROM leaks c WHERE c.group_name IS cases.group_name AND c.host IS cases.host
            ORDER BY 1)) AS drivers
  FROM cases WHERE status = 'ok' GROUP BY group_name, host;

-- What could not be analysed, and why.
CREATE VIEW unreadable AS
  SELECT path, error_kind, error, reproduce FROM cases WHERE status <> 'ok';

-- Cases that were analysed although something of them could not be read, and what.
CREATE VIEW in_part AS
  SELECT path, outcome, artifacts, artifacts_lost, losses FROM cases
  WHERE status = 'ok' AND losses IS NOT NULL;
