//! The labels of a pattern of names: how they are written, and what of a name they stand for.

use super::regions::Regions;

/// One label of a pattern.
#[derive(Debug)]
pub(super) enum Label {
    Literal(Box<str>),
    Glob(Vec<Token>),
    /// Any number of labels.
    Several,
}

/// A part of a label.
#[derive(Debug)]
pub(super) enum Token {
    Text(Box<str>),
    Any,
    Region,
    RegionOf(Box<str>),
    Cloud,
    Service,
    Server,
}

/// What a pattern captured on the way.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Captures<'n> {
    pub(super) region: Option<&'n str>,
    pub(super) cloud: Option<&'n str>,
    pub(super) service: Option<&'n str>,
}

/// The clouds other providers say they run on.
const CLOUDS: [&str; 3] = ["aws", "azure", "gcp"];

pub(super) fn known_cloud(text: &str) -> Option<&'static str> {
    CLOUDS.iter().find(|cloud| **cloud == text).copied()
}

/// Whether a label is what name servers are called. With a longer number it may be that of a customer's machine.
pub(super) fn is_server(label: &str) -> bool {
    let number = label.strip_prefix("dns").or_else(|| label.strip_prefix("ns"));
    let number = number.map(|number| number.strip_prefix('-').unwrap_or(number));
    number.is_some_and(|number| number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The labels of a pattern; none where it is odd.
pub(super) fn parse(pattern: &str) -> Option<Vec<Label>> {
    pattern.split('.').map(label).collect()
}

/// The region that a name carries, as its provider calls it, and what else its labels stand for; none where the pattern does not fit.
pub(super) fn captures<'r, 'n>(
    labels: &'r [Label],
    name: &[&'n str],
    exact: bool,
    owner: &Owner<'r>,
) -> Option<(Option<&'r str>, Captures<'n>)> {
    let captures = match_labels(labels, name, exact, Captures::default(), owner)?;
    let region = match captures.region {
        Some(text) => Some(owner.region_name(labels, captures.cloud.or(owner.on), text)?),
        None => None,
    };
    let service = captures.service.map(|service| service.rsplit('.').next().unwrap_or(service));
    Some((region, Captures { service, ..captures }))
}

/// Whose rule a pattern is of: decides whether a run of characters is a region or a cloud.
pub(super) struct Owner<'a> {
    pub(super) provider: &'a str,
    /// The cloud below, when the rule says which.
    pub(super) on: Option<&'a str>,
    pub(super) regions: &'a Regions,
}

impl<'a> Owner<'a> {
    fn of_regions(&self, labels: &'a [Label], cloud: Option<&'a str>) -> &'a str {
        let stated = labels.iter().find_map(|l| match l {
            Label::Glob(tokens) => tokens.iter().find_map(|t| match t {
                Token::RegionOf(provider) => Some(&**provider),
                _ => None,
            }),
            _ => None,
        });
        stated.or(cloud).unwrap_or(self.provider)
    }

    /// The region's own code; none when the text is no region of its owner.
    fn region_name(&self, labels: &'a [Label], cloud: Option<&str>, text: &str) -> Option<&'a str> {
        let owner = self.of_regions(labels, cloud.and_then(known_cloud));
        let region =
            self.regions.get(owner, text).or_else(|| self.regions.get(owner, &text.replace('-', "")));
        region.map(|r| &*r.code)
    }

    /// A region written in a label is only a candidate here; `region_name` decides once the cloud is known.
    fn may_be_region(&self, text: &str) -> bool {
        let known = |p: &str| self.regions.get(p, text).is_some();
        match self.on {
            Some(cloud) => known(cloud),
            None if self.regions.knows(self.provider) => known(self.provider),
            None => text.len() > 1,
        }
    }
}

fn label(text: &str) -> Option<Label> {
    if text.is_empty() {
        return None;
    }
    if text == "**" {
        return Some(Label::Several);
    }
    if !text.contains(['*', '{']) {
        return Some(Label::Literal(text.into()));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '*' => {
                tokens.push(Token::Any);
                rest = &rest[1..];
            }
            '{' => {
                let close = rest.find('}')?;
                tokens.push(match &rest[1..close] {
                    "region" => Token::Region,
                    "cloud" => Token::Cloud,
                    "service" => Token::Service,
                    "server" => Token::Server,
                    other => Token::RegionOf(other.strip_suffix("-region")?.into()),
                });
                rest = &rest[close + 1..];
            }
            _ => {
                let end = rest.find(['*', '{']).unwrap_or(rest.len());
                tokens.push(Token::Text(rest[..end].into()));
                rest = &rest[end..];
            }
        }
    }
    Some(Label::Glob(tokens))
}

/// Matches labels from the right. The recursion is as deep as the pattern has labels, at most a dozen.
fn match_labels<'n>(
    pattern: &[Label],
    name: &[&'n str],
    exact: bool,
    captures: Captures<'n>,
    owner: &Owner<'_>,
) -> Option<Captures<'n>> {
    let Some((last, before)) = pattern.split_last() else {
        return (name.is_empty() || !exact).then_some(captures);
    };
    if let Label::Several = last {
        return (0..=name.len()).rev().find_map(|n| match_labels(before, &name[..n], exact, captures, owner));
    }
    let (here, front) = name.split_last()?;
    let captures = match last {
        Label::Literal(text) => (**text == **here).then_some(captures)?,
        Label::Glob(tokens) => match_tokens(tokens, here, captures, owner)?,
        Label::Several => return None,
    };
    match_labels(before, front, exact, captures, owner)
}

/// Matches one label; the longest run that fits is taken for each token.
fn match_tokens<'n>(
    tokens: &[Token],
    text: &'n str,
    captures: Captures<'n>,
    owner: &Owner<'_>,
) -> Option<Captures<'n>> {
    let Some((token, rest)) = tokens.split_first() else {
        return text.is_empty().then_some(captures);
    };
    let runs = |least: usize| (least..=text.len()).rev().filter(|&n| text.is_char_boundary(n));
    match token {
        Token::Text(literal) => match_tokens(rest, text.strip_prefix(&**literal)?, captures, owner),
        Token::Any => runs(0).find_map(|n| match_tokens(rest, &text[n..], captures, owner)),
        Token::Service => runs(1).find_map(|n| {
            match_tokens(rest, &text[n..], Captures { service: Some(&text[..n]), ..captures }, owner)
        }),
        Token::Server => runs(2)
            .filter(|&n| is_server(&text[..n]))
            .find_map(|n| match_tokens(rest, &text[n..], captures, owner)),
        Token::Cloud => CLOUDS.iter().filter(|c| text.starts_with(**c)).find_map(|c| {
            match_tokens(
                rest,
                &text[c.len()..],
                Captures { cloud: Some(&text[..c.len()]), ..captures },
                owner,
            )
        }),
        Token::Region => runs(1).filter(|&n| owner.may_be_region(&text[..n])).find_map(|n| {
            match_tokens(rest, &text[n..], Captures { region: Some(&text[..n]), ..captures }, owner)
        }),
        Token::RegionOf(provider) => {
            runs(1).filter(|&n| owner.regions.get(provider, &text[..n]).is_some()).find_map(|n| {
                match_tokens(rest, &text[n..], Captures { region: Some(&text[..n]), ..captures }, owner)
            })
        }
    }
}
