import { actions, arn, type Grant, type Grants, namePrefix } from "./grant.ts";

const repositories: (names: string) => Grants = (names) => (scope) => [
  {
    sid: "Repositories",
    actions: actions("ecr", names),
    resources: [arn(scope, "ecr", `repository/${namePrefix(scope)}*`)],
  },
];

/**
 * Repositories of functions that are deployed as images.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
 */
export const ECR_TYPES: Record<string, Grants> = {
  aws_ecr_repository: repositories(`
    CreateRepository DeleteRepository DescribeRepositories PutImageScanningConfiguration PutImageTagMutability
    ListTagsForResource TagResource UntagResource`),
  aws_ecr_lifecycle_policy: repositories("PutLifecyclePolicy GetLifecyclePolicy DeleteLifecyclePolicy"),
  aws_ecr_repository_policy: repositories("SetRepositoryPolicy GetRepositoryPolicy DeleteRepositoryPolicy"),
};

/**
 * Looking for images, signing in, and pushing them. Lambda looks at an image with the rights of who deploys it.
 * Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
 */
export const pushImages: Grants = (scope) => {
  const login: Grant = {
    sid: "RegistryLogin",
    actions: ["ecr:GetAuthorizationToken"],
    // The password is the account's, for what its owner may do.
    resources: ["*"],
  };
  const push = repositories(`
    DescribeImages BatchCheckLayerAvailability InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage
    BatchGetImage GetDownloadUrlForLayer`);
  return [login, ...push(scope)];
};
