use crate::spec::Spec;
pub(crate) fn reference(_spec: &Spec) -> String { String::new() }
pub(crate) fn coverage(_specs: &[Spec]) -> String { String::new() }
pub(crate) fn errata(_specs: &[Spec]) -> String { String::new() }
