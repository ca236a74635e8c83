import { actions, arn, type Grant, type Grants, type Scope } from "./grant.ts";
import { tagged } from "./tagged.ts";

/** What EC2 lets be held to a resource; its things have ids, so tags tell whose they are. */
const parts = (scope: Scope) => [arn(scope, "ec2", "*")];

const make = (names: string, scope: Scope): Grant => ({
  sid: "CreateNetwork",
  actions: actions("ec2", `${names} CreateTags`),
  resources: parts(scope),
  condition: tagged(scope, "StringEquals", "aws:RequestTag"),
});

const change = (names: string, scope: Scope): Grant => ({
  sid: "Network",
  actions: actions("ec2", `${names} CreateTags DeleteTags`),
  resources: parts(scope),
  condition: tagged(scope, "StringEquals", "aws:ResourceTag"),
});

const look = (names: string): Grant => ({
  sid: "LookAtNetworks",
  actions: actions("ec2", names),
  // EC2 knows no resources for these.
  resources: ["*"],
});

const network =
  (created: string, changed: string, looked: string): Grants =>
  (scope) => [make(created, scope), change(changed, scope), look(looked)];

/** A private name of an endpoint is a hosted zone that EC2 joins to the network. */
const privateNames: Grants = (scope) => [
  {
    sid: "PrivateNames",
    actions: ["route53:AssociateVPCWithHostedZone"],
    resources: [arn(scope, "route53", "hostedzone/*", { regional: false, owned: false })],
  },
];

const all =
  (...grants: Grants[]): Grants =>
  (scope) =>
    grants.flatMap((one) => one(scope));

const rules = (direction: "Ingress" | "Egress") =>
  network(
    `AuthorizeSecurityGroup${direction}`,
    `ModifySecurityGroupRules RevokeSecurityGroup${direction}`,
    "DescribeSecurityGroupRules",
  );

/**
 * The private network of databases and of the functions that use them.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
export const EC2_TYPES: Record<string, Grants> = {
  aws_vpc: network(
    "CreateVpc",
    "DeleteVpc ModifyVpcAttribute",
    "DescribeAvailabilityZones DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcAttribute DescribeVpcs",
  ),
  aws_subnet: network(
    "CreateSubnet",
    "DeleteSubnet ModifySubnetAttribute",
    "DescribeNetworkInterfaces DescribeSubnets",
  ),
  aws_route_table: network("CreateRouteTable", "DeleteRouteTable", "DescribeRouteTables"),
  aws_route_table_association: (scope) => [
    change("AssociateRouteTable DisassociateRouteTable", scope),
    look("DescribeRouteTables"),
  ],
  aws_security_group: network(
    "CreateSecurityGroup",
    "DeleteSecurityGroup RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
    "DescribeNetworkInterfaces DescribeSecurityGroups",
  ),
  aws_vpc_security_group_ingress_rule: rules("Ingress"),
  aws_vpc_security_group_egress_rule: rules("Egress"),
  aws_vpc_endpoint: all(
    network(
      "CreateVpcEndpoint",
      "DeleteVpcEndpoints ModifyVpcEndpoint",
      "DescribeNetworkInterfaces DescribePrefixLists DescribeVpcEndpoints",
    ),
    privateNames,
  ),
};
