//! What the files beside the snapshots say of the machine's time zone.

use super::survey::Survey;
use crate::timeline::zone::ZoneClaim;

/// The claims of counter logs and of registry exports.
pub(super) fn of_side_files(survey: &Survey) -> impl Iterator<Item = ZoneClaim> {
    let stated = survey.perfs.iter().filter_map(|(_, log)| log.zone.as_ref());
    let counted =
        stated.filter_map(|zone| ZoneClaim::from_pdh_header(&zone.name, zone.bias_minutes?));
    let registered = survey.time_zones.iter().filter_map(|(_, zone)| {
        let name = zone.id.as_deref().unwrap_or_default();
        ZoneClaim::from_registry(name, zone.bias_minutes, zone.without_daylight)
    });
    counted.chain(registered)
}
