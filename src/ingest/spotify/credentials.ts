import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import type { Context } from "../../context.ts";
import { CredentialsError, InterruptedError } from "../../errors.ts";
import type { Credentials } from "./token.ts";

const ID = "SPOTIFY_CLIENT_ID";
const SECRET = "SPOTIFY_CLIENT_SECRET";

/**
 * The app's credentials: from the environment, then `.env` in the project directory, then by asking in a
 * terminal. They are kept nowhere.
 * @throws CredentialsError naming what is missing.
 */
export async function findCredentials(context: Context): Promise<Credentials> {
  const dotEnv = await readDotEnv(path.join(context.directory, ".env"));
  const given = (name: string) => context.variables[name]?.trim() || dotEnv[name]?.trim() || undefined;
  const clientId = given(ID);
  const clientSecret = given(SECRET);
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (context.terminal.interactive) return ask(context, clientId, clientSecret);
  const missing = [...(clientId ? [] : [ID]), ...(clientSecret ? [] : [SECRET])];
  throw new CredentialsError(`Spotify needs an app's credentials: ${missing.join(" and ")} not set.`, {
    code: "SPOTIFY_CREDENTIALS",
    hint: "Create an app at https://developer.spotify.com/dashboard and set both in the environment or in .env; or try without an account: npx edp ingest spotify --sample 100",
  });
}

async function readDotEnv(file: string): Promise<NodeJS.Dict<string>> {
  try {
    return parseEnv(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new CredentialsError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function ask(context: Context, clientId?: string, clientSecret?: string): Promise<Credentials> {
  const { input, password } = await import("@inquirer/prompts");
  const streams = { output: process.stderr, signal: context.signal };
  const required = (value: string) => value.trim() !== "" || "Needed";
  try {
    const id = clientId ?? (await input({ message: "Spotify client id:", validate: required }, streams));
    const secret =
      clientSecret ??
      (await password({ message: "Spotify client secret:", mask: "*", validate: required }, streams));
    return { clientId: id.trim(), clientSecret: secret.trim() };
  } catch (error) {
    const { name } = error as Error;
    if (name === "ExitPromptError" || name === "AbortPromptError") throw new InterruptedError();
    throw error;
  }
}
