package main

// resources maps a Terraform resource name to the type token of the SDK (module/file:Type). It holds every type that the
// stacks use; tests/unit/toolchain holds it against the SDK and the stacks.
var resources = map[string]string{
	"openstack_blockstorage_quotaset_v3":           "blockstorage/quoteSetV3:QuoteSetV3",
	"openstack_blockstorage_volume_type_v3":        "blockstorage/volumeTypeV3:VolumeTypeV3",
	"openstack_blockstorage_volume_v3":             "blockstorage/volume:Volume",
	"openstack_compute_aggregate_v2":               "compute/aggregateV2:AggregateV2",
	"openstack_compute_flavor_v2":                  "compute/flavor:Flavor",
	"openstack_compute_instance_v2":                "compute/instance:Instance",
	"openstack_compute_keypair_v2":                 "compute/keypair:Keypair",
	"openstack_compute_quotaset_v2":                "compute/quotaSetV2:QuotaSetV2",
	"openstack_compute_volume_attach_v2":           "compute/volumeAttach:VolumeAttach",
	"openstack_identity_group_v3":                  "identity/groupV3:GroupV3",
	"openstack_identity_project_v3":                "identity/project:Project",
	"openstack_identity_role_assignment_v3":        "identity/roleAssignment:RoleAssignment",
	"openstack_images_image_v2":                    "images/image:Image",
	"openstack_networking_addressscope_v2":         "networking/addressScope:AddressScope",
	"openstack_networking_floatingip_associate_v2": "networking/floatingIpAssociate:FloatingIpAssociate",
	"openstack_networking_floatingip_v2":           "networking/floatingIp:FloatingIp",
	"openstack_networking_network_v2":              "networking/network:Network",
	"openstack_networking_port_v2":                 "networking/port:Port",
	"openstack_networking_quota_v2":                "networking/quotaV2:QuotaV2",
	"openstack_networking_router_interface_v2":     "networking/routerInterface:RouterInterface",
	"openstack_networking_router_route_v2":         "networking/routerRoute:RouterRoute",
	"openstack_networking_router_v2":               "networking/router:Router",
	"openstack_networking_secgroup_rule_v2":        "networking/secGroupRule:SecGroupRule",
	"openstack_networking_secgroup_v2":             "networking/secGroup:SecGroup",
	"openstack_networking_subnet_v2":               "networking/subnet:Subnet",
	"openstack_networking_subnetpool_v2":           "networking/subnetPool:SubnetPool",
}

// functions maps a Terraform data source name to the function token of the SDK.
var functions = map[string]string{
	"openstack_identity_role_v3": "identity/getRole:getRole",
}
