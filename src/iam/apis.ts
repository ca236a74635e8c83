import { actions, arn, type Grants, type Scope } from "./grant.ts";
import { tagged } from "./tagged.ts";

/** API Gateway's ARNs name no account, and its things have ids instead of names. */
const apiArn = (scope: Scope, path: string) => arn(scope, "apigateway", path, { owned: false });

const create: (path: string) => Grants = (path) => (scope) => [
  {
    sid: "CreateApis",
    actions: ["apigateway:POST"],
    resources: [apiArn(scope, path)],
    condition: tagged(scope, "StringEquals", "aws:RequestTag"),
  },
];

/** On what lies below a path, unless it bears another environment's tags: what lies below an API inherits its tags. */
const below: (path: string, names: string) => Grants = (path, names) => (scope) => [
  {
    sid: "Apis",
    actions: actions("apigateway", names),
    resources: [apiArn(scope, `${path}/*`)],
    condition: tagged(scope, "StringEqualsIfExists", "aws:ResourceTag"),
  },
];

/** Reads, sets and takes away tags of what was made with them. */
const tags = below("/tags", "GET PUT DELETE");
const partOfApi = (names: string) => below("/restapis", names);

/** The role by which stages write traces, which API Gateway makes with the first API of an account. */
const serviceRole: Grants = (scope) => [
  {
    sid: "ServiceRole",
    actions: ["iam:CreateServiceLinkedRole"],
    resources: [
      arn(scope, "iam", "role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway", {
        regional: false,
      }),
    ],
    condition: { StringEquals: { "iam:AWSServiceName": "ops.apigateway.amazonaws.com" } },
  },
];

const all =
  (...grants: Grants[]): Grants =>
  (scope) =>
    grants.flatMap((make) => make(scope));

/**
 * REST APIs with all that belongs to them, their keys and usage plans. An action is the method of a request.
 * Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
 */
export const APIGATEWAY_TYPES: Record<string, Grants> = {
  aws_api_gateway_rest_api: all(create("/restapis"), partOfApi("GET PATCH DELETE"), tags, serviceRole),
  aws_api_gateway_resource: partOfApi("POST GET PATCH DELETE"),
  aws_api_gateway_model: partOfApi("POST GET PATCH DELETE"),
  aws_api_gateway_request_validator: partOfApi("POST GET PATCH DELETE"),
  aws_api_gateway_method: partOfApi("PUT GET PATCH DELETE"),
  aws_api_gateway_method_response: partOfApi("PUT GET PATCH DELETE"),
  aws_api_gateway_integration: partOfApi("PUT GET PATCH DELETE"),
  aws_api_gateway_integration_response: partOfApi("PUT GET PATCH DELETE"),
  aws_api_gateway_gateway_response: partOfApi("PUT GET DELETE"),
  aws_api_gateway_deployment: partOfApi("POST GET PATCH DELETE"),
  aws_api_gateway_stage: all(partOfApi("POST GET PATCH DELETE"), tags),
  aws_api_gateway_method_settings: partOfApi("GET PATCH"),
  aws_api_gateway_api_key: all(create("/apikeys"), below("/apikeys", "GET PATCH DELETE"), tags),
  aws_api_gateway_usage_plan: all(create("/usageplans"), below("/usageplans", "GET PATCH DELETE"), tags),
  aws_api_gateway_usage_plan_key: below("/usageplans", "POST GET DELETE"),
};

/** edp asks whether the account has the role that access logs need. */
export const apiAccount: Grants = (scope) => [
  { sid: "ApiAccount", actions: ["apigateway:GET"], resources: [apiArn(scope, "/account")] },
];
