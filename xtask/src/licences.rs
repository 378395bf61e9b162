//! Licences and sources of everything that is compiled, by the lists in `deny.toml`.
//!
//! `cargo deny` does more (withdrawn versions, advisories), but has to be installed
//! and online; this needs nothing and so runs every time.

use crate::{process, tools, workspace};
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};
use std::fs;

#[derive(Deserialize)]
struct Policy {
    graph: Graph,
    licenses: Licences,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

impl Licences {
    /// What this package may be licensed under.
    fn allowed(&self, package: &Package) -> Result<Vec<Licensee>> {
        let exceptions = self.exceptions.iter();
        exceptions
            .filter(|exception| exception.package == package.name)
            .flat_map(|exception| &exception.allow)
            .chain(&self.allow)
            .map(|name| Licensee::parse(name).with_context(|| format!("deny.toml allows `{name}`")))
            .collect()
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks every dependency; all faults are in the error.
pub(crate) fn check() -> Result<()> {
    let policy = fs::read_to_string(workspace::root().join("deny.toml"))?;
    let policy: Policy = toml::from_str(&policy).context("cannot read deny.toml")?;
    let mut cargo = process::cargo("metadata");
    cargo.args(["--format-version", "1", "--locked"]);
    for target in &policy.graph.targets {
        cargo.args(["--filter-platform", target]);
    }
    let metadata: Metadata = serde_json::from_slice(&process::output(&mut cargo)?)
        .context("cannot read cargo's metadata")?;

    // A package without a source is one of our own.
    let foreign = metadata.packages.iter().filter(|p| p.source.is_some());
    // One registry for all, whichever cargo uses here; never a repository.
    let registry = foreign.clone().find_map(|p| p.source.as_deref());
    let registry = registry.filter(|source| source.starts_with("registry+"));
    let registry = registry.context("the first package does not come from a registry")?;
    let mut faults = Vec::new();
    let mut checked = 0;
    for package in foreign {
        checked += 1;
        let allowed = policy.licenses.allowed(package)?;
        if let Some(fault) = fault(package, &allowed, registry) {
            faults.push(format!("{} {}: {fault}", package.name, package.version));
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{checked} packages: licences and sources as deny.toml says");
    advisories()
}

/// What only `cargo deny` can check; said aloud when it is not there.
fn advisories() -> Result<()> {
    if tools::find(&["cargo-deny"]).is_some() {
        return process::run(process::cargo("deny").arg("check"));
    }
    println!(
        "NOT checked: security advisories, withdrawn and duplicate versions, because `cargo deny` \
         is not installed (cargo install cargo-deny)"
    );
    Ok(())
}

fn fault(package: &Package, allowed: &[Licensee], registry: &str) -> Option<String> {
    let source = package.source.as_deref().unwrap_or_default();
    if source != registry {
        return Some(format!("comes from {source}"));
    }
    let Some(licence) = &package.license else {
        return Some("names no licence".to_owned());
    };
    // Old packages write `MIT/Apache-2.0`.
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("has the unreadable licence `{licence}`"));
    };
    let permitted = expression.evaluate(|wanted| allowed.iter().any(|one| one.satisfies(wanted)));
    (!permitted).then(|| format!("is licensed under `{licence}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "registry+https://example.org/index";

    fn package(name: &str, licence: Option<&str>, source: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: licence.map(str::to_owned),
            source: Some(source.to_owned()),
        }
    }

    fn judge(licence: Option<&str>, source: &str) -> Option<String> {
        let package = package("some", licence, source);
        let allowed = ["MIT", "ISC"].map(|name| Licensee::parse(name).unwrap());
        fault(&package, &allowed, REGISTRY)
    }

    #[test]
    fn one_permitted_alternative_is_enough() {
        let ours = REGISTRY;
        assert_eq!(judge(Some("MIT"), ours), None);
        assert_eq!(judge(Some("MIT/GPL-3.0"), ours), None);
        assert_eq!(judge(Some("GPL-3.0-only OR (MIT AND ISC)"), ours), None);
    }

    #[test]
    fn an_exception_is_for_one_package_only() {
        let licences: Licences = toml::from_str(
            r#"allow = ["MIT"]
            exceptions = [{ crate = "other", allow = ["MPL-2.0"] }]"#,
        )
        .unwrap();
        let count = |name| licences.allowed(&package(name, None, "")).unwrap().len();
        assert_eq!((count("some"), count("other")), (1, 2));
    }

    #[test]
    fn a_licence_or_source_that_is_not_listed_is_a_fault() {
        let ours = REGISTRY;
        assert!(judge(Some("MIT AND GPL-3.0-only"), ours).is_some());
        assert!(judge(Some("whatever"), ours).is_some());
        assert!(judge(None, ours).is_some());
        assert!(judge(Some("MIT"), "git+https://example.org/some").is_some());
        assert!(judge(Some("MIT"), "registry+https://example.com/index").is_some());
    }
}
