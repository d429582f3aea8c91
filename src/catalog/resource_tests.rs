//! What the rules of resource types say about small declarations.

use std::collections::BTreeMap;

use super::*;

/// A declaration: attributes by path, and what was worked out about it.
#[derive(Default)]
struct Written {
    attributes: BTreeMap<&'static str, Stated>,
    zones: Option<usize>,
    members: Option<usize>,
    region_zones: Option<usize>,
}

impl Declared for Written {
    fn stated(&self, path: &str) -> Stated {
        self.attributes.get(path).cloned().unwrap_or(Stated::Absent)
    }

    fn distinct_zones(&self) -> Option<usize> {
        self.zones
    }

    fn members(&self) -> Option<usize> {
        self.members
    }

    fn region_zones(&self) -> Option<usize> {
        self.region_zones
    }
}

fn written(pairs: &[(&'static str, &str)]) -> Written {
    let stated = |v: &str| match v {
        "?" => Stated::Unknown,
        "{}" => Stated::Several(1),
        "true" | "false" => Stated::Value(Value::Bool(v == "true")),
        _ => Stated::Value(v.parse().map_or_else(|_| Value::Text(v.into()), Value::Number)),
    };
    Written { attributes: pairs.iter().map(|(k, v)| (*k, stated(v))).collect(), ..Written::default() }
}

fn judge(kind: &str, declared: &Written) -> (Option<Survives>, Option<Survives>) {
    match Catalog::embedded().resource(kind) {
        ResourceKnowledge::Known { kind, attributes } => {
            let judged = kind.judge(declared, &attributes);
            (judged.survives, judged.perhaps)
        }
        other => panic!("{kind}: {other:?}"),
    }
}

use Survives::{Host, Instance, Nothing, Region, Zone};

#[test]
fn databases() {
    assert_eq!(judge("aws_db_instance", &written(&[])), (Some(Nothing), None));
    assert_eq!(judge("aws_db_instance", &written(&[("multi_az", "true")])), (Some(Zone), None));
    assert_eq!(judge("aws_db_instance", &written(&[("multi_az", "?")])), (Some(Nothing), Some(Zone)));
    assert_eq!(judge("AWS::RDS::DBInstance", &written(&[("MultiAZ", "true")])), (Some(Zone), None));
    let mut cluster = written(&[("availability_zones", "{}")]);
    assert_eq!(judge("aws_rds_cluster", &cluster), (Some(Nothing), Some(Zone)));
    cluster.members = Some(1);
    cluster.zones = Some(3);
    assert_eq!(judge("aws_rds_cluster", &cluster), (Some(Nothing), None));
    cluster.members = Some(2);
    assert_eq!(judge("aws_rds_cluster", &cluster), (Some(Zone), None));
    cluster.zones = Some(1);
    assert_eq!(judge("aws_rds_cluster", &cluster), (Some(Host), None));
}

#[test]
fn flags_alone_are_no_redundancy() {
    let flags = [("automatic_failover_enabled", "true"), ("multi_az_enabled", "true")];
    assert_eq!(judge("aws_elasticache_replication_group", &written(&flags)).0, Some(Nothing));
    let mut all = flags.to_vec();
    all.push(("num_cache_clusters", "2"));
    assert_eq!(judge("aws_elasticache_replication_group", &written(&all)).0, Some(Zone));
    assert_eq!(
        judge("aws_opensearch_domain", &written(&[("cluster_config.zone_awareness_enabled", "true")])).0,
        Some(Nothing)
    );
    assert_eq!(
        judge("azurerm_service_plan", &written(&[("zone_balancing_enabled", "true"), ("worker_count", "1")]))
            .0,
        Some(Nothing)
    );
}

#[test]
fn subnets_count_by_their_zones() {
    let mut group = written(&[("min_size", "2"), ("vpc_zone_identifier", "{}")]);
    assert_eq!(judge("aws_autoscaling_group", &group), (Some(Host), Some(Zone)));
    group.zones = Some(1);
    assert_eq!(judge("aws_autoscaling_group", &group), (Some(Host), None));
    group.zones = Some(2);
    assert_eq!(judge("aws_autoscaling_group", &group), (Some(Zone), None));
    let mut balancer = written(&[("load_balancer_type", "network")]);
    balancer.zones = Some(1);
    assert_eq!(judge("aws_lb", &balancer), (Some(Host), None));
    assert_eq!(judge("aws_lb", &written(&[])), (Some(Zone), None));
    // A zonal NAT gateway is redundant inside its zone.
    assert_eq!(judge("aws_nat_gateway", &written(&[])), (Some(Host), None));
    assert_eq!(judge("aws_nat_gateway", &written(&[("availability_mode", "regional")])), (Some(Zone), None));
}

#[test]
fn what_google_spreads_by_default() {
    let primary = [("instance_type", "PRIMARY")];
    assert_eq!(judge("google_alloydb_instance", &written(&primary)), (Some(Zone), None));
    let zonal = [("instance_type", "PRIMARY"), ("availability_type", "ZONAL")];
    assert_eq!(judge("google_alloydb_instance", &written(&zonal)), (Some(Nothing), None));
    assert_eq!(judge("google_alloydb_instance", &written(&[("instance_type", "READ_POOL")])), (None, None));
    let mut group = written(&[("target_size", "3")]);
    assert_eq!(judge("google_compute_region_instance_group_manager", &group).0, Some(Zone));
    let shape = ("distribution_policy_target_shape", "ANY_SINGLE_ZONE");
    group = written(&[("target_size", "3"), shape]);
    assert_eq!(judge("google_compute_region_instance_group_manager", &group).0, Some(Instance));
    assert_eq!(judge("google_memcache_instance", &written(&[("node_count", "2")])).0, Some(Zone));
    let mut pinned = written(&[("node_count", "2"), ("zones", "{}")]);
    pinned.zones = Some(1);
    assert_eq!(judge("google_memcache_instance", &pinned), (Some(Instance), None));
    assert_eq!(judge("google_cloud_run_v2_service", &written(&[])), (Some(Zone), None));
    let gpu = [("template.gpu_zonal_redundancy_disabled", "true")];
    assert_eq!(judge("google_cloud_run_v2_service", &written(&gpu)), (Some(Host), None));
}

#[test]
fn gateways_of_azure_spread_by_themselves_when_no_zone_is_named() {
    let mut gateway = written(&[("sku.name", "WAF_v2"), ("autoscale_configuration", "{}")]);
    assert_eq!(judge("azurerm_application_gateway", &gateway), (None, Some(Zone)));
    gateway.region_zones = Some(3);
    assert_eq!(judge("azurerm_application_gateway", &gateway), (Some(Zone), None));
    gateway.region_zones = Some(0);
    assert_eq!(judge("azurerm_application_gateway", &gateway).0, None);
    let mut one = written(&[("sku.name", "Standard_v2"), ("sku.capacity", "1")]);
    one.region_zones = Some(3);
    one.zones = Some(3);
    assert_eq!(judge("azurerm_application_gateway", &one), (None, None));
    assert_eq!(judge("azurerm_api_management", &written(&[("sku_name", "Developer_1")])).0, Some(Nothing));
    assert_eq!(judge("azurerm_api_management", &written(&[("sku_name", "StandardV2_1")])).0, Some(Host));
}

/// Azure's page on IoT Hub lists the regions where a hub outlives a zone; that a region has zones is not enough.
#[test]
fn a_hub_for_devices_is_redundant_in_some_regions_only() {
    let hub = |region| judge("azurerm_iothub", &written(&[("location", region)]));
    assert_eq!(hub("northeurope"), (Some(Zone), None));
    assert_eq!(hub("UK South"), (Some(Zone), None));
    assert_eq!(hub("westeurope"), (Some(Host), None));
    assert_eq!(hub("?"), (Some(Host), Some(Zone)));
}

#[test]
fn tasks_are_spread_unless_a_strategy_packs_them() {
    let service = |strategy: &[(&'static str, &str)]| {
        let declared = written(&[&[("desired_count", "2")], strategy].concat());
        judge("aws_ecs_service", &Written { zones: Some(2), ..declared })
    };
    assert_eq!(service(&[]), (Some(Zone), None));
    let strategy = |kind| [("ordered_placement_strategy", "{}"), ("ordered_placement_strategy.type", kind)];
    assert_eq!(service(&strategy("spread")), (Some(Zone), None));
    assert_eq!(service(&strategy("binpack")), (Some(Instance), None));
    let stack = Written { zones: Some(2), ..written(&[("DesiredCount", "2")]) };
    assert_eq!(judge("AWS::ECS::Service", &stack), (Some(Zone), None));
}

#[test]
fn a_bucket_of_google_lies_in_one_zone_when_it_is_rapid() {
    let bucket = |pairs: &[(&'static str, &str)]| judge("google_storage_bucket", &written(pairs)).0;
    assert_eq!(bucket(&[("location", "europe-west1")]), Some(Zone));
    assert_eq!(bucket(&[("location", "eu")]), Some(Region));
    let placed = [("location", "us"), ("custom_placement_config", "{}")];
    assert_eq!(bucket(&placed), Some(Region));
    let rapid = [("location", "us-central1"), ("custom_placement_config", "{}"), ("storage_class", "RAPID")];
    assert_eq!(bucket(&rapid), Some(Host));
}

#[test]
fn replicas_with_addresses_of_their_own_are_no_failover() {
    let store = written(&[("sku", "standard"), ("replica", "{}")]);
    let store = Written { region_zones: Some(3), ..store };
    assert_eq!(judge("azurerm_app_configuration", &store), (Some(Zone), None));
}

#[test]
fn a_file_system_of_one_zone_is_one_server_unless_it_says_pair() {
    let of = |kind: &str, mode: &'static str| judge(kind, &written(&[("deployment_type", mode)])).0;
    assert_eq!(judge("aws_fsx_windows_file_system", &written(&[])).0, Some(Nothing));
    assert_eq!(of("aws_fsx_windows_file_system", "MULTI_AZ_1"), Some(Zone));
    assert_eq!(of("aws_fsx_openzfs_file_system", "SINGLE_AZ_1"), Some(Nothing));
    assert_eq!(of("aws_fsx_openzfs_file_system", "SINGLE_AZ_HA_2"), Some(Host));
    assert_eq!(of("aws_fsx_ontap_file_system", "SINGLE_AZ_1"), Some(Host));
}

#[test]
fn a_zonal_attribute_weakens() {
    assert_eq!(judge("aws_efs_file_system", &written(&[])), (Some(Zone), None));
    assert_eq!(
        judge("aws_efs_file_system", &written(&[("availability_zone_name", "eu-west-1a")])),
        (Some(Host), None)
    );
    let mut function = written(&[("vpc_config", "{}")]);
    function.zones = Some(1);
    assert_eq!(judge("aws_lambda_function", &function), (Some(Host), None));
    assert_eq!(judge("aws_lambda_function", &written(&[])), (Some(Zone), None));
}

#[test]
fn other_clouds() {
    let cluster = |location: &'static str| written(&[("location", location), ("node_locations", "{}")]);
    assert_eq!(judge("google_container_cluster", &cluster("us-central1")), (Some(Zone), None));
    assert_eq!(judge("google_container_cluster", &cluster("us-central1-b")), (Some(Nothing), None));
    assert_eq!(judge("google_sql_database_instance", &written(&[])), (Some(Nothing), None));
    let regional = written(&[("settings.availability_type", "REGIONAL")]);
    assert_eq!(judge("google_sql_database_instance", &regional), (Some(Zone), None));
    assert_eq!(judge("google_storage_bucket", &written(&[("location", "eu")])), (Some(Region), None));
    assert_eq!(judge("google_storage_bucket", &written(&[("location", "EUROPE-WEST1")])), (Some(Zone), None));
    let grs = written(&[("account_replication_type", "GRS")]);
    assert_eq!(judge("azurerm_storage_account", &grs), (Some(Host), None));
    let zrs = written(&[("account_replication_type", "GZRS")]);
    assert_eq!(judge("azurerm_storage_account", &zrs), (Some(Zone), None));
    let mut vault = written(&[]);
    assert_eq!(judge("azurerm_key_vault", &vault), (Some(Host), Some(Zone)));
    vault.region_zones = Some(0);
    assert_eq!(judge("azurerm_key_vault", &vault), (Some(Host), None));
    assert_eq!(
        judge("digitalocean_database_cluster", &written(&[("node_count", "2")])),
        (Some(Instance), None)
    );
    assert_eq!(judge("kubernetes_deployment_v1", &written(&[])), (Some(Nothing), None));
}

#[test]
fn backups_and_protection() {
    let of = |kind: &str, declared: &Written| match Catalog::embedded().resource(kind) {
        ResourceKnowledge::Known { kind, attributes } => {
            (kind.backed_up(declared, &attributes), kind.protected(declared, &attributes))
        }
        other => panic!("{kind}: {other:?}"),
    };
    assert_eq!(of("aws_db_instance", &written(&[])), ((Holds::No, None), Holds::No));
    let kept = written(&[("backup_retention_period", "7"), ("deletion_protection", "true")]);
    assert_eq!(of("aws_db_instance", &kept), ((Holds::Yes, Some(Kept::Region)), Holds::Yes));
    let none = written(&[("backup_retention_period", "0"), ("skip_final_snapshot", "false")]);
    assert_eq!(of("aws_db_instance", &none).0, (Holds::No, None));
    // CloudFormation keeps backups for a day when nothing is written, Terraform keeps none.
    assert_eq!(of("AWS::RDS::DBInstance", &written(&[])).0, (Holds::Yes, Some(Kept::Region)));
    assert_eq!(of("aws_rds_cluster", &written(&[])).0, (Holds::Yes, Some(Kept::Region)));
    assert_eq!(of("google_sql_database_instance", &written(&[])), ((Holds::No, None), Holds::Yes));
    let versions = written(&[("versioning.enabled", "true")]);
    assert_eq!(of("google_storage_bucket", &versions).0, (Holds::Yes, Some(Kept::Inside)));
    assert_eq!(of("aws_instance", &written(&[])).0, (Holds::Unknown, None));
    // A file system of one zone is backed up by the service; of one of the region a backup plan may take care.
    let one_zone = written(&[("availability_zone_name", "eu-west-1a")]);
    assert_eq!(of("aws_efs_file_system", &one_zone).0, (Holds::Yes, Some(Kept::Region)));
    assert_eq!(of("aws_efs_file_system", &written(&[])).0, (Holds::Unknown, None));
    let local = written(&[("storage_account_type", "Local")]);
    assert_eq!(of("azurerm_mssql_database", &written(&[])).0, (Holds::Yes, Some(Kept::OtherRegion)));
    assert_eq!(of("azurerm_mssql_database", &local).0, (Holds::Yes, Some(Kept::Region)));
}

#[test]
fn roles() {
    let c = Catalog::embedded();
    let role = |kind: &str| c.resource(kind).kind().map(|k| k.role);
    for (kind, expected) in [
        ("aws_iam_role_policy_attachment", Some(Role::Glue)),
        ("aws_security_group_rule", Some(Role::Glue)),
        ("aws_route_table", Some(Role::Glue)),
        ("aws_route53_record", Some(Role::DnsRecord)),
        ("aws_route53_zone", Some(Role::DnsZone)),
        ("aws_subnet", Some(Role::Placement)),
        ("aws_s3_bucket_policy", Some(Role::Glue)),
        ("aws_s3_bucket_replication_configuration", Some(Role::Backup)),
        ("aws_cloudwatch_metric_alarm", Some(Role::Monitor)),
        ("azurerm_dns_cname_record", Some(Role::DnsRecord)),
        ("azurerm_network_security_rule", Some(Role::Glue)),
        ("google_project_iam_member", Some(Role::Glue)),
        ("AWS::IAM::Role", Some(Role::Glue)),
        ("AWS::EC2::SecurityGroupIngress", Some(Role::Glue)),
        ("Custom::Thing", Some(Role::Glue)),
        ("cloudflare_record", Some(Role::DnsRecord)),
        ("cloudflare_page_rule", Some(Role::Glue)),
        ("random_password", Some(Role::Glue)),
        ("azurerm_virtual_hub_connection", Some(Role::Glue)),
        ("google_bigtable_gc_policy", Some(Role::Glue)),
        ("aws_rds_cluster_snapshot_copy", Some(Role::Backup)),
        ("AWS::Glue::Workflow", Some(Role::Glue)),
        ("AWS::RedshiftServerless::Workgroup", Some(Role::Datastore)),
        ("oci_core_security_list", Some(Role::Glue)),
        ("oci_core_volume", Some(Role::Datastore)),
        ("yandex_mdb_postgresql_cluster", Some(Role::Datastore)),
        ("outscale_vm", Some(Role::Workload)),
        ("aws_gamelift_build", None),
        ("nobody_thing", None),
    ] {
        assert_eq!(role(kind), expected, "{kind}");
    }
    assert_eq!(c.resource("aws_gamelift_build").provider(), Some("aws"));
    assert_eq!(c.resource("hcloud_firewall").provider(), Some("hetzner"));
    assert_eq!(c.resource("AWS::QuickSight::Theme").provider(), Some("aws"));
    assert_eq!(c.resource("nobody_thing").provider(), None);
    assert!(c.resource_exists("aws_gamelift_build") && !c.resource_exists("aws_no_such_thing"));
}

#[test]
fn conditions_read_as_they_are_written() {
    for text in [
        "multi_az == true",
        "a.b >= 2",
        "x in A|B",
        "regions.count >= 2",
        "x present",
        "y absent",
        "l is-region",
        "t begins MULTI",
    ] {
        assert_eq!(Condition::parse(text).unwrap().to_string(), text);
    }
    for text in ["", "a", "a ==", "a >= many", "a present now", "a like b"] {
        assert_eq!(Condition::parse(text), None, "{text}");
    }
}
