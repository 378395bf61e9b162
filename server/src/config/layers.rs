//! Where settings come from, laid over each other.

use std::path::Path;

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Num, Value},
};

use super::{
    ConfigError, FILE, SETTINGS,
    catalogue::{Flags, Name, Setting},
    parse::Expected,
};

const PREFIX: &str = "LATCHKEY_";
/// Variables of the build, the tests and the client commands; they are no settings.
const NOT_SETTINGS: [&str; 8] = [
    "BUILD",
    "SITE",
    "BIN",
    "TEST_",
    "SERVER",
    "CACERT",
    "API_KEY",
    "SESSION_FILE",
];

const COMMAND_LINE: &str = "command line";
const ENVIRONMENT: &str = "environment";

/// Settings as text, from one place.
struct Layer {
    place: &'static str,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.place)
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// All settings that were given, the stronger place over the weaker.
pub(super) struct Layers(Figment);

impl Layers {
    pub(super) fn new(
        flags: &Flags,
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let flags = flags
            .0
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone().into()));
        let environment = environment.into_iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?;
            let ours = NOT_SETTINGS
                .iter()
                .all(|other| match other.strip_suffix('_') {
                    Some(_) => !name.starts_with(other),
                    None => name != *other,
                });
            ours.then(|| (name.to_ascii_lowercase(), value.into()))
        });
        let layers = from_file(file)?
            .merge(Layer {
                place: ENVIRONMENT,
                values: environment.collect(),
            })
            .merge(Layer {
                place: COMMAND_LINE,
                values: flags.collect(),
            });
        let layers = Self(layers);
        layers.refuse_unknown()?;
        Ok(layers)
    }

    /// The value of a setting. `None`: not given.
    pub(super) fn get<T>(
        &self,
        name: Name,
        parse: impl FnOnce(&str) -> Result<T, Expected>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            return Ok(None);
        };
        let Ok(value) = self.0.find_value(setting.key) else {
            return Ok(None);
        };
        let text = text(&value).ok_or_else(|| self.wrong(setting, None, "a text or a number"))?;
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(expected) => Err(self.wrong(setting, Some(&text), expected)),
        }
    }

    fn wrong(&self, setting: &Setting, value: Option<&str>, expected: Expected) -> ConfigError {
        let shown = match value {
            Some(value) if !setting.secret => format!(" is {:?}, but", cut(value)),
            _ => String::new(),
        };
        ConfigError(format!(
            "The setting `{}` ({}){shown} must be {expected}.",
            setting.key,
            self.place(setting.key),
        ))
    }

    /// Where a setting's value was given, as the operator would look for it.
    fn place(&self, key: &str) -> String {
        let metadata = self.0.find_metadata(key);
        match metadata.map(|metadata| &*metadata.name) {
            Some(COMMAND_LINE) => format!("--{} on the command line", key.replace('_', "-")),
            Some(ENVIRONMENT) => {
                format!("{PREFIX}{} in the environment", key.to_ascii_uppercase())
            }
            _ => match metadata.and_then(|metadata| metadata.source.as_ref()) {
                Some(source) => format!("in {source}"),
                None => "in the configuration file".to_owned(),
            },
        }
    }

    fn refuse_unknown(&self) -> Result<(), ConfigError> {
        let given = self
            .0
            .data()
            .map_err(|error| ConfigError(file_error(&error)))?;
        let known = |key: &str| SETTINGS.iter().any(|setting| setting.key == key);
        let unknown = given.values().flat_map(Dict::keys).find(|key| !known(key));
        match unknown {
            None => Ok(()),
            Some(key) => Err(ConfigError(format!(
                "There is no setting `{}` ({}). The settings are: {}.",
                cut(key),
                self.place(key),
                SETTINGS.each_ref().map(|setting| setting.key).join(", "),
            ))),
        }
    }
}

/// A named file must be there, [`FILE`] may be.
fn from_file(named: Option<&Path>) -> Result<Figment, ConfigError> {
    let path = named.unwrap_or_else(|| Path::new(FILE));
    match (path.is_file(), named) {
        (true, _) => Ok(Figment::from(Toml::file_exact(path))),
        (false, None) => Ok(Figment::new()),
        (false, Some(_)) => Err(ConfigError(format!(
            "--config: there is no file {}.",
            path.display()
        ))),
    }
}

/// The first line names the place; the others would show the text, which may hold a secret.
fn file_error(error: &figment::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    format!("The configuration file cannot be read: {first}.")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, bool) => Some(bool.to_string()),
        Value::Num(_, Num::I64(number)) => Some(number.to_string()),
        Value::Num(..) => value.to_i128().map(|number| number.to_string()),
        Value::Array(_, parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(text).collect();
            Some(parts?.join(","))
        }
        _ => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
