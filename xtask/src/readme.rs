//! The two commands that the readme promises, read from it so that checks run what people type.

use std::path::Path;

use clap::ValueEnum;

/// A command of the readme.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Which {
    /// Under "Try it".
    Demo,
    /// Under "Test it".
    Test,
}

/// Reads one command.
pub(crate) fn command(root: &Path, which: Which) -> Result<String, Vec<String>> {
    let readme = std::fs::read_to_string(root.join("README.md"))
        .map_err(|e| vec![format!("README.md: {e}")])?;
    let heading = match which {
        Which::Demo => "Try it",
        Which::Test => "Test it",
    };
    find(&readme, heading).map_err(|e| vec![format!("README.md: {e}")])
}

fn find(readme: &str, heading: &str) -> Result<String, String> {
    let mut lines = readme.lines().skip_while(|line| {
        !(line.starts_with('#') && line.trim_start_matches('#').trim() == heading)
    });
    lines
        .next()
        .ok_or_else(|| format!("no heading `{heading}`"))?;
    let mut block = lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| *line != "```sh")
        .skip(1)
        .take_while(|line| *line != "```");
    match (block.next(), block.next()) {
        (Some(command), None) if !command.trim().is_empty() => Ok(command.to_owned()),
        _ => Err(format!(
            "below `{heading}` there must be a `sh` block with one line"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_command_is_the_one_line_below_its_heading() {
        let readme = "# a\n## Try it\ntext\n```sh\ncargo run\n```\n## Test it\n```sh\none\ntwo\n```\n## Last\n";
        assert_eq!(find(readme, "Try it").unwrap(), "cargo run");
        assert!(find(readme, "Test it").unwrap_err().contains("one line"));
        assert!(find(readme, "Last").is_err());
        assert!(find(readme, "None").unwrap_err().contains("no heading"));
    }
}
