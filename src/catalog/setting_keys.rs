//! Keys of settings that a provider's own programs read: who hands out the value of `STRIPE_SECRET_KEY`.

use super::table::{Confidence, DataFile, TableError, rows};

/// A key, or a family of keys, and whose service it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingKey {
    /// The key in capitals; `*` at its end stands for any ending.
    pub pattern: Box<str>,
    /// The provider's id.
    pub provider: Box<str>,
    /// What the service is for.
    pub category: Box<str>,
    /// The provider's page on its keys.
    pub source: Box<str>,
    /// How sure the row is.
    pub confidence: Confidence,
}

/// The table of keys.
#[derive(Debug, Default)]
pub(super) struct SettingKeys(Vec<SettingKey>);

/// Beginnings by which frameworks mark what may be shown in a browser.
const MARKS: &[&str] =
    &["NEXT_PUBLIC_", "NUXT_PUBLIC_", "NUXT_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_", "GATSBY_", "PUBLIC_"];

/// A key in capitals without the beginning that marks it as one for browsers.
pub fn without_mark(key: &str) -> &str {
    MARKS.iter().find_map(|mark| key.strip_prefix(mark)).unwrap_or(key)
}

/// Last words of keys that hold what a provider hands out, whatever word of their own people put in front.
const CREDENTIALS: &[&str] = &["KEY", "TOKEN", "SECRET", "DSN", "SID", "PASSWORD"];

impl SettingKeys {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let mut all = Vec::new();
        for file in files {
            rows(&file.name, &file.text, |row| {
                all.push(SettingKey {
                    pattern: row.need("key")?.into(),
                    provider: row.need("provider")?.into(),
                    category: row.need("category")?.into(),
                    source: row.need("source")?.into(),
                    confidence: row.confidence(Confidence::Medium)?,
                });
                Ok(())
            })?;
        }
        // A row of an override file stands before the embedded one of the same key, a longer key before a shorter.
        all.reverse();
        all.sort_by_key(|key: &SettingKey| usize::MAX - key.pattern.len());
        Ok(SettingKeys(all))
    }

    pub(super) fn get(&self, key: &str) -> Option<&SettingKey> {
        let key = key.trim().to_ascii_uppercase();
        let key = without_mark(&key);
        let is_credential = key.rsplit('_').next().is_some_and(|word| CREDENTIALS.contains(&word));
        let behind_own_words = || key.match_indices('_').find_map(|(at, _)| self.named(&key[at + 1..]));
        self.named(key).or_else(|| behind_own_words().filter(|_| is_credential))
    }

    fn named(&self, key: &str) -> Option<&SettingKey> {
        self.0.iter().find(|row| match row.pattern.strip_suffix('*') {
            Some(beginning) => key.len() > beginning.len() && key.starts_with(beginning),
            None => key == &*row.pattern,
        })
    }

    pub(super) fn all(&self) -> &[SettingKey] {
        &self.0
    }
}
