//! Which cluster the workloads of Kubernetes manifests run on.

use crate::model::{Confidence, Edge, Estate, Id, Node};

/// The resource types that are a managed Kubernetes cluster.
const CLUSTERS: &[&str] = &[
    "aws_eks_cluster",
    "google_container_cluster",
    "azurerm_kubernetes_cluster",
    "digitalocean_kubernetes_cluster",
    "linode_lke_cluster",
    "scaleway_k8s_cluster",
    "ovh_cloud_project_kube",
    "oci_containerengine_cluster",
    "AWS::EKS::Cluster",
    "Microsoft.ContainerService/managedClusters",
];

/// Puts workloads onto the cluster when the input defines exactly one: then `assumed`, since manifests do not say
/// where they are applied. With several clusters, which one it is stays unknown.
pub(super) fn run_on_cluster(estate: &mut Estate) {
    let mut clusters = estate.nodes.values().filter(|node| {
        node.type_name.as_deref().is_some_and(|name| CLUSTERS.contains(&name))
            && node.replication.replicas != Some(0)
    });
    let (Some(cluster), None) = (clusters.next(), clusters.next()) else { return };
    let (cluster, evidence) =
        (cluster.id.clone(), cluster.evidence.iter().take(1).cloned().collect::<Vec<_>>());
    let workloads: Vec<Id> = estate
        .nodes
        .values()
        .filter(|node| runs_in_cluster(node) && node.placement.provider.is_none() && node.may_fail)
        .map(|node| node.id.clone())
        .collect();
    for from in workloads {
        estate.edges.push(Edge {
            confidence: Confidence::Assumed,
            ..Edge::required(from, cluster.clone(), evidence.clone())
        });
    }
}

/// Whether a node is declared by a manifest, or by a resource that is one in other words.
fn runs_in_cluster(node: &Node) -> bool {
    let by_terraform = || {
        let type_name = node.type_name.as_deref().unwrap_or("");
        type_name.starts_with("kubernetes_") || type_name == "helm_release"
    };
    node.id.scheme() == "k8s" || (node.id.scheme() == "tf" && by_terraform())
}
