import type { Clients } from "./clients.ts";
import { ServiceCallError, signedCall } from "./signed-call.ts";

/** Version prefix of ECR's operations in the header that names them. */
const TARGET = "AmazonEC2ContainerRegistry_V20150921";

/** Where an image is: pushed, missing from its repository, or without even that. */
export type ImagePlace = "pushed" | "missing" | "no-repository";

/** How a container tool signs in to a registry. */
export interface RegistryLogin {
  /** Host, with the port where it has one. */
  registry: string;
  username: string;
  /** Good for twelve hours. Never to be an argument, printed or written. */
  password: string;
}

/**
 * Looks for an image by its tag.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
 */
export async function findImage(clients: Clients, repositoryName: string, tag: string): Promise<ImagePlace> {
  try {
    await call(clients, "DescribeImages", { repositoryName, imageIds: [{ imageTag: tag }] });
    return "pushed";
  } catch (error) {
    const { name } = error as Error;
    if (name === "ImageNotFoundException") return "missing";
    if (name === "RepositoryNotFoundException") return "no-repository";
    throw error;
  }
}

/** Whether there is a repository of this name. @throws ServiceCallError RepositoryNotFoundException where not. */
export async function repositoryExists(clients: Clients, name: string): Promise<boolean> {
  return (await repositoryArn(clients, name)) !== "";
}

/** The tags of a repository that exists. */
export async function repositoryTags(clients: Clients, name: string): Promise<Record<string, string>> {
  const resourceArn = await repositoryArn(clients, name);
  const { tags = [] } = (await call(clients, "ListTagsForResource", { resourceArn })) as {
    tags?: { Key: string; Value: string }[];
  };
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

async function repositoryArn(clients: Clients, name: string): Promise<string> {
  const { repositories = [] } = (await call(clients, "DescribeRepositories", {
    repositoryNames: [name],
  })) as {
    repositories?: { repositoryArn: string }[];
  };
  return repositories[0]?.repositoryArn ?? "";
}

/**
 * Makes a repository as the HCL module `repository` declares it; what is missing here, Terraform adds. Encryption
 * can't be changed later.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 * @returns false where somebody else made it meanwhile
 */
export async function createRepository(
  clients: Clients,
  repositoryName: string,
  tags: Readonly<Record<string, string>>,
): Promise<boolean> {
  try {
    await call(clients, "CreateRepository", {
      repositoryName,
      tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: "AES256" },
    });
    return true;
  } catch (error) {
    if ((error as Error).name === "RepositoryAlreadyExistsException") return false;
    throw error;
  }
}

/** Deletes a repository with its images. */
export async function deleteRepository(clients: Clients, repositoryName: string): Promise<void> {
  await call(clients, "DeleteRepository", { repositoryName, force: true });
}

/**
 * Asks for a password to the account's registry.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */
export async function registryLogin(clients: Clients): Promise<RegistryLogin> {
  const { authorizationData } = await call(clients, "GetAuthorizationToken", {});
  const [{ authorizationToken = "", proxyEndpoint = "" } = {}] = authorizationData as {
    authorizationToken?: string;
    proxyEndpoint?: string;
  }[];
  const decoded = Buffer.from(authorizationToken, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return {
    registry: proxyEndpoint.replace(/^https?:\/\//, ""),
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1),
  };
}

/** @throws ServiceCallError, called like the service's error */
async function call(clients: Clients, operation: string, input: object): Promise<Record<string, unknown>> {
  const { status, text } = await signedCall(clients, {
    service: "ecr",
    host: "api.ecr",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${TARGET}.${operation}` },
    body: JSON.stringify(input),
  });
  const answer = parse(text);
  if (status === 200) return answer;
  const { __type: type, message, Message } = answer;
  throw new ServiceCallError(
    typeof type === "string" ? type.replace(/^.*#/, "") : "UnknownError",
    String(message ?? Message ?? text),
    status,
  );
}

/** A proxy between may answer with a page. */
function parse(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
