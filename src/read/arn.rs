//! Names of resources of AWS: `arn:aws:SERVICE:REGION:ACCOUNT:...`.

/// The service and the region of a name; of global services no region.
pub(super) fn parts(arn: &str) -> Option<(&str, Option<&str>)> {
    let mut parts = arn.trim().strip_prefix("arn:aws")?.split(':').skip(1);
    let service = parts.next().filter(|service| !service.is_empty())?;
    Some((service, parts.next().filter(|region| is_region(region))))
}

/// The region of a name.
pub(super) fn region(arn: &str) -> Option<String> {
    parts(arn)?.1.map(str::to_owned)
}

/// Whether a text has the form of a region.
pub(super) fn is_region(text: &str) -> bool {
    text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_service_and_region() {
        assert_eq!(parts("arn:aws:rds:eu-west-1:1:db:x"), Some(("rds", Some("eu-west-1"))));
        assert_eq!(parts("arn:aws-cn:s3:::bucket"), Some(("s3", None)));
        assert_eq!(parts("arn:aws:sqs:${AWS::Region}:1:q"), Some(("sqs", None)));
        assert_eq!(parts("arn:aws"), None);
        assert_eq!(parts("eu-west-1"), None);
    }
}
