//! The known name that somebody probably meant.

/// The candidate nearest to `given`, if it is near enough to be worth a word.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&given, &candidate.to_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(given.len()) / 4)
        .map(|(_, candidate)| candidate)
}

/// As a hint: `did you mean x?`.
pub(crate) fn did_you_mean<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(given, candidates).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The candidate nearest to `given`, however far it is.
pub(crate) fn nearest_of<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .min_by_key(|candidate| strsim::osa_distance(given, candidate))
}

fn distance(given: &str, candidate: &str) -> usize {
    let whole = strsim::osa_distance(given, candidate);
    // `getInfo` is near `video/getInfo`, whatever stands before it.
    match (given.contains('/'), candidate.rsplit_once('/')) {
        (false, Some((_, tail))) => whole.min(strsim::osa_distance(given, tail)),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = [
        "video/getInfo",
        "video/getUrl",
        "video/delete",
        "video_account/getAccountInfo",
    ];

    #[test]
    fn slips_of_the_pen_are_understood() {
        for (given, meant) in [
            ("video/getinfo", "video/getInfo"),
            ("video/getInof", "video/getInfo"),
            ("getURL", "video/getUrl"),
            ("vidoe/delete", "video/delete"),
            ("getAcountInfo", "video_account/getAccountInfo"),
        ] {
            assert_eq!(nearest(given, NAMES), Some(meant), "{given}");
        }
    }

    #[test]
    fn far_names_get_no_suggestion() {
        for given in ["", "x", "stream/start", "polyv"] {
            assert_eq!(nearest(given, NAMES), None, "{given}");
        }
    }
}
