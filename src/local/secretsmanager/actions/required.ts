import { type Members, text } from "../../http/members.ts";
import { invalidParameter } from "../errors.ts";

/** A text member that must be there. @throws AwsError InvalidParameterException */
export function requiredText(input: Members, name: string): string {
  const value = text(input, name);
  if (value === undefined || value === "") throw invalidParameter(`You must provide a value for ${name}.`);
  return value;
}
