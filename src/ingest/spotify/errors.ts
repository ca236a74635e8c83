import { CredentialsError, EdpError, EXIT, InvalidInputError } from "../../errors.ts";

/** Codes of the errors that end a crawl but not the run: what was fetched is sent, a cursor is kept. */
export type StopCode = "QUOTA_EXCEEDED" | "RATE_LIMITED" | "SPOTIFY_UNREACHABLE";

/** The API gives nothing more for now. */
export class SpotifyStopError extends EdpError {
  constructor(code: StopCode, message: string, hint: string, cause?: unknown) {
    super(code, code === "SPOTIFY_UNREACHABLE" ? EXIT.notDeployed : EXIT.partlyDone, message, {
      hint,
      cause,
    });
  }
}

/** One resource could not be fetched (404, or a server error that stayed); the others can. */
export class ResourceError extends EdpError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super("SPOTIFY_RESOURCE", status >= 500 ? EXIT.notDeployed : EXIT.invalidInput, message, {
      hint: status >= 500 ? "Spotify has trouble: try again later." : "Check what was asked for.",
    });
  }
}

/** Client id and secret were refused. */
export function refusedCredentials(detail: string): CredentialsError {
  return new CredentialsError(`Spotify refused the client id or secret: ${detail}`, {
    code: "SPOTIFY_CREDENTIALS",
    hint: "Compare SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET with the app at https://developer.spotify.com/dashboard",
  });
}

/** 403: the app may not; since 2026 also when the app owner's Premium subscription has ended. */
export function forbidden(path: string, detail: string): CredentialsError {
  return new CredentialsError(`Spotify forbids GET ${path} (403): ${detail}`, {
    code: "SPOTIFY_FORBIDDEN",
    hint: "Apps in development mode need an owner with an active Premium subscription: check the owner's account and the app at https://developer.spotify.com/dashboard",
  });
}

/** 400: a parameter that edp or the user gave is not accepted. */
export function refusedRequest(path: string, detail: string): InvalidInputError {
  const limit = /invalid limit/i.test(detail);
  return new InvalidInputError(`Spotify refused GET ${path} (400): ${detail}`, {
    code: "SPOTIFY_BAD_REQUEST",
    hint: limit
      ? "The API accepts smaller pages only than edp asks for (10 for search and albums, 50 for tracks): update edp."
      : "Check --artist-id, --market and --include.",
  });
}
