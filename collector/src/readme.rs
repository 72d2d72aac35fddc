//! `README.txt` of a bundle: for whoever opens it before it is sent.

/// The text.
pub const TEXT: &str = "\
This bundle was made by poolsleuth-collect. Nothing was sent anywhere: look inside, then send it.\r
\r
manifest.json       the machine, the snapshots, and every file with its origin and SHA-256\r
collector.log       what happened, with everything that failed\r
pool/               snapshots of the kernel's pool tags, memory counters, handles per process\r
httperr/            http.sys's error logs; they hold addresses of clients and paths of requests\r
drivers/loaded/     images of the kernel modules that are loaded, below their own path\r
drivers/system32/   the other images in System32\\drivers\r
catalogs/           signature catalogs that name those images\r
system/             os.json, loaded modules, driver services, minifilters, and the few registry\r
                    values that move the pool's limit and http.sys's threshold\r
\r
Not in here: memory contents, user files, request logs of web sites, event logs, passwords, keys,\r
names of users. Remove what you must not pass on; the analyzer will say that it is missing.\r
";
