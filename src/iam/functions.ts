import { actions, arn, type Condition, type Grant, type Grants, namePrefix, type Scope } from "./grant.ts";

const functionArn = (scope: Scope) => arn(scope, "lambda", `function:${namePrefix(scope)}*`);
const ofOurFunctions = (scope: Scope): Condition => ({
  ArnLike: { "lambda:FunctionArn": functionArn(scope) },
});

/**
 * Functions and event source mappings. A mapping's id is not known before it exists: it is the function it
 * belongs to that is checked.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
export const LAMBDA_TYPES: Record<string, Grants> = {
  aws_lambda_function: (scope) => [
    {
      sid: "Functions",
      actions: actions(
        "lambda",
        `CreateFunction DeleteFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig
        ListVersionsByFunction UpdateFunctionCode UpdateFunctionConfiguration
        ListTags TagResource UntagResource`,
      ),
      resources: [functionArn(scope)],
    },
    ...passRole(scope, "lambda.amazonaws.com"),
  ],
  aws_lambda_permission: (scope) => [
    {
      sid: "Functions",
      actions: actions("lambda", "AddPermission GetPolicy RemovePermission"),
      resources: [functionArn(scope)],
    },
  ],
  aws_lambda_event_source_mapping: (scope) => [
    {
      sid: "CreateMappings",
      actions: ["lambda:CreateEventSourceMapping"],
      // Lambda knows no resource for a mapping that is to be created.
      resources: ["*"],
      condition: ofOurFunctions(scope),
    },
    {
      sid: "Mappings",
      actions: actions("lambda", "GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping"),
      resources: [arn(scope, "lambda", "event-source-mapping:*")],
      condition: ofOurFunctions(scope),
    },
    {
      sid: "MappingTags",
      actions: actions("lambda", "ListTags TagResource UntagResource"),
      // These don't take the function as a condition.
      resources: [arn(scope, "lambda", "event-source-mapping:*")],
    },
  ],
};

const roleArn = (scope: Scope) => arn(scope, "iam", `role/${namePrefix(scope)}*`, { regional: false });

/** Hands one of the environment's roles to a service that is to work with it. */
export function passRole(scope: Scope, service: string): Grant[] {
  return [
    {
      sid: "PassRoles",
      actions: ["iam:PassRole"],
      resources: [roleArn(scope)],
      condition: { StringEquals: { "iam:PassedToService": service } },
    },
  ];
}

const roleGrants: (names: string) => Grants = (names) => (scope) => [
  { sid: "Roles", actions: actions("iam", names), resources: [roleArn(scope)] },
];

/**
 * Execution roles and their inline policies.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export const IAM_TYPES: Record<string, Grants> = {
  aws_iam_role: roleGrants(`
    CreateRole DeleteRole GetRole UpdateRoleDescription UpdateAssumeRolePolicy
    ListRolePolicies GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole TagRole UntagRole`),
  aws_iam_role_policy: roleGrants("PutRolePolicy GetRolePolicy DeleteRolePolicy"),
};
