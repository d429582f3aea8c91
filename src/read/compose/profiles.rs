//! Which services of a project start: those of no profile, and those of a profile that is switched on.

use super::interpolate::{Variables, interpolate};
use super::project::Services;
use super::service::Service;
use crate::read::PRODUCTION;
use crate::source::Problems;

/// What is known of the profiles that are switched on.
pub(super) enum Profiles {
    /// `COMPOSE_PROFILES` names them.
    Named(Vec<String>),
    /// Nothing does: services of a profile start only when someone asks for them.
    OnRequest,
    /// Nothing does, and every service is in some profile: which of them start cannot be told.
    Unknown,
}

impl Profiles {
    pub(super) fn of(services: &Services, variables: &Variables) -> Self {
        let written = variables.get("COMPOSE_PROFILES").map(|text| interpolate(text, variables));
        let names: Vec<String> = written
            .iter()
            .flat_map(|text| text.split(','))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        let are_plain = names.iter().all(|name| !name.contains('$'));
        match (names.is_empty(), are_plain) {
            (false, true) => Profiles::Named(names),
            _ if services.values().all(|service| !service.profiles.is_empty()) => Profiles::Unknown,
            _ => Profiles::OnRequest,
        }
    }

    /// Whether the service belongs to profiles of which none is switched on.
    pub(super) fn leave_out(&self, service: &Service) -> bool {
        let Profiles::Named(names) = self else { return false };
        let is_on = |profile: &String| names.iter().any(|name| name == profile || name == "*");
        !service.profiles.is_empty() && !service.profiles.iter().any(is_on)
    }

    /// Whether the service starts only when someone asks for it. Those of production are asked for.
    pub(super) fn on_request(&self, service: &Service) -> bool {
        let is_production = |profile: &String| PRODUCTION.contains(&profile.as_str());
        matches!(self, Profiles::OnRequest)
            && !service.profiles.is_empty()
            && !service.profiles.iter().any(is_production)
    }

    /// Says which services do not start.
    pub(super) fn note_what_stays(&self, services: &Services, problems: &mut Problems) {
        for (name, service) in services.iter().filter(|(_, service)| self.leave_out(service)) {
            let Some(place) = service.places.first() else { continue };
            let profiles = service.profiles.join("`, `");
            problems.note(
                place.clone(),
                format!(
                    "service `{name}` does not start: `COMPOSE_PROFILES` leaves out its profile `{profiles}`"
                ),
            );
        }
    }
}
