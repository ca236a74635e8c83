import { AwsError } from "../service.ts";

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors

export const notFound = (what = "secret.") =>
  new AwsError("ResourceNotFoundException", `Secrets Manager can't find the specified ${what}`, 400);

export const alreadyExists = (message: string) => new AwsError("ResourceExistsException", message, 400);

export const invalidParameter = (message: string) => new AwsError("InvalidParameterException", message, 400);

export const invalidRequest = (message: string) => new AwsError("InvalidRequestException", message, 400);
